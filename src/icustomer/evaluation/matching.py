"""The worker's own matching over events in memory: decode, normalise, resolve, keep.

Groups are kept packed and without the history of their decisions, which decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from icustomer.contracts.decode import decode
from icustomer.contracts.observe import Observed, observe
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.change import MARKS, SHARED, Change, Snapshot
from icustomer.core.conversion import Read, convert, leading, waiting_parts
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.observation import Observation, Origin
from icustomer.core.renewal import renewed
from icustomer.core.resolve import needed, resolve
from icustomer.core.rules import Rules

RECORDED_AT = 1 << 52
"""Kafka time of the first line, microseconds (the year 2112): no event in a file is ahead of it
by so much that its time would be clamped."""
EPOCH = 1


class PackedGroups:
    """Groups by their ID, packed as they would be in Redis: a fifth of the memory."""

    def __init__(self) -> None:
        self._packed: dict[bytes, bytes] = {}
        self._pack = msgspec.msgpack.Encoder().encode
        self._unpack = msgspec.msgpack.Decoder(Group).decode

    def __getitem__(self, group_id: bytes) -> Group:
        return self._unpack(self._packed[group_id])

    def discard(self, group_id: bytes) -> None:
        """Keep the group no longer, if it was kept."""
        self._packed.pop(group_id, None)

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, group: Group) -> None:
        """Keep the group in the place of an older version."""
        self._packed[group.id] = self._pack(replace(group, decisions=[]))

    def values(self) -> Iterator[Group]:
        """All groups, one unpacked at a time."""
        return map(self._unpack, self._packed.values())


class Matching:
    """The state that a worker would have in Redis, in dicts."""

    def __init__(self, rules: Rules, keyring: Keyring) -> None:
        self.rules = rules
        self.keyring = keyring
        self.groups = PackedGroups()
        self._links: dict[bytes, bytes] = {}

    def apply(self, items: Sequence[Observation]) -> None:
        """Resolve a batch and keep what comes of it."""
        for change in resolve(self._snapshot(items), items, self.rules, self.keyring):
            self._keep(change)

    def convert(self, group: Group) -> None:
        """Take over a group of other rules, with all that its identifiers lead to by now."""
        old = renewed(group, self.rules, self.keyring)
        links = {digest: self._links.get(digest) for digest in leading(old, *self._policy)}
        indexes = {
            digest: self._carriers(digest) for digest in old.unshared if links.get(digest) == SHARED
        }
        found = {link for link in links.values() if link and link not in MARKS}
        current = {group_id: self.groups[group_id] for group_id in found.union(*indexes.values())}
        read = Read({old.id: old}, current, links, EPOCH, RECORDED_AT, indexes)
        for waiting in waiting_parts(read, *self._policy):
            self._keep(convert(waiting, *self._policy))

    def _carriers(self, digest: bytes) -> set[bytes]:
        """IDs of the groups that hold a shared identifier: looked for, since hardly ever asked."""
        return {group.id for group in self.groups.values() if digest in group.shared}

    @property
    def _policy(self) -> tuple[Rules, Keyring]:
        return self.rules, self.keyring

    def _snapshot(self, items: Sequence[Observation]) -> Snapshot:
        digests, _ = needed(items)
        return Snapshot(EPOCH, {digest: self._links.get(digest) for digest in digests}, self.groups)

    def _keep(self, change: Change) -> None:
        for group_id in change.deleted:
            self.groups.discard(group_id)
        for group in change.groups:
            self.groups.add(group)
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
