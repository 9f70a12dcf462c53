"""What the worker published, tallied while it is read: profiles, changes, dead letters, delays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from icustomer.contracts.topics import Topic

REASON_HEADER = "icustomer-reason"
MERGED_STATUS = "merged"


class Tally:
    """The outputs so far. Of each profile the greatest version counts, of each change one copy."""

    def __init__(self) -> None:
        self.profiles: dict[str, dict[str, Any]] = {}
        """Customer ID to the profile or redirect last published."""
        self.changes: dict[str, dict[str, Any]] = {}
        """Change ID to the identity change."""
        self.dead_letters: Counter[str] = Counter()
        self.delays: list[float] = []
        """Seconds from sending an event to the first profile that tells of it."""
        self.first_output_at: float | None = None
        """When the first record of all was read, seconds on the caller's clock."""
        self._awaited: dict[str, float] = {}

    def expect(self, event_id: str, sent_at: float) -> None:
        """Measure the delay of this event, sent now (seconds, any clock)."""
        self._awaited[event_id] = sent_at

    def take(
        self,
        topic: Topic,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        read_at: float,
    ) -> None:
        """Take one record of an output topic; `read_at` on the same clock as `expect`."""
        if self.first_output_at is None:
            self.first_output_at = read_at
        match topic:
            case Topic.PROFILES if value is not None:
                self._take_profile(msgspec.json.decode(value), read_at)
            case Topic.IDENTITY_CHANGES if value is not None:
                change = msgspec.json.decode(value)
                self.changes[change["change_id"]] = change
            case Topic.DEAD_LETTERS:
                self.dead_letters[dict(headers).get(REASON_HEADER, b"").decode()] += 1

    def _take_profile(self, profile: dict[str, Any], read_at: float) -> None:
        customer_id = profile["customer_id"]
        known = self.profiles.get(customer_id)
        if known is None or known["version"] <= profile["version"]:
            self.profiles[customer_id] = profile
        for event_id in profile.get("change", {}).get("event_ids", ()):
            if (sent_at := self._awaited.pop(event_id, None)) is not None:
                self.delays.append(read_at - sent_at)

    def count_changes(self) -> dict[str, int]:
        """Identity changes by type."""
        return dict(Counter(change["type"] for change in self.changes.values()))

    def current(self) -> list[dict[str, Any]]:
        """The profiles that are no redirects."""
        return [each for each in self.profiles.values() if each["status"] != MERGED_STATUS]


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of the values does not exceed; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
