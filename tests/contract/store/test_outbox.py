"""The outbox: what is committed and not yet published is lost by nobody and settled by its own."""

from __future__ import annotations

import pytest

from contract.store.conftest import World, open_session
from contract.store.samples import blob, founding, growing, ic, key, named, write
from icustomer.store.port import Backlog, Published, Session, Store

A, B, C = key("a"), key("b"), key("c")


@pytest.fixture
async def other(store: Store, session: Session) -> Session:
    assert session
    return await open_session(store, "second")


def owners(entries: list, group: bytes) -> set[str]:
    return {entry.nonce for entry in entries if group in entry.groups}


async def test_what_is_still_to_be_published_is_known_by_its_highest_version(
    store: Store, session: Session, other: Session
) -> None:
    deleting = write(3, deleted=[A], groups={B: blob(3)})
    await store.commit(session, [founding("a")])
    await store.commit(other, [growing("a", 2), deleting])
    assert await store.awaited([C, A, B]) == {A: 3, B: 3}
    assert await store.awaited([C]) == await store.awaited([]) == {}


# Prepare


async def test_without_entries_the_closure_is_empty(store: Store, session: Session) -> None:
    closure = await store.prepare(session, {})
    assert (closure.entries, closure.groups, closure.aliases) == ([], {}, {})


async def test_the_closure_reads_all_that_own_entries_name(store: Store, session: Session) -> None:
    deleting = write(2, deleted=[B], aliases={ic("b"): None, ic("a"): A})
    await store.commit(session, [founding("a"), founding("b"), deleting])
    closure = await store.prepare(session, {})
    assert closure.groups == {A: blob(1), B: None}
    assert closure.aliases == {ic("a"): A, ic("b"): None}
    assert named(closure.entries) == named(await store.outbox())
    assert len(closure.entries) == 3


async def test_groups_known_at_their_version_are_left_out(store: Store, session: Session) -> None:
    await store.commit(session, [founding("a"), founding("b")])
    closure = await store.prepare(session, {A: 1, B: 7, C: 3})
    assert closure.groups == {B: blob(1)}
    assert set(closure.aliases) == {ic("a"), ic("b")}


