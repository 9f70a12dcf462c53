"""The changelog into the store, a portion at a time, while a rebuild is under way.

The whole changelog is read in two passes, because any version of a group may stand anywhere in
it: first the newest of each group is put down, tombstones too; then all that leads to groups
is written from what stands. So the store, not this process, holds what was read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from msgspec import Struct, field

from icustomer.core.keys import Keyring
from icustomer.core.model import epoch_of
from icustomer.core.rules import Rules
from icustomer.separate import Separate
from icustomer.store.codec import is_tombstone, tombstone, version_of
from icustomer.store.outline import Outline, outline_of
from icustomer.store.port import Directions, Staged, Store
from icustomer.store.restore import directions_lost, directions_to
from icustomer.stream.port import ChangelogRecord, Log

PORTION = 500
"""Groups that one script call writes: some 10 ms of Redis' time, as a batch."""
LONGEST_TAIL = 20_000
"""Groups that changed since the checkpoint, held in memory (some 50 MB). Beyond that reading
all takes little longer."""

T = TypeVar("T")
Entry = tuple[dict[bytes, int], list[str]]
EntriesOf = Callable[[Sequence[Staged], Mapping[bytes, Outline]], list[Entry]]
"""A portion and those of its groups that are none that are gone, by ID, to its entries."""


class Replayed(Struct, frozen=True):
    """What was read and written."""

    highest_epoch: int = 0
    """Of all versions that were read."""
    groups: int = 0


class Key(Struct):
    """What the tail of the log says of one group."""

    value: bytes
    """Its newest version: the encoded group, or a tombstone."""
    records: int = 1
    earlier_ids: dict[str, None] = field(default_factory=dict)
    """Whom all but the newest named."""

    def add(self, value: bytes) -> None:
        """One record more."""
        older, newer = sorted((self.value, value), key=version_of)
        self.value = newer
        self.records += 1
        self.earlier_ids.update(dict.fromkeys(_customer_ids(older)))

    def named(self) -> list[str]:
        """Whom all of them named."""
        return [*self.earlier_ids, *_customer_ids(self.value)]


class Replay:
    """Reads the changelog into the store under the nonce of a rebuild."""

    def __init__(self, store: Store, log: Log, rules: Rules, keyring: Keyring) -> None:
        self._store = store
        self._log = log
        self._rules = rules
        self._keyring = keyring
        self._separate = Separate(store, rules, keyring)

    # -- the whole changelog ---------------------------------------------------------------

    async def whole(self, nonce: str) -> Replayed:
        """Into a store that was wiped. What stands in the log more than once is published
        again: nobody knows whether its last record is the newest."""
        highest = await self._stage(nonce)
        return Replayed(highest, await self._lead(nonce, _entries_of_noted))

    async def onto_all(self, nonce: str) -> Replayed:
        """Onto the groups that stand, which are all to be published again."""
        highest = await self._stage(nonce)
        return Replayed(highest, await self._lead(nonce, _entries_of_all))

    async def _stage(self, nonce: str) -> int:
        """The highest epoch that was read."""
        highest = 0
        async for records in _portions(self._log.changelog(), PORTION):
            highest = max(highest, *(epoch_of(record.version) for record in records))
            keys = _collected({}, records)
            values = {group_id: key.value for group_id, key in keys.items()}
            former = await self._store.stage(nonce, values)
            again = {
                group_id: _superseded_ids(key, former.get(group_id))
                for group_id, key in keys.items()
                if key.records > 1 or group_id in former
            }
            if again:
                await self._store.note(nonce, again)
        return highest

    async def _lead(self, nonce: str, entries_of: EntriesOf) -> int:
        """Write all that leads to the groups that stand; their number."""
        cursor, groups = 0, 0
        while True:
            cursor, found = await self._store.staged(nonce, cursor)
            for first in range(0, len(found), PORTION):
                portion = found[first : first + PORTION]
                groups += await self._lead_to(nonce, portion, entries_of)
            if cursor == 0:
                return groups

    async def _lead_to(self, nonce: str, portion: Sequence[Staged], entries_of: EntriesOf) -> int:
        gone: dict[bytes, bytes | None] = {
            each.group_id: None for each in portion if is_tombstone(each.value)
        }
        standing = {
            each.group_id: outline_of(each.value) for each in portion if each.group_id not in gone
        }
        ways = [self._directions(group) for group in standing.values()]
        others = await self._store.restore(nonce, gone, ways, entries_of(portion, standing))
        await self._separate.groups(nonce, others)
        return len(standing)

    def _directions(self, group: Outline) -> Directions:
        return directions_to(group, self._rules, self._keyring)

    # -- from a checkpoint -----------------------------------------------------------------

    async def tail(self, nonce: str, since: Mapping[int, int], epoch: int) -> Replayed | None:
        """What came after the checkpoint, onto a store that holds all before it. None, having
        done nothing, if that is too much, or if it was written in `epoch` or later."""
        keys: dict[bytes, Key] = {}
        async for records in _portions(self._log.changelog(since), PORTION):
            _collected(keys, records)
            if len(keys) > LONGEST_TAIL:
                return None
        highest = max((epoch_of(version_of(key.value)) for key in keys.values()), default=0)
        if highest >= epoch:
            return None
        written = await self._write(nonce, keys)
        return Replayed(highest, written)

    async def _write(self, nonce: str, keys: Mapping[bytes, Key]) -> int:
        """First nothing leads to a group that the log leads elsewhere by now: so whatever is
        found to lead elsewhere then is a contradiction."""
        written: list[dict[bytes, bytes | None]] = []
        ways: list[list[Directions]] = []
        entries: list[list[Entry]] = []
        for portion in _in_portions(keys.items(), PORTION):
            standing = await self._store.read([group_id for group_id, _ in portion])
            newer = [
                (group_id, key.value)
                for group_id, key in portion
                if version_of(key.value) > _version(standing.get(group_id))
            ]
            after = [self._way_after(*each) for each in newer]
            before = [self._way_before(standing.get(each.group_id), each) for each in after]
            lost = map(directions_lost, before, after)
            await self._store.detach(nonce, list(lost))
            written.append({each: None if is_tombstone(value) else value for each, value in newer})
            ways.append(after)
            entries.append(_entries_of_keys(portion, standing))
        for each in zip(written, ways, entries, strict=True):
            others = await self._store.restore(nonce, *each)
            await self._separate.groups(nonce, others)
        return sum(map(len, written))

    def _way_after(self, group_id: bytes, value: bytes) -> Directions:
        return Directions(group_id) if is_tombstone(value) else self._directions(outline_of(value))

    def _way_before(self, blob: bytes | None, after: Directions) -> Directions:
        return self._directions(outline_of(blob)) if blob else Directions(after.group_id)


