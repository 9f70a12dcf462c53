"""Deliberate bugs, each in one step. Every one was a plausible way to write that step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from icustomer import prepare
from icustomer.core import cluster, facets, naming
from icustomer.core.change import Change
from icustomer.core.observation import Observation
from icustomer.core.sharing import Marks
from icustomer.outbox import Outbox
from icustomer.session import Sessions
from icustomer.store import memory
from icustomer.store.memory import MemoryStore
from icustomer.store.port import Claim, Fence, Published, Session
from icustomer.stream.memory import MemoryLog
from icustomer.stream.port import InputPartition, OutputRecord

Mutant = Callable[[pytest.MonkeyPatch], None]


# -- the order of reads, writes and publishing -----------------------------------------


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


def offsets_of_a_given_up_batch_committed(patch: pytest.MonkeyPatch) -> None:
    """What was begun for one batch is completed by whatever is published next."""

    async def initialise(self: MemoryLog, slot: int) -> None:
        if self._begun is None:
            await initialised(self, slot)

    initialised = MemoryLog.initialise
    patch.setattr(MemoryLog, "initialise", initialise)
    patch.setattr(MemoryLog, "_require_begun", lambda _self, _offsets: None)


def conflict_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(memory, "still_as_read", lambda _space, _write: True)


def links_not_compared(patch: pytest.MonkeyPatch) -> None:
    compare = memory.still_as_read
    patch.setattr(
        memory, "still_as_read", lambda space, write: compare(space, replace(write, read_links={}))
    )


def settling_blind(patch: pytest.MonkeyPatch) -> None:
    """All of one's own entries go, whatever stands by now."""

    async def settle(self: MemoryStore, session: Session, _published: Published) -> int:
        space = self._space_under(session)
        for entry in memory.owned(space, session.nonce):
            space.drop(entry)
        return 0

    patch.setattr(MemoryStore, "settle", settle)


def skipped_record_not_waiting_for_its_group(patch: pytest.MonkeyPatch) -> None:
    """A record found already applied leaves no entry in the outbox."""
    resolve = prepare.resolve

    def without_republishing(*arguments: Any) -> list[Change]:
        changes = list(resolve(*arguments))
        for change in changes:
            if not change.writes:
                change.republish = []
        return changes

    patch.setattr(prepare, "resolve", without_republishing)


def applied_mark_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facets, "already_applied", lambda _facet, _observation: False)


def fence_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryStore, "_space_under", lambda self, _session: self._space)


def any_fence_believed(patch: pytest.MonkeyPatch) -> None:
    """The last claim in the log is not asked for."""
    believable = Sessions._believable_fence

    async def first_come(self: Sessions) -> Any:
        return await self._store.read_fence() or await believable(self)

    patch.setattr(Sessions, "_believable_fence", first_come)


def half_of_a_split_published(patch: pytest.MonkeyPatch) -> None:
    """One's own entries alone, without those that share a name with them."""
    patch.setattr(memory, "closure", memory.owned)


def slots_of_the_dead_left_alone(patch: pytest.MonkeyPatch) -> None:
    """The sweeper takes entries over from somebody who may still append."""

    async def nothing(_self: MemoryLog, _slot: int) -> None:
        return

    patch.setattr(MemoryLog, "fence_slot", nothing)


def slots_not_initialised_in_a_rebuild(patch: pytest.MonkeyPatch) -> None:
    """Workers of the old epoch may still append while the changelog is read."""

    async def nothing(_self: MemoryLog) -> None:
        return

    patch.setattr(MemoryLog, "initialise_all", nothing)


def nothing_to_publish_after_a_rebuild(patch: pytest.MonkeyPatch) -> None:
    """What stands in the log more than once is believed to be published in order."""
    finish = MemoryStore.finish_rebuild

    async def without_entries(self: MemoryStore, nonce: str, claim: Claim, _: Any) -> Fence:
        return await finish(self, nonce, claim, [])

    patch.setattr(MemoryStore, "finish_rebuild", without_entries)


def entries_of_the_dead_left_alone(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_self: Outbox, _session: Session) -> int:
        return 0

    patch.setattr(Outbox, "sweep", nothing)


# -- who is one, and what is known of them ---------------------------------------------


def names_ignored_by_the_veto(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cluster, "compatible", lambda _one, _other: True)


def shared_identifier_not_undone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Marks, "update", lambda _self, _facets: {})


def last_writer_by_arrival(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facets, "beats", lambda new, old: new.value != old.value)


def order_counted_per_event(patch: pytest.MonkeyPatch) -> None:
    _count_orders_per(patch, lambda observation: observation.event_id)


def order_counted_per_partition(patch: pytest.MonkeyPatch) -> None:
    """An order counts once for each partition that it came from."""
    _count_orders_per(patch, lambda observation: observation.origin.partition)


def _count_orders_per(patch: pytest.MonkeyPatch, what: Callable[[Observation], str]) -> None:
    apply = facets.apply

    def one_each(facet: Any, observation: Observation, key: bytes) -> Any:
        if observation.order:
            number = f"{observation.order.number}/{what(observation)}"
            observation = replace(observation, order=replace(observation.order, number=number))
        return apply(facet, observation, key)

    patch.setattr(facets, "apply", one_each)


def retired_id_reused(patch: pytest.MonkeyPatch) -> None:
    """Whoever needs a new ID gets one that is free."""
    mint = naming._Naming._mint

    def reuse(self: Any, clustered: Any) -> Any:
        free = [each for each in self._ids if each.retired]
        return replace(free[0], retired=None) if free else mint(self, clustered)

    patch.setattr(naming._Naming, "_mint", reuse)
