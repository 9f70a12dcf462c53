"""The changelog into the store, a portion at a time, while a rebuild is under way.

The whole changelog is read in two passes, because any version of a group may stand anywhere in
it: first the newest of each group is put down, tombstones too; then all that leads to groups
is written from what stands. So the store, not this process, holds what was read.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from itertools import islice
from typing import TypeVar

from msgspec import Struct, field

from icustomer.changeover import Changeover, InForce, kept_directions
from icustomer.core.keys import Keyring
from icustomer.core.model import epoch_of
from icustomer.core.rules import Rules
from icustomer.pace import Pace
from icustomer.separate import Separate
from icustomer.store.codec import is_tombstone, tombstone, version_of
from icustomer.store.outline import Outline, outline_of
from icustomer.store.port import Directions, Staged, Store
from icustomer.store.restore import directions_lost, directions_to
from icustomer.stream.port import ChangelogRecord, Log

PORTION = 500
"""Groups that one script call writes: some 10 ms of Redis' time, as a batch."""
CONVERTED_AT_ONCE = 100
"""Groups of former rules that are worked out anew together: some 50 ms of one core, after which
the lease of the rebuild can be renewed."""
LONGEST_TAIL = 20_000
"""Groups that changed since the checkpoint, held in memory (some 50 MB). Beyond that reading
all takes little longer."""

T = TypeVar("T")
Entry = tuple[dict[bytes, int], list[str]]
EntriesOf = Callable[[Sequence[Staged], Mapping[bytes, Outline]], list[Entry]]
"""A portion and those of its groups that are none that are gone, by ID, to its entries."""