def _collected(keys: dict[bytes, Key], records: Iterable[ChangelogRecord]) -> dict[bytes, Key]:
    """The keys, and what these records say of them."""
    for record in records:
        value = tombstone(record.version) if record.blob is None else record.blob
        if record.group_id in keys:
            keys[record.group_id].add(value)
        else:
            keys[record.group_id] = Key(value)
    return keys


def _superseded_ids(key: Key, former: bytes | None) -> list[str]:
    """Whom the records of a group named that are not its newest: those of the newest are read
    anyway, once all that leads to it is written."""
    if former is None:
        return list(key.earlier_ids)
    older = min(former, key.value, key=version_of)
    return [*key.earlier_ids, *_customer_ids(older)]


def _entries_of_noted(portion: Sequence[Staged], standing: Mapping[bytes, Outline]) -> list[Entry]:
    noted = [each for each in portion if each.customer_ids is not None]
    return _entries_of_all(noted, standing)


def _entries_of_all(portion: Sequence[Staged], standing: Mapping[bytes, Outline]) -> list[Entry]:
    return [
        (
            {each.group_id: version_of(each.value)},
            [*(each.customer_ids or ()), *_ids_of(standing.get(each.group_id))],
        )
        for each in portion
    ]


def _entries_of_keys(
    portion: Iterable[tuple[bytes, Key]], standing: Mapping[bytes, bytes]
) -> list[Entry]:
    """Of what the log tells more than once, and of what the store knows a newer version."""
    return [
        (
            {group_id: max(version_of(key.value), _version(standing.get(group_id)))},
            [*key.named(), *_customer_ids(standing.get(group_id))],
        )
        for group_id, key in portion
        if key.records > 1 or _version(standing.get(group_id)) > version_of(key.value)
    ]


def _version(blob: bytes | None) -> int:
    return version_of(blob) if blob else 0


def _customer_ids(value: bytes | None) -> Iterator[str]:
    """Whom an encoded group names: all that have an alias."""
    if value is not None and not is_tombstone(value):
        yield from _ids_of(outline_of(value))


def _ids_of(group: Outline | None) -> Iterator[str]:
    if group is not None:
        yield from (each.id for each in group.customers)
        yield from (each.id for each in (*group.retired, *group.erased))


async def _portions(
    records: AsyncIterator[ChangelogRecord], size: int
) -> AsyncIterator[list[ChangelogRecord]]:
    portion: list[ChangelogRecord] = []
    async for record in records:
        portion.append(record)
        if len(portion) == size:
            yield portion
            portion = []
    if portion:
        yield portion


def _in_portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while portion := list(islice(rest, size)):
        yield portion
