"""From the state to the records that tell of it: pure, the same whoever makes them.

Changelog, profiles and redirects, identity changes, and dead letters; CloudEvents 1.0 headers
in binary mode (https://github.com/cloudevents/spec, Kafka protocol binding).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from icustomer.contracts.topics import Topic
from icustomer.core.change import Note
from icustomer.core.fold import Folder
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Decision, Group, Retired
from icustomer.core.naming import holder_of
from icustomer.core.rules import Rules
from icustomer.core.shown import ShownChange
from icustomer.core.times import rfc3339
from icustomer.stream.port import Headers, InputRecord, OutputRecord

VERSION_HEADER = "icustomer-version"
TRUNCATED_HEADER = "icustomer-truncated"
SPECVERSION = ("ce_specversion", b"1.0")
JSON = ("content-type", b"application/json")
REPUBLISHED = "republished"
"""`change.kind` of a profile whose story is no longer in hand."""

_encode = msgspec.json.Encoder().encode


class Story(Struct, frozen=True):
    """Why a customer's profile got its version, and the trace context to pass on."""

    note: Note
    trace: Headers = ()


class Stories(Struct):
    """The stories of what was committed and is not yet published, by (customer ID, version)."""

    told: dict[tuple[str, int], Story] = field(default_factory=dict)

    def of(self, customer_id: str, version: int) -> Story:
        """The story of a version; a plain one if it is not in hand."""
        return self.told.get((customer_id, version)) or Story(Note(REPUBLISHED))


class RecordMaker:
    """Makes the output records of one identity space."""

    def __init__(self, space: str, rules: Rules, keyring: Keyring) -> None:
        self._source = ("ce_source", f"/icustomer/{space}".encode())
        self._rules = rules
        self._keyring = keyring

    # -- changelog -----------------------------------------------------------------------

    def changelog(self, group_id: bytes, blob: bytes | None, version: int) -> OutputRecord:
        """A group as it stands, or its tombstone."""
        headers = [(VERSION_HEADER, str(version).encode())]
        return OutputRecord(Topic.IDENTITY_STATE, group_id, blob, headers)

    # -- profiles ------------------------------------------------------------------------

    def profiles(
        self, group: Group, customer_ids: Iterable[str], stories: Stories
    ) -> dict[str, OutputRecord]:
        """The records of those of the IDs that are at home in the group, by ID."""
        wanted = set(customer_ids)
        folder = Folder(group, self._rules, self._keyring)
        made = {
            customer.id: self._profile(folder, customer, stories.of(customer.id, customer.version))
            for customer in group.customers
            if customer.id in wanted
        }
        for retired in group.retired:
            if retired.id in wanted:
                made[retired.id] = self._redirect(retired, _merged_at(group, retired))
        for erased in group.erased:
            if erased.id in wanted:
                made[erased.id] = self.erased(erased.id, erased.version, erased.at)
        return made

    def _profile(self, folder: Folder, customer: Customer, story: Story) -> OutputRecord:
        profile = folder.profile(customer)
        note = story.note
        profile.change = ShownChange(note.kind, note.events, note.event_ids, note.fields)
        value = _encode(profile)
        headers = self._headers(
            "icustomer.profile.updated", customer.id, customer.version, customer.updated_at
        )
        return OutputRecord(
            Topic.PROFILES, customer.id.encode(), value, [*headers, JSON, *story.trace]
        )

    def _redirect(self, retired: Retired, at: int) -> OutputRecord:
        value = _encode(
            {
                "customer_id": retired.id,
                "version": retired.version,
                "status": "merged",
                "merged_into": retired.merged_into,
            }
        )
        headers = self._headers("icustomer.profile.merged", retired.id, retired.version, at)
        return OutputRecord(Topic.PROFILES, retired.id.encode(), value, [*headers, JSON])

    def erased(self, customer_id: str, version: int, at: int) -> OutputRecord:
        """The tombstone of an ID that stands for nobody any more."""
        headers = self._headers("icustomer.profile.erased", customer_id, version, at)
        return OutputRecord(Topic.PROFILES, customer_id.encode(), None, headers)

    # -- identity changes ----------------------------------------------------------------

    def identity_changes(self, group: Group, since: int) -> list[OutputRecord]:
        """The group's decisions with a version of at least `since`."""
        return [self._identity_change(each) for each in group.decisions if each.version >= since]

    def _identity_change(self, decision: Decision) -> OutputRecord:
        key = decision.customer_id or decision.digest.hex()
        change_id = self._keyring.change_id(
            decision.type,
            key,
            str(decision.version),
            decision.digest.hex(),
            decision.event_id,
            *decision.others,
        )
        value = _encode({"change_id": change_id, **_told(decision)})
        headers: list[tuple[str, bytes | None]] = [
            SPECVERSION,
            ("ce_id", change_id.encode()),
            ("ce_type", f"icustomer.identity.{decision.type}".encode()),
            self._source,
            ("ce_time", rfc3339(decision.at).encode()),
            JSON,
        ]
        return OutputRecord(Topic.IDENTITY_CHANGES, key.encode(), value, headers)

    def _headers(
        self, kind: str, customer_id: str, version: int, at: int
    ) -> list[tuple[str, bytes | None]]:
        return [
            SPECVERSION,
            ("ce_id", f"{customer_id}:{version}".encode()),
            ("ce_type", kind.encode()),
            self._source,
            ("ce_time", rfc3339(at).encode()),
            (VERSION_HEADER, str(version).encode()),
        ]


