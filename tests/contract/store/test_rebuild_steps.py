"""The steps of a rebuild: what stands in the store after each."""

from __future__ import annotations

import pytest

from contract.store.conftest import CLAIM, NOWHERE, World, open_session
from contract.store.samples import blob, founding, ic, key, load_all, named
from icustomer.core.change import SHARED, SUPPRESSED
from icustomer.errors import HistoryCutError
from icustomer.store.codec import tombstone
from icustomer.store.limits import INDEX_INCOMPLETE, INDEX_LIMIT, NO_SLOT
from icustomer.store.port import Checkpoint, Claim, Directions, Staged, Standing, Store

A, B = key("a"), key("b")
REBUILDER = "rebuilder"


@pytest.fixture
async def store(store: Store) -> Store:
    """Under a pending fence."""
    assert await store.begin_rebuild(REBUILDER)
    return store


async def all_staged(store: Store) -> dict[bytes, Staged]:
    found: dict[bytes, Staged] = {}
    cursor = 0
    while True:
        cursor, portion = await store.staged(REBUILDER, cursor)
        found |= {each.group_id: each for each in portion}
        if cursor == 0:
            return found


# Staging


async def test_the_newest_version_of_a_group_is_what_stands(store: Store) -> None:
    assert await store.stage(REBUILDER, {A: blob(3), B: blob(1)}) == {}
    assert await store.stage(REBUILDER, {A: blob(2)}) == {A: blob(3)}
    assert await store.stage(REBUILDER, {A: blob(4), B: tombstone(2)}) == {A: blob(3), B: blob(1)}
    assert await store.stage(REBUILDER, {B: blob(1)}) == {B: tombstone(2)}
    staged = await all_staged(store)
    assert {each.group_id: each.value for each in staged.values()} == {A: blob(4), B: tombstone(2)}


async def test_of_equal_versions_the_later_record_stands(store: Store) -> None:
    await store.stage(REBUILDER, {A: blob(3, b"first")})
    await store.stage(REBUILDER, {A: blob(3, b"second")})
    assert (await all_staged(store))[A].value == blob(3, b"second")


async def test_what_is_noted_of_a_group_comes_with_it(store: Store) -> None:
    nameless = key("c")
    await store.stage(REBUILDER, {A: blob(1), B: blob(1), nameless: blob(1)})
    await store.note(REBUILDER, {A: [ic("a"), ic("b")], nameless: []})
    await store.note(REBUILDER, {A: [ic("b"), ic("c")]})
    staged = await all_staged(store)
    assert staged[A].customer_ids == (ic("a"), ic("b"), ic("c"))
    assert (staged[B].customer_ids, staged[nameless].customer_ids) == (None, ())


async def test_every_group_is_told_though_others_vanish_on_the_way(store: Store) -> None:
    groups = [key(f"{number:03}") for number in range(300)]
    await store.stage(REBUILDER, {each: blob(1) for each in groups})
    told: set[bytes] = set()
    cursor = 0
    while True:
        cursor, portion = await store.staged(REBUILDER, cursor)
        told |= {each.group_id for each in portion}
        gone: dict[bytes, bytes | None] = {each.group_id: None for each in portion[::2]}
        await store.restore(REBUILDER, gone, [])
        if cursor == 0:
            break
    assert told == set(groups)


async def test_notes_are_gone_after_the_rebuild(store: Store) -> None:
    await store.stage(REBUILDER, {A: blob(1)})
    await store.note(REBUILDER, {A: [ic("a")]})
    await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    assert await store.begin_rebuild(REBUILDER)
    assert (await all_staged(store))[A].customer_ids is None


# What leads to groups


