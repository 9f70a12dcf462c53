"""Where guests wait, the record clock, and marks that go with their last carrier."""

from __future__ import annotations

import pytest

from contract.store.conftest import CLAIM, NOWHERE, World
from contract.store.samples import blob, key, write
from icustomer.core.change import SHARED
from icustomer.errors import HistoryCutError
from icustomer.store.port import Directions, Fence, Session, Store

REBUILDER = "rebuilder"
A, B = key("a"), key("b")


async def test_groups_are_found_by_their_earliest_act(store: Store, session: Session) -> None:
    acts = {A: 2_000_000_000_000_001, B: 2_000_000_000_000_000}
    writes = [
        write(read_groups={each: 0}, groups={each: blob(1)}, waiting={each: at})
        for each, at in acts.items()
    ]
    assert await store.commit(session, writes) == [True, True]
    assert await store.waiting(1_999_999_999_999_999, 10) == []
    assert await store.waiting(2_000_000_000_000_000, 10) == [B]
    assert await store.waiting(2_000_000_000_000_001, 10) == [B, A]
    assert await store.waiting(2_000_000_000_000_001, 1) == [B]


async def test_who_waits_no_more_is_not_found_and_a_conflict_changes_nothing(
    store: Store, session: Session
) -> None:
    first = write(read_groups={A: 0}, groups={A: blob(1)}, waiting={A: 5})
    stale = write(2, read_groups={A: 7}, groups={A: blob(2)}, waiting={A: None})
    other = write(read_groups={B: 0}, groups={B: blob(1)}, waiting={B: 9})
    assert await store.commit(session, [first, stale, other]) == [True, False, True]
    assert await store.waiting(10, 10) == [A, B]
    gone = write(2, read_groups={A: 1}, deleted=[A], waiting={A: None})
    assert await store.commit(session, [gone]) == [True]
    assert await store.waiting(10, 10) == [B]


async def test_the_clock_never_falls_and_never_passes_the_stores_own(
    store: Store, session: Session
) -> None:
    assert await store.clock() == 0
    assert await store.raise_clock(session, 1_000_000) == 1_000_000
    assert await store.raise_clock(session, 999_999) == 1_000_000
    assert await store.raise_clock(session, 1_000_001) == 1_000_001
    assert await store.clock() == 1_000_001
    assert await store.raise_clock(session, 1 << 60) < 1 << 60


async def test_the_clock_is_not_raised_under_another_fence(
    store: Store, session: Session, world: World
) -> None:
    world.flush()
    with pytest.raises(HistoryCutError):
        await store.raise_clock(session, 5)
    assert await store.clock() == 0


async def test_a_mark_goes_with_the_last_group_that_carries_it(
    store: Store, session: Session
) -> None:
    digest = key("shared")
    marked = write(
        read_groups={A: 0, B: 0},
        groups={A: blob(1), B: blob(1)},
        links={digest: SHARED},
        index_added=[(digest, A), (digest, B)],
    )
    assert await store.commit(session, [marked]) == [True]
    for group, stands in ((A, SHARED), (B, None)):
        left = write(
            2,
            read_groups={group: 1},
            groups={group: blob(2)},
            index_removed=[(digest, group)],
            unmarked=[digest],
        )
        assert await store.commit(session, [left]) == [True]
        assert (await store.load([digest], [])).links == {digest: stands}


async def test_a_rebuild_finds_guests_again_and_keeps_the_clock(
    store: Store, session: Session
) -> None:
    written = write(read_groups={A: 0}, groups={A: blob(1)}, waiting={A: 5})
    await store.commit(session, [written])
    await store.raise_clock(session, 7)
    assert await store.begin_rebuild(REBUILDER)
    await store.wipe(REBUILDER)
    assert await store.waiting(10, 10) == []
    ways = [Directions(A, waiting=5), Directions(B, waiting=6)]
    await store.restore(REBUILDER, {A: blob(1), B: blob(1)}, ways)
    assert await store.waiting(10, 10) == [A, B]
    await store.restore(REBUILDER, {A: None}, [Directions(B)])
    assert await store.waiting(10, 10) == []
    fence: Fence = await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    assert fence.claim == CLAIM
    assert await store.clock() == 7
