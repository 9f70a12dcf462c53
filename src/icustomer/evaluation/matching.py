"""The worker's own matching over events in memory: decode, normalise, resolve, keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

from msgspec import Struct

from icustomer.contracts.decode import decode
from icustomer.contracts.observe import Observed, observe
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.change import SHARED, Change, Snapshot
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.observation import Observation, Origin
from icustomer.core.resolve import needed, resolve
from icustomer.core.rules import Rules
from icustomer.evaluation.reader import Labelled

BATCH_EVENTS = 500
"""As a worker's batch by default; any other number gives the same customers."""
RECORDED_AT = 1 << 52
"""Kafka time of the first line, microseconds (the year 2112): no event in a file is ahead of it
by so much that its time would be clamped."""
EPOCH = 1


class Fate(Struct, frozen=True):
    """What became of one event: the facet that it is evidence in, or why it was refused."""

    facet_key: bytes | None
    rejection: str = ""
    """Reason and detail, of an event that no worker could use."""
    rejected: tuple[str, ...] = ()
    """`kind: reason` of its identifiers that could not be read."""


class Matching:
    """The state that a worker would have in Redis, in dicts."""

    def __init__(self, rules: Rules, keyring: Keyring) -> None:
        self.rules = rules
        self.keyring = keyring
        self.groups: dict[bytes, Group] = {}
        self._links: dict[bytes, bytes] = {}

    def take(self, events: Iterable[Labelled]) -> list[Fate]:
        """Match the events in batches; the fate of each, in order."""
        remaining = iter(events)
        fates: list[Fate] = []
        while batch := list(islice(remaining, BATCH_EVENTS)):
            seen = [read(event, event.line, self.rules, self.keyring) for event in batch]
            self._apply([each.item for each in seen if isinstance(each.item, Observation)])
            fates += map(_fate, seen)
        return fates

    def _apply(self, items: Sequence[Observation]) -> None:
        for change in resolve(self._snapshot(items), items, self.rules, self.keyring):
            self._keep(change)

    def _snapshot(self, items: Sequence[Observation]) -> Snapshot:
        digests, _ = needed(items)
        links = {digest: self._links.get(digest) for digest in digests}
        named = {group for group in links.values() if group and group != SHARED}
        return Snapshot(EPOCH, links, {group: self.groups[group] for group in named})

    def _keep(self, change: Change) -> None:
        for group_id in change.deleted:
            del self.groups[group_id]
        self.groups |= {group.id: group for group in change.groups}
        for digest, link in change.links.items():
            if link is None:
                self._links.pop(digest, None)
            else:
                self._links[digest] = link


class Message(Protocol):
    """A message and the topic that it came by."""

    @property
    def topic(self) -> Topic: ...

    @property
    def value(self) -> bytes: ...


def read(message: Message, offset: int, rules: Rules, keyring: Keyring) -> Observed:
    """The message as a worker reads it: decoded, normalised, or refused."""
    model = decode(message.topic, message.value)
    if isinstance(model, Rejection):
        return Observed(rejection=model)
    origin = Origin(f"{message.topic}/0", offset, RECORDED_AT + offset)
    return observe(model, message.topic, origin, rules, keyring)


def _fate(seen: Observed) -> Fate:
    rejected = tuple(f"{kind}: {reason}" for kind, reason in seen.rejected)
    if isinstance(seen.item, Observation):
        return Fate(seen.item.facet_key, rejected=rejected)
    refusal = seen.rejection
    return Fate(None, f"{refusal.reason}: {refusal.detail}" if refusal else "", rejected)