async def test_restored_groups_are_found_by_all_that_leads_to_them(store: Store) -> None:
    ways = [
        Directions(A, {key("d-a"): A, key("s"): SHARED}, [key("s")], [ic("a"), ic("old")]),
        Directions(B, {key("d-b"): B}),
    ]
    for _ in range(2):
        others = await store.restore(REBUILDER, {A: blob(4), B: blob(5)}, ways)
    assert others == {}
    loaded = await store.load([key("d-a"), key("d-b"), key("s")], [ic("a"), ic("old")])
    assert loaded.links == {key("d-a"): A, key("d-b"): B, key("s"): SHARED}
    assert loaded.aliases == {ic("a"): A, ic("old"): A}
    assert loaded.groups == {A: blob(4), B: blob(5)}
    assert await store.index(key("s")) == {A}


async def test_a_link_that_led_to_another_group_is_told(store: Store) -> None:
    links = {key("1"): A, key("2"): A, key("s"): A}
    await store.restore(REBUILDER, {}, [Directions(A, links)])
    taken = Directions(B, {key("1"): B, key("new"): B, key("s"): SHARED})
    assert await store.restore(REBUILDER, {}, [taken]) == {B: {A}}
    assert (await store.load([key("1"), key("2")], [])).links == {key("1"): B, key("2"): A}


async def test_a_suppressed_identifier_leads_to_nobody_again(store: Store) -> None:
    told = Directions(A, {key("d"): SUPPRESSED})
    carrying = Directions(B, {key("d"): SHARED, key("1"): B}, [key("d")])
    for ways in ([told, carrying], [carrying], [Directions(B, {key("d"): B})]):
        assert await store.restore(REBUILDER, {}, ways) == {}
        loaded = await store.load([key("d"), key("1")], [])
        assert loaded.links == {key("d"): SUPPRESSED, key("1"): B}
    assert await store.index(key("d")) == {B}


async def test_only_what_still_leads_to_the_group_is_taken_away(store: Store) -> None:
    mine = Directions(A, {key("1"): A, key("2"): A}, [key("s")], [ic("a"), ic("b")])
    await store.restore(REBUILDER, {}, [mine])
    await store.restore(REBUILDER, {}, [Directions(B, {key("2"): B}, [key("s")], [ic("b")])])
    await store.detach(REBUILDER, [mine])
    loaded = await store.load([key("1"), key("2")], [ic("a"), ic("b")])
    assert loaded.links == {key("1"): None, key("2"): B}
    assert loaded.aliases == {ic("a"): None, ic("b"): B}
    assert await store.index(key("s")) == {B}


async def test_a_restored_index_is_capped_too(store: Store) -> None:
    ways = [Directions(key(str(n)), index=[key("s")]) for n in range(INDEX_LIMIT + 1)]
    await store.restore(REBUILDER, {}, ways)
    index = await store.index(key("s"))
    assert INDEX_INCOMPLETE in index
    assert len(index) == INDEX_LIMIT + 1


async def test_deleted_groups_do_not_stand(store: Store) -> None:
    await store.stage(REBUILDER, {A: tombstone(3), B: blob(1)})
    await store.restore(REBUILDER, {A: None}, [])
    assert await store.read([A, B, key("c")]) == {B: blob(1)}


async def test_stripping_leaves_the_groups_and_the_history_alone(store: Store) -> None:
    await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    assert await store.begin_rebuild(REBUILDER)
    await store.stage(REBUILDER, {A: blob(1)})
    await store.restore(
        REBUILDER, {}, [Directions(A, {key("1"): A}, [key("s")], [ic("a")])], [({A: 1}, [])]
    )
    await store.note(REBUILDER, {A: [ic("a")]})
    await store.strip(REBUILDER)
    assert (await all_staged(store))[A] == Staged(A, blob(1), None)
    loaded = await store.load([key("1")], [ic("a")])
    assert (loaded.links, loaded.aliases) == ({key("1"): None}, {ic("a"): None})
    assert (await store.outbox(), await store.index(key("s"))) == ([], set())
    standing = await store.standing()
    assert (standing.epoch, standing.checkpoint) == (CLAIM, NOWHERE)