def _merged_at(group: Group, retired: Retired) -> int:
    """When its redirect came to be as it stands, microseconds; if the group has forgotten that,
    when the holder changed last."""
    at_last = [each.at for each in group.decisions if each.version == retired.version]
    if at_last:
        return max(at_last)
    holder = holder_of(retired.id, group.customers, group.retired)
    return holder.updated_at if holder else retired.founded_at


_OTHERS = {"merged": "retired", "split": "parts"}


def _told(decision: Decision) -> dict[str, Any]:
    told: dict[str, Any] = {"type": decision.type}
    if decision.customer_id:
        told["customer_id"] = decision.customer_id
    told["version"] = decision.version
    told["at"] = rfc3339(decision.at)
    if decision.type in _OTHERS:
        told[_OTHERS[decision.type]] = list(decision.others)
    elif decision.others:
        told["other"] = decision.others[0]
    told["because"] = {
        "kind": decision.kind or None,
        "digest": decision.digest.hex() or None,
        "event_id": decision.event_id or None,
        "rule": decision.rule or None,
    }
    return told


# -- dead letters --------------------------------------------------------------------------


class DeadLetter(Struct, frozen=True):
    """A record that is refused, with the reason."""

    record: InputRecord
    reason: str
    detail: str
    failed_at: int
    """When it was refused, by the worker's clock; microseconds."""


def dead_letter(letter: DeadLetter, names: Mapping[Topic, str], max_bytes: int) -> OutputRecord:
    """The record as it came, key, value and headers byte for byte, and why it is here.

    `names`: topic names by short name. What is above `max_bytes` is cut, and marked so, lest
    a partition stall on it.
    """
    record = letter.record
    headers = [*record.headers, *_why(letter, names)]
    key = record.key
    room = (
        max_bytes - len(key or b"") - sum(len(n) + len(v or b"") + HEADER_ROOM for n, v in headers)
    )
    value = record.value
    if value is not None and len(value) > room:
        headers.append((TRUNCATED_HEADER, str(len(value)).encode()))
        value = value[: max(room, 0)]
    return OutputRecord(Topic.DEAD_LETTERS, key, value, headers)


HEADER_ROOM = 64
"""Bytes reckoned for the lengths of a header, and for a mark that is added."""


def _why(letter: DeadLetter, names: Mapping[Topic, str]) -> list[tuple[str, bytes | None]]:
    record = letter.record
    return [
        ("icustomer-reason", letter.reason.encode()),
        ("icustomer-detail", letter.detail.encode("utf-8", "replace")),
        ("icustomer-topic", names[record.topic].encode()),
        ("icustomer-partition", str(record.partition).encode()),
        ("icustomer-offset", str(record.offset).encode()),
        ("icustomer-failed-at", rfc3339(letter.failed_at).encode()),
    ]
