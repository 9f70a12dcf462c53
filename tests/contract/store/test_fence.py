"""Slots, the fence and the rebuild: who may write, and on which server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from contract.store.conftest import CLAIM, NOWHERE, World, open_session
from contract.store.samples import blob, founding, ic, key, load_all, write
from icustomer.errors import HistoryCutError, UnavailableError
from icustomer.store.limits import SLOTS
from icustomer.store.port import Claim, Directions, Published, Session, Store

A, B = key("a"), key("b")

Call = Callable[[Store, Session], Awaitable[object]]
UNDER_A_FENCE: dict[str, Call] = {
    "commit": lambda store, session: store.commit(session, [founding("z")]),
    "prepare": lambda store, session: store.prepare(session, {}),
    "settle": lambda store, session: store.settle(session, Published({}, {})),
    "enter": lambda store, session: store.enter(session, ["former"]),
    "adopt": lambda store, session: store.adopt(session, [b"entry"]),
    "abandoned": lambda store, session: store.abandoned(session, 100),
    "checkpoint": lambda store, session: store.raise_checkpoint(session, NOWHERE),
}
UNDER_A_REBUILD: dict[str, Call] = {
    "wipe": lambda store, session: store.wipe(session.nonce),
    "restore": lambda store, session: store.restore(session.nonce, {A: blob(1)}, []),
    "entries": lambda store, session: store.restore(session.nonce, {}, [], [({A: 1}, [])]),
    "strip": lambda store, session: store.strip(session.nonce),
    "stage": lambda store, session: store.stage(session.nonce, {A: blob(1)}),
    "note": lambda store, session: store.note(session.nonce, {A: ["x"]}),
    "staged": lambda store, session: store.staged(session.nonce, 0),
    "detach": lambda store, session: store.detach(session.nonce, [Directions(A)]),
    "finish": lambda store, session: store.finish_rebuild(session.nonce, Claim(9, "x"), NOWHERE),
}


# Slots


async def test_slots_are_leased_lowest_first(store: Store) -> None:
    assert [await store.lease_slot(nonce) for nonce in ("x", "y", "z")] == [0, 1, 2]


async def test_leasing_again_under_the_same_nonce_gives_the_same_slot(store: Store) -> None:
    await store.lease_slot("x")
    assert await store.lease_slot("y") == await store.lease_slot("y") == 1


async def test_a_slot_to_be_avoided_is_leased_only_for_want_of_others(store: Store) -> None:
    assert await store.lease_slot("x", avoid=[0, 1]) == 2
    assert await store.lease_slot("x", avoid=[2]) == 0
    for number in range(1, SLOTS - 1):
        await store.lease_slot(str(number), avoid=[5])
    assert await store.lease_slot("last", avoid=[5]) == 5


async def test_no_slot_is_left_when_all_are_leased(world: World, store: Store) -> None:
    for number in range(SLOTS):
        await store.lease_slot(str(number))
    with pytest.raises(UnavailableError):
        await store.lease_slot("one too many")
    world.lapse()
    assert await store.lease_slot("one too many") == 0


async def test_a_released_slot_is_free_at_once(store: Store) -> None:
    await store.lease_slot("x")
    await store.release(0, "another")
    assert await store.lease_slot("y") == 1
    await store.release(0, "x")
    await store.release(0, "x")
    assert await store.lease_slot("z") == 0


async def test_a_lease_is_renewed_until_another_takes_the_slot(world: World, store: Store) -> None:
    await store.lease_slot("x")
    world.lapse()
    assert await store.renew(0, "x")
    assert await store.lease_slot("y") == 1
    world.lapse()
    await store.lease_slot("z")
    assert not await store.renew(0, "x")
    assert await store.renew(0, "z")


# The fence


async def test_a_new_space_has_no_fence(store: Store) -> None:
    assert await store.read_fence() is None


async def test_the_fence_names_the_claim_of_the_last_rebuild(
    store: Store, session: Session
) -> None:
    assert await store.read_fence() == session.fence
    assert session.fence.claim == CLAIM


async def test_a_claim_nonce_may_hold_colons(store: Store) -> None:
    await store.begin_rebuild("re:builder")
    fence = await store.finish_rebuild("re:builder", Claim(3, "a:b"), NOWHERE)
    assert await store.read_fence() == fence
    assert fence.claim == Claim(3, "a:b")


@pytest.mark.parametrize("name", UNDER_A_FENCE)
async def test_after_a_flush_every_call_is_refused(
    world: World, store: Store, session: Session, name: str
) -> None:
    world.flush()
    assert await store.read_fence() is None
    with pytest.raises(HistoryCutError):
        await UNDER_A_FENCE[name](store, session)


@pytest.mark.parametrize("name", UNDER_A_FENCE)
async def test_the_same_data_on_another_server_is_refused(
    world: World, store: Store, session: Session, name: str
) -> None:
    fence = world.fail_over()
    assert await store.read_fence() is None
    assert (await store.load([], [])).fence == fence.raw
    with pytest.raises(HistoryCutError):
        await UNDER_A_FENCE[name](store, Session(session.slot, session.nonce, fence))


@pytest.mark.parametrize("name", UNDER_A_FENCE)
async def test_a_rebuild_under_way_refuses_every_call(
    store: Store, session: Session, name: str
) -> None:
    assert await store.begin_rebuild("rebuilder")
    assert await store.read_fence() is None
    with pytest.raises(HistoryCutError):
        await UNDER_A_FENCE[name](store, session)


@pytest.mark.parametrize("name", UNDER_A_FENCE)
async def test_the_fence_before_a_rebuild_is_refused_after_it(
    store: Store, session: Session, name: str
) -> None:
    await store.begin_rebuild("rebuilder")
    await store.finish_rebuild("rebuilder", Claim(8, "newer"), NOWHERE)
    with pytest.raises(HistoryCutError):
        await UNDER_A_FENCE[name](store, session)


async def test_a_lease_that_ran_out_is_told_until_it_is_given_back(
    world: World, store: Store
) -> None:
    await store.lease_slot("dead")
    await store.lease_slot("gone")
    assert await store.lapsed() == {}
    world.lapse()
    await store.lease_slot("living")
    assert await store.lapsed() == {1: "gone"}
    await store.release(1, "gone")
    assert await store.lapsed() == {}


# The rebuild


async def test_a_second_rebuilder_waits_until_the_lease_of_the_first_ends(
    world: World, store: Store
) -> None:
    assert await store.begin_rebuild("one")
    assert await store.begin_rebuild("one")
    assert not await store.begin_rebuild("two")
    world.lapse()
    assert await store.begin_rebuild("two")
    with pytest.raises(HistoryCutError):
        await store.wipe("one")


RENEWING: dict[str, Call] = {
    "begin": lambda store, _: store.begin_rebuild("one"),
    "wipe": lambda store, _: store.wipe("one"),
    "restore": lambda store, _: store.restore("one", {A: blob(1)}, []),
}


@pytest.mark.parametrize("name", RENEWING)
async def test_every_step_of_a_rebuild_renews_its_lease(
    world: World, store: Store, session: Session, name: str
) -> None:
    await store.begin_rebuild("one")
    world.nearly_lapse()
    await RENEWING[name](store, session)
    world.nearly_lapse()
    assert not await store.begin_rebuild("two")
    world.nearly_lapse()
    assert await store.begin_rebuild("two")


@pytest.mark.parametrize("name", UNDER_A_REBUILD)
async def test_without_a_pending_fence_of_ones_own_nothing_is_rebuilt(
    store: Store, session: Session, name: str
) -> None:
    call = UNDER_A_REBUILD[name]
    with pytest.raises(HistoryCutError):
        await call(store, session)
    await store.begin_rebuild("another")
    with pytest.raises(HistoryCutError):
        await call(store, session)
    assert await store.outbox() == []


async def test_a_wipe_leaves_fence_slots_and_other_spaces(
    world: World, store: Store, session: Session
) -> None:
    other = world.store("-other")
    await other.commit(await open_session(other, "o"), [founding("a")])
    await store.commit(session, [founding("a", index_added=[(key("s"), A)])])
    await store.begin_rebuild("rebuilder")
    for _ in range(2):
        await store.wipe("rebuilder")
    loaded = await load_all(store, "a")
    assert (loaded.links, loaded.aliases) == ({key("d-a"): None}, {ic("a"): None})
    assert (await store.outbox(), await store.index(key("s"))) == ([], set())
    assert await store.begin_rebuild("rebuilder")
    assert await store.lease_slot("next") == 1
    assert set((await load_all(other, "a")).groups) == {A}


async def test_an_abandoned_rebuild_holds_nobody_up(store: Store) -> None:
    assert await store.begin_rebuild("first")
    await store.abandon_rebuild("second")
    assert not await store.begin_rebuild("second")
    await store.abandon_rebuild("first")
    assert await store.begin_rebuild("second")


async def test_a_former_try_of_ones_own_holds_nobody_up(store: Store) -> None:
    assert await store.begin_rebuild("first")
    assert not await store.begin_rebuild("second", ["other"])
    assert await store.begin_rebuild("second", ["other", "first"])
    with pytest.raises(HistoryCutError):
        await store.wipe("first")


async def test_a_finished_rebuild_cannot_be_abandoned(store: Store, session: Session) -> None:
    await store.abandon_rebuild("rebuilder")
    assert await store.read_fence() == session.fence


async def test_a_commit_under_the_new_fence(store: Store, session: Session) -> None:
    assert session
    await store.begin_rebuild("rebuilder")
    await store.wipe("rebuilder")
    fence = await store.finish_rebuild("rebuilder", Claim(8, "newer"), NOWHERE)
    assert await store.commit(Session(0, "new", fence), [write(1, groups={A: blob(1)})]) == [True]