# The end


async def test_a_finished_rebuild_opens_the_store_and_leaves_its_entries(store: Store) -> None:
    entries = [({A: 4, B: 9}, [ic("a"), ic("b")]), ({key("c"): 1}, [])]
    await store.restore(REBUILDER, {A: blob(4)}, [Directions(A, aliases=[ic("a")])], entries)
    fence = await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    session = await open_session(store, "worker")
    assert session.fence == fence
    abandoned = await store.abandoned(session, 100)
    assert {entry.slot for entry in abandoned} == {NO_SLOT}
    assert [entry.groups for entry in sorted(abandoned, key=lambda entry: len(entry.groups))] == [
        {key("c"): 1},
        {A: 4, B: 9},
    ]
    assert await store.adopt(session, [entry.entry_id for entry in abandoned]) == 2


async def test_finishing_again_changes_nothing(store: Store) -> None:
    await store.restore(REBUILDER, {}, [], [({A: 4}, [])])
    fence = await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    session = await open_session(store, "worker")
    await store.adopt(session, [entry.entry_id for entry in await store.outbox()])
    assert await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE) == fence
    assert {nonce for nonce, _, _ in named(await store.outbox())} == {"worker"}


async def test_entries_of_nobody_are_told_a_portion_at_a_time(store: Store) -> None:
    entries = [({key(str(number)): 1}, []) for number in range(10)]
    await store.restore(REBUILDER, {}, [], entries)
    await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    session = await open_session(store, "worker")
    told = 0
    while portion := await store.abandoned(session, 4):
        assert len(portion) <= 4
        told += await store.adopt(session, [entry.entry_id for entry in portion])
    assert told == 10


# The checkpoint


async def test_a_checkpoint_stands_with_its_age_until_it_is_raised(
    world: World, store: Store
) -> None:
    assert await store.standing() == Standing(None, None)
    await store.finish_rebuild(REBUILDER, CLAIM, Checkpoint("t", {0: 5, 1: 7}))
    session = await open_session(store, "worker")
    world.let_wait(600)
    standing = await store.standing()
    assert (standing.epoch, standing.checkpoint) == (CLAIM, Checkpoint("t", {0: 5, 1: 7}))
    assert 600 <= standing.age_seconds < 660
    assert await store.raise_checkpoint(session, Checkpoint("t", {0: 6, 1: 7}))
    standing = await store.standing()
    assert standing.checkpoint == Checkpoint("t", {0: 6, 1: 7})
    assert standing.age_seconds < 60


async def test_a_checkpoint_is_not_raised_in_another_topic(store: Store) -> None:
    await store.finish_rebuild(REBUILDER, CLAIM, Checkpoint("t", {0: 5}))
    session = await open_session(store, "worker")
    assert not await store.raise_checkpoint(session, Checkpoint("other", {0: 6}))
    assert (await store.standing()).checkpoint == Checkpoint("t", {0: 5})


async def test_a_checkpoint_is_not_raised_on_a_store_that_was_cut(
    world: World, store: Store
) -> None:
    await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    session = await open_session(store, "worker")
    world.flush()
    with pytest.raises(HistoryCutError):
        await store.raise_checkpoint(session, NOWHERE)
    assert await store.standing() == Standing(None, None)


async def test_a_wipe_takes_epoch_and_checkpoint_along(store: Store) -> None:
    await store.finish_rebuild(REBUILDER, CLAIM, NOWHERE)
    session = await open_session(store, "worker")
    assert await store.commit(session, [founding("a")]) == [True]
    assert await store.begin_rebuild(REBUILDER)
    await store.wipe(REBUILDER)
    assert (await store.standing()).epoch is None
    assert (await store.standing()).checkpoint is None
    assert (await load_all(store, "a")).links == {key("d-a"): None}
    assert await store.finish_rebuild(REBUILDER, Claim(8, "next"), NOWHERE)