async def test_entries_of_others_that_share_a_group_join_the_closure(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    await store.commit(other, [growing("a", 2), founding("b")])
    closure = await store.prepare(session, {A: 1})
    assert closure.groups == {A: blob(2)}
    assert set(closure.aliases) == {ic("a")}
    assert {(entry.nonce, entry.slot) for entry in closure.entries} == {("first", session.slot)}


async def test_entries_that_share_a_customer_alone_join_too(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    await store.commit(other, [founding("b", entry_groups=[B], entry_ids=[ic("b"), ic("a")])])
    closure = await store.prepare(session, {})
    assert set(closure.groups) == {A, B}


async def test_the_closure_reaches_through_the_entries_of_others(
    world: World, store: Store, session: Session, other: Session
) -> None:
    third_store = world.store()
    third = await open_session(third_store, "third")
    await store.commit(session, [founding("a")])
    await store.commit(other, [founding("b", entry_groups=[A, B])])
    await third_store.commit(third, [founding("c", entry_groups=[B, C], entry_ids=[ic("c")])])
    await third_store.commit(third, [founding("d")])
    closure = await store.prepare(session, {})
    assert set(closure.groups) == {A, B, C}
    assert set(closure.aliases) == {ic("a"), ic("c")}


async def test_entries_in_the_closure_stay_with_their_first_worker_too(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    await store.commit(other, [growing("a", 2)])
    await store.prepare(session, {})
    entries = await store.outbox()
    assert [e.nonce for e in entries if e.groups == {A: 2}].count("second") == 1
    assert owners(entries, A) == {"first", "second"}
    everything = Published({A: 2}, {ic("a"): A})
    assert await store.settle(session, everything) == 0
    assert named(await store.outbox()) == {("second", frozenset({A}), frozenset({ic("a")}))}


async def test_preparing_again_changes_nothing(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    await store.commit(other, [growing("a", 2)])
    first = await store.prepare(session, {})
    entries = {entry.entry_id for entry in await store.outbox()}
    second = await store.prepare(session, {})
    assert {e.entry_id for e in first.entries} == {e.entry_id for e in second.entries}
    assert {entry.entry_id for entry in await store.outbox()} == entries


async def test_a_worker_that_committed_nothing_here_prepares_what_it_entered(
    world: World, store: Store, session: Session
) -> None:
    await store.commit(session, [founding("a")])
    successor = Session(session.slot, "after a restart", session.fence)
    fresh = world.store()
    assert await fresh.enter(successor, ["first"]) == 1
    assert (await fresh.prepare(successor, {})).groups == {A: blob(1)}


# Settle


async def test_what_stands_as_published_is_settled(store: Store, session: Session) -> None:
    await store.commit(session, [founding("a"), founding("b")])
    published = Published({A: 1, B: 1}, {ic("a"): A, ic("b"): B})
    assert await store.settle(session, published) == 0
    assert await store.outbox() == []
    assert await store.settle(session, published) == 0
    assert (await store.prepare(session, {})).entries == []


NOT_STANDING = {
    "the group moved on": Published({A: 1}, {ic("a"): A}),
    "the group was published as gone": Published({A: 0}, {ic("a"): A}),
    "the group was not published": Published({}, {ic("a"): A}),
    "the customer was published from another group": Published({A: 2}, {ic("a"): B}),
    "the customer was published as gone": Published({A: 2}, {ic("a"): None}),
    "the customer was not published": Published({A: 2}, {}),
}


@pytest.mark.parametrize("name", NOT_STANDING)
async def test_what_does_not_stand_as_published_stays(
    store: Store, session: Session, name: str
) -> None:
    await store.commit(session, [founding("a"), founding("b"), growing("a", 2)])
    partial = NOT_STANDING[name]
    published = Published({**partial.groups, B: 1}, {**partial.aliases, ic("b"): B})
    assert await store.settle(session, published) == 2
    assert owners(await store.outbox(), B) == set()
    assert await store.settle(session, Published({A: 2}, {ic("a"): A})) == 0


async def test_tombstones_are_settled_while_nothing_stands_there(
    store: Store, session: Session
) -> None:
    deleting = write(2, read_groups={A: 1}, deleted=[A], aliases={ic("a"): None})
    await store.commit(session, [founding("a"), deleting])
    assert await store.settle(session, Published({A: 2}, {ic("a"): None})) == 2
    await store.commit(session, [write(3, groups={A: blob(3)}, aliases={ic("a"): A})])
    assert await store.settle(session, Published({A: 0}, {ic("a"): None})) == 3
    await store.commit(session, [write(4, deleted=[A], aliases={ic("a"): None})])
    assert await store.settle(session, Published({A: 0}, {ic("a"): None})) == 0


async def test_nobody_settles_the_entries_of_another(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    assert await store.settle(other, Published({A: 1}, {ic("a"): A})) == 0
    assert owners(await store.outbox(), A) == {"first"}


# Taking over


async def test_entering_moves_the_entries_of_former_nonces(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    await store.commit(other, [founding("b")])
    successor = Session(9, "third", session.fence)
    assert await store.enter(successor, []) == 0
    assert await store.enter(successor, ["first", "never", "third"]) == 1
    assert await store.enter(successor, ["first", "never"]) == 0
    (entry,) = [entry for entry in await store.outbox() if A in entry.groups]
    assert (entry.nonce, entry.slot, entry.groups) == ("third", 9, {A: 1})
    assert await store.settle(successor, Published({A: 1}, {ic("a"): A})) == 0
    assert owners(await store.outbox(), B) == {"second"}


async def test_a_nonce_that_begins_like_another_is_another(store: Store, session: Session) -> None:
    await store.commit(Session(1, "first-and-longer", session.fence), [founding("a")])
    assert await store.settle(session, Published({A: 1}, {ic("a"): A})) == 0
    assert len(await store.outbox()) == 1


async def test_entries_are_abandoned_when_the_lease_of_their_nonce_ends(
    world: World, store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    await store.commit(other, [founding("b")])
    assert await store.abandoned(session, 100) == []
    world.lapse()
    await store.renew(session.slot, session.nonce)
    (entry,) = await store.abandoned(session, 100)
    assert (entry.nonce, entry.slot, entry.groups) == ("second", other.slot, {B: 1})


async def test_ones_own_entries_are_never_abandoned(
    world: World, store: Store, session: Session
) -> None:
    await store.commit(session, [founding("a")])
    world.lapse()
    assert await store.abandoned(session, 100) == []


async def test_entries_of_a_released_slot_are_abandoned_at_once(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(other, [founding("b")])
    await store.release(other.slot, other.nonce)
    assert len(await store.abandoned(session, 100)) == 1


async def test_abandoned_entries_of_many_nonces_are_all_found(
    store: Store, session: Session
) -> None:
    names = [f"n{number}" for number in range(30)]
    for name in names:
        await store.commit(Session(3, name, session.fence), [founding(name)])
    await store.commit(session, [founding("a")])
    assert {entry.nonce for entry in await store.abandoned(session, 100)} == set(names)


async def test_adopting_moves_those_entries_that_still_stand(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(other, [founding("a"), founding("b")])
    seen = [entry.entry_id for entry in await store.outbox()]
    await store.settle(other, Published({B: 1}, {ic("b"): B}))
    await store.commit(other, [founding("c")])
    assert await store.adopt(session, [*seen, *seen, b"unknown"]) == 1
    assert await store.adopt(session, seen) == 0
    entries = await store.outbox()
    assert owners(entries, A) == {"first"}
    assert owners(entries, C) == {"second"}
    assert {entry.slot for entry in entries if A in entry.groups} == {session.slot}


async def test_adopting_what_is_ones_own_already_leaves_one_entry(
    store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    await store.commit(other, [growing("a", 2)])
    await store.prepare(session, {})
    theirs = [entry.entry_id for entry in await store.outbox() if entry.nonce == "second"]
    assert await store.adopt(session, theirs) == 1
    assert len(await store.outbox()) == 2
    assert await store.settle(session, Published({A: 2}, {ic("a"): A})) == 0
    assert await store.outbox() == []


# Backlog

HOUR = 3_600.0
MOMENT = 60.0
"""More than a test takes."""


async def test_nothing_waits_in_an_empty_outbox(store: Store, session: Session) -> None:
    assert session
    assert await store.backlog() == Backlog(0, 0.0)


async def test_the_backlog_tells_how_many_wait_and_since_when(
    world: World, store: Store, session: Session
) -> None:
    await store.commit(session, [founding("a")])
    world.let_wait(HOUR)
    await store.commit(session, [founding("b"), founding("c")])
    backlog = await store.backlog()
    assert backlog.entries == 3
    assert HOUR <= backlog.oldest_seconds < HOUR + MOMENT
    assert await store.settle(session, Published({A: 1}, {ic("a"): A})) == 2
    backlog = await store.backlog()
    assert backlog.entries == 2
    assert backlog.oldest_seconds < MOMENT


async def test_the_backlog_is_told_without_a_fence(world: World, store: Store) -> None:
    world.flush()
    assert await store.backlog() == Backlog(0, 0.0)


async def test_an_entry_that_moves_to_another_nonce_keeps_its_age(
    world: World, store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    world.let_wait(HOUR)
    await store.enter(other, [session.nonce])
    assert HOUR <= (await store.backlog()).oldest_seconds < HOUR + MOMENT
    await store.adopt(session, [entry.entry_id for entry in await store.outbox()])
    assert HOUR <= (await store.backlog()).oldest_seconds < HOUR + MOMENT
    assert await store.settle(session, Published({A: 1}, {ic("a"): A})) == 0
    assert await store.backlog() == Backlog(0, 0.0)


async def test_an_entry_entered_again_is_as_old_as_it_was(
    world: World, store: Store, session: Session, other: Session
) -> None:
    await store.commit(session, [founding("a")])
    world.let_wait(HOUR)
    again = write(9, read_groups={A: 1}, entry_groups=[A], entry_ids=[ic("a")])
    await store.commit(session, [again])
    await store.commit(other, [again])
    await store.adopt(other, [e.entry_id for e in await store.outbox() if e.nonce == "first"])
    backlog = await store.backlog()
    assert backlog.entries == 1
    assert HOUR <= backlog.oldest_seconds < HOUR + MOMENT


async def test_the_copy_of_anothers_entry_is_as_old_as_the_entry(
    world: World, store: Store, session: Session, other: Session
) -> None:
    await store.commit(other, [founding("a")])
    world.let_wait(HOUR)
    await store.commit(session, [growing("a", 2)])
    await store.prepare(session, {})
    await store.settle(other, Published({A: 2}, {ic("a"): A}))
    backlog = await store.backlog()
    assert backlog.entries == 2
    assert HOUR <= backlog.oldest_seconds < HOUR + MOMENT