class Replayed(Struct, frozen=True):
    """How many groups were written, or given what leads to them."""

    groups: int = 0
    converted: int = 0
    """Those among them that were worked out anew under other rules."""


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

    def __init__(self, store: Store, log: Log, rules: Rules, keyring: Keyring, pace: Pace) -> None:
        """`pace`: that of groups of former rules."""
        self._store = store
        self._log = log
        self._rules = rules
        self._keyring = keyring
        self._separate = Separate(store, rules, keyring)
        self._changeover = Changeover(store, rules, keyring)
        self._pace = pace

    # -- the whole changelog ---------------------------------------------------------------

    async def stage(self, nonce: str) -> int:
        """Put down the newest of each group that the log tells of; the highest epoch read."""
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

    async def whole(self, nonce: str, in_force: InForce) -> Replayed:
        """Bring all that was staged into a store that was wiped. What stands in the log more than
        once is published again: nobody knows whether its last record is the newest."""
        return await self._bring(nonce, in_force, _entries_of_noted)

    async def onto_all(self, nonce: str, in_force: InForce) -> Replayed:
        """Likewise beside the groups that stand, which are all to be published again."""
        return await self._bring(nonce, in_force, _entries_of_all)

    async def _bring(self, nonce: str, in_force: InForce, entries_of: EntriesOf) -> Replayed:
        """First all that the rules in force worked out, for it is found by what leads to it; then
        what former rules did, a portion at a time."""
        led = await self._lead(nonce, in_force, entries_of)
        if led.converted:
            await self._convert(nonce, in_force)
        return led

    async def _lead(self, nonce: str, in_force: InForce, entries_of: EntriesOf) -> Replayed:
        """Write all that leads to the groups that stand; their number."""
        cursor, groups, old = 0, 0, 0
        while True:
            cursor, found = await self._store.staged(nonce, cursor)
            for portion in _in_portions(found, PORTION):
                standing = [each for each in portion if not is_tombstone(each.value)]
                await self._lead_to(nonce, portion, in_force, entries_of)
                groups += len(standing)
                old += sum(in_force.is_old(version_of(each.value)) for each in standing)
            if cursor == 0:
                return Replayed(groups, old)

    async def _lead_to(
        self, nonce: str, portion: Sequence[Staged], in_force: InForce, entries_of: EntriesOf
    ) -> None:
        gone: dict[bytes, bytes | None] = {
            each.group_id: None for each in portion if is_tombstone(each.value)
        }
        standing = {
            each.group_id: outline_of(each.value) for each in portion if each.group_id not in gone
        }
        ways = [
            kept_directions(group, self._rules, self._keyring)
            if in_force.is_old(group.version)
            else self._directions(group)
            for group in standing.values()
        ]
        others = await self._store.restore(nonce, gone, ways, entries_of(portion, standing))
        await self._separate.groups(nonce, others)

    async def _convert(self, nonce: str, in_force: InForce) -> None:
        """Until none of former rules is left. What is written on the way is not old."""
        cursor = 0
        while True:
            cursor, found = await self._store.staged(nonce, cursor)
            for portion in _in_portions(found, CONVERTED_AT_ONCE):
                names = [
                    each.group_id for each in portion if in_force.is_old(version_of(each.value))
                ]
                converted = await self._changeover.convert(nonce, names, in_force)
                await self._pace.keep(converted)
            if cursor == 0:
                return

    def _directions(self, group: Outline) -> Directions:
        return directions_to(group, self._rules, self._keyring)

    # -- from a checkpoint -----------------------------------------------------------------

    async def tail(
        self, nonce: str, since: Mapping[int, int], in_force: InForce
    ) -> Replayed | None:
        """What came after the checkpoint, onto a store that holds all before it. None, having
        done nothing, if that is too much, if some of it is not older than the claim, or if some
        is of former rules."""
        keys: dict[bytes, Key] = {}
        async for records in _portions(self._log.changelog(since), PORTION):
            _collected(keys, records)
            if len(keys) > LONGEST_TAIL:
                return None
        versions = [version_of(key.value) for key in keys.values()]
        if any(epoch_of(each) >= in_force.epoch or in_force.is_old(each) for each in versions):
            return None
        return Replayed(await self._write(nonce, keys))

    async def _write(self, nonce: str, keys: Mapping[bytes, Key]) -> int:
        """First nothing leads to a group that the log leads elsewhere by now: so whatever is
        found to lead elsewhere then is a contradiction."""
        written: list[dict[bytes, bytes | None]] = []
        ways: list[list[Directions]] = []
        entries: list[list[Entry]] = []
        for portion in _in_portions(keys.items(), PORTION):
            standing = await self._store.read([group_id for group_id, _ in portion])
            known = await self._known(portion, standing)
            newer = [
                (group_id, key.value)
                for group_id, key in portion
                if version_of(key.value) > known.get(group_id, 0)
            ]
            after = [self._way_after(*each) for each in newer]
            before = [self._way_before(standing.get(each.group_id), each) for each in after]
            lost = map(directions_lost, before, after)
            await self._store.detach(nonce, list(lost))
            written.append({each: None if is_tombstone(value) else value for each, value in newer})
            ways.append(after)
            entries.append(_entries_of_keys(portion, standing, known))
        for each in zip(written, ways, entries, strict=True):
            others = await self._store.restore(nonce, *each)
            await self._separate.groups(nonce, others)
        return sum(map(len, written))

    async def _known(
        self, portion: Iterable[tuple[bytes, Key]], standing: Mapping[bytes, bytes]
    ) -> dict[bytes, int]:
        """Versions up to which the store knows groups. One that was deleted stands nowhere but in
        the outbox until that is published; the log must not bring it back."""
        gone = [group_id for group_id, _ in portion if group_id not in standing]
        versions = {group_id: version_of(blob) for group_id, blob in standing.items()}
        return versions | await self._store.awaited(gone)

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
    portion: Iterable[tuple[bytes, Key]],
    standing: Mapping[bytes, bytes],
    known: Mapping[bytes, int],
) -> list[Entry]:
    """Of what the log tells more than once, and of what the store knows a newer version."""
    return [
        (
            {group_id: max(version_of(key.value), known.get(group_id, 0))},
            [*key.named(), *_customer_ids(standing.get(group_id))],
        )
        for group_id, key in portion
        if key.records > 1 or known.get(group_id, 0) > version_of(key.value)
    ]


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
