"""Deliberate bugs in the steps of a worker: a batch, its session, the outbox, the sweeper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from icustomer import prepare
from icustomer.contracts.topics import Topic
from icustomer.core.change import Change
from icustomer.outbox import Known, Outbox
from icustomer.session import Sessions
from icustomer.store import memory
from icustomer.store.memory import MemoryStore
from icustomer.store.port import Closure, Published, Session
from icustomer.stream.memory import MemoryLog, MemorySubscriber
from icustomer.stream.port import InputPartition, OutputRecord
from icustomer.stream.records import RecordMaker
from icustomer.stream.slots import MAX_SLOTS

# -- a batch ---------------------------------------------------------------------------


def offsets_committed_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    publish = MemoryLog.publish

    async def offsets_first(self: MemoryLog, offsets: Mapping[InputPartition, int]) -> None:
        committed = self._kafka.group(self._group).committed
        await self._call(partial(committed.update, offsets))

    async def without_offsets(
        self: MemoryLog,
        records: Sequence[OutputRecord],
        _offsets: Mapping[InputPartition, int],
    ) -> int:
        return await publish(self, records, {})

    begin = MemoryLog.begin

    async def begun(self: MemoryLog, offsets: Mapping[InputPartition, int]) -> None:
        await (offsets_first if offsets else begin)(self, offsets)

    patch.setattr(MemoryLog, "begin", begun)
    patch.setattr(MemoryLog, "publish", without_offsets)


def a_batch_given_up_and_not_rewound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemorySubscriber, "_rewind", lambda _self, _batch, _ownership: None)


def conflict_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(memory, "still_as_read", lambda _space, _write: True)


def links_not_compared(patch: pytest.MonkeyPatch) -> None:
    compare = memory.still_as_read
    patch.setattr(
        memory, "still_as_read", lambda space, write: compare(space, replace(write, read_links={}))
    )


def redelivery_that_does_not_publish(patch: pytest.MonkeyPatch) -> None:
    """A record found already applied leaves no entry in the outbox."""
    resolve = prepare.resolve

    def without_republishing(*arguments: Any) -> list[Change]:
        changes = list(resolve(*arguments))
        for change in changes:
            if not change.writes:
                change.republish = []
        return changes

    patch.setattr(prepare, "resolve", without_republishing)


# -- fence and session -----------------------------------------------------------------


def fence_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryStore, "_space_under", lambda self, _session: self._space)


def fence_not_checked_by_the_checkpoint(patch: pytest.MonkeyPatch) -> None:
    raise_checkpoint = MemoryStore.raise_checkpoint

    async def unchecked(self: MemoryStore, *arguments: Any) -> bool:
        with pytest.MonkeyPatch.context() as meanwhile:
            meanwhile.setattr(MemoryStore, "_space_under", lambda self, _session: self._space)
            return await raise_checkpoint(self, *arguments)

    patch.setattr(MemoryStore, "raise_checkpoint", unchecked)


def any_fence_believed(patch: pytest.MonkeyPatch) -> None:
    """The last claim in the log is not asked for."""
    believable = Sessions._believable_fence

    async def first_come(self: Sessions) -> Any:
        return await self._store.read_fence() or await believable(self)

    patch.setattr(Sessions, "_believable_fence", first_come)


def fence_read_before_the_producer_was_initialised(patch: pytest.MonkeyPatch) -> None:
    believable, initialise = Sessions._believable_fence, MemoryLog.initialise
    early: dict[int, Any] = {}

    async def initialised(self: MemoryLog, slot: int) -> None:
        if id(self) in waiting:
            early[id(self)] = await believable(waiting[id(self)])
        if early.get(id(self), True):
            await initialise(self, slot)

    waiting: dict[int, Sessions] = {}
    opened = Sessions._open

    async def announced(self: Sessions) -> Any:
        waiting[id(self._log)] = self
        early.pop(id(self._log), None)
        return await opened(self)

    async def remembered(self: Sessions) -> Any:
        return early[id(self._log)]

    patch.setattr(MemoryLog, "initialise", initialised)
    patch.setattr(Sessions, "_open", announced)
    patch.setattr(Sessions, "_believable_fence", remembered)


# -- the outbox ------------------------------------------------------------------------


def half_of_a_split_published(patch: pytest.MonkeyPatch) -> None:
    """One's own entries alone, without those that share a name with them."""
    patch.setattr(memory, "closure", memory.owned)


def strays_ignored(patch: pytest.MonkeyPatch) -> None:
    """A customer at home in a group that no entry names is published, and nothing compares."""

    async def at_first_sight(self: Outbox, session: Session, known: Known) -> Closure:
        closure = await self._store.prepare(session, known.versions())
        for group_id, blob in closure.groups.items():
            known.read(group_id, blob)
        return closure

    patch.setattr(Outbox, "_closure", at_first_sight)


def deletion_of_a_group_not_published(patch: pytest.MonkeyPatch) -> None:
    made = Outbox._records

    def without_tombstones(self: Outbox, *arguments: Any) -> list[OutputRecord]:
        return [
            record
            for record in made(self, *arguments)
            if record.topic is not Topic.IDENTITY_STATE or record.value is not None
        ]

    patch.setattr(Outbox, "_records", without_tombstones)


def tombstone_above_what_may_come_after(patch: pytest.MonkeyPatch) -> None:
    """Above a group of the same ID that is made again."""
    changelog = RecordMaker.changelog

    def above(self: RecordMaker, group_id: bytes, blob: bytes | None, version: int) -> OutputRecord:
        return changelog(self, group_id, blob, version if blob else version + 1_000)

    patch.setattr(RecordMaker, "changelog", above)


def settling_blind(patch: pytest.MonkeyPatch) -> None:
    """All of one's own entries go, whatever stands by now."""

    async def settle(self: MemoryStore, session: Session, _published: Published) -> int:
        space = self._space_under(session)
        for entry in memory.owned(space, session.nonce):
            space.drop(entry)
        return 0

    patch.setattr(MemoryStore, "settle", settle)


def entry_removed_by_anothers_settle(patch: pytest.MonkeyPatch) -> None:
    """Whatever stands as it was published is settled, whoever's entry it is."""
    settle = MemoryStore.settle

    async def for_all(self: MemoryStore, session: Session, published: Published) -> int:
        left = await settle(self, session, published)
        space = self._space_under(session)
        stands = memory.standing(space, published)
        for entry in list(space.outbox.values()):
            if stands.issuperset(memory.names_of(entry)):
                space.drop(entry)
        return left

    patch.setattr(MemoryStore, "settle", for_all)


# -- the sweeper -----------------------------------------------------------------------


def slots_of_the_dead_left_alone(patch: pytest.MonkeyPatch) -> None:
    """The sweeper takes entries over from somebody who may still append."""

    async def nothing(_self: MemoryLog, _slot: int) -> None:
        return

    fence_slot = MemoryLog.fence_slot

    async def in_a_rebuild(self: MemoryLog) -> None:
        await self._drop_session()
        for slot in range(MAX_SLOTS):
            await fence_slot(self, slot)

    patch.setattr(MemoryLog, "fence_slot", nothing)
    patch.setattr(MemoryLog, "initialise_all", in_a_rebuild)


def entries_of_the_dead_left_alone(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_self: Outbox, _session: Session) -> bool:
        return False

    patch.setattr(Outbox, "sweep", nothing)
