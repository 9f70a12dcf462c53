"""Commit and load: all of a change or nothing of it."""

from __future__ import annotations

import pytest

from contract.store.conftest import World, open_session
from contract.store.samples import blob, founding, growing, ic, key, load_all, named, write
from icustomer.core.change import SHARED
from icustomer.core.keys import format_customer_id
from icustomer.errors import HistoryCutError
from icustomer.store.limits import INDEX_INCOMPLETE, INDEX_LIMIT
from icustomer.store.port import Session, Store

A, B = key("a"), key("b")
LINK = key("d-a")


async def test_what_was_never_written_is_loaded_as_absent(store: Store, session: Session) -> None:
    loaded = await load_all(store, "a")
    assert loaded.fence == session.fence.raw
    assert (loaded.links, loaded.aliases, loaded.groups) == ({LINK: None}, {ic("a"): None}, {})


async def test_loading_nothing_reads_the_fence(store: Store, session: Session) -> None:
    assert (await store.load([], [])).fence == session.fence.raw


async def test_a_commit_writes_group_link_alias_and_entry(store: Store, session: Session) -> None:
    assert await store.commit(session, [founding("a")]) == [True]
    loaded = await load_all(store, "a")
    assert loaded.links == {LINK: A}
    assert loaded.aliases == {ic("a"): A}
    assert loaded.groups == {A: blob(1)}
    (entry,) = await store.outbox()
    assert (entry.nonce, entry.slot, entry.groups) == (session.nonce, session.slot, {A: 1})
    assert entry.customer_ids == (ic("a"),)


async def test_an_empty_commit_is_no_work(store: Store, session: Session) -> None:
    assert await store.commit(session, []) == []


async def test_a_group_is_loaded_by_alias_alone(store: Store, session: Session) -> None:
    await store.commit(session, [founding("a")])
    assert (await store.load([], [ic("a")])).groups == {A: blob(1)}


async def test_the_mark_of_a_shared_link_names_no_group(store: Store, session: Session) -> None:
    await store.commit(session, [write(links={LINK: SHARED})])
    loaded = await store.load([LINK], [])
    assert (loaded.links, loaded.groups) == ({LINK: SHARED}, {})


CONFLICTS = {
    "the group moved on": write(3, read_groups={A: 1}, groups={A: blob(3)}),
    "the group is gone": write(3, read_groups={key("gone"): 1}, groups={A: blob(3)}),
    "the group is there by now": write(3, read_groups={A: 0}, groups={A: blob(3)}),
    "the link leads elsewhere": write(3, read_links={LINK: B}, groups={A: blob(3)}),
    "the link became shared": write(3, read_links={LINK: SHARED}, groups={A: blob(3)}),
    "the link is there by now": write(3, read_links={LINK: None}, groups={A: blob(3)}),
    "the link is gone": write(3, read_links={key("gone"): A}, groups={A: blob(3)}),
    "one of several reads is stale": write(
        3, read_groups={A: 2}, read_links={LINK: A, key("gone"): A}, groups={A: blob(3)}
    ),
}


@pytest.mark.parametrize("name", CONFLICTS)
async def test_a_change_whose_reads_do_not_stand_writes_nothing(
    store: Store, session: Session, name: str
) -> None:
    await store.commit(session, [founding("a"), growing("a", 2)])
    outbox = named(await store.outbox())
    stale = CONFLICTS[name]
    stale.links[key("other")] = A
    stale.index_added.append((LINK, A))
    assert await store.commit(session, [stale]) == [False]
    assert (await load_all(store, "a")).groups == {A: blob(2)}
    assert (await store.load([key("other")], [])).links == {key("other"): None}
    assert await store.index(LINK) == set()
    assert named(await store.outbox()) == outbox


async def test_changes_of_one_commit_stand_or_fall_alone(store: Store, session: Session) -> None:
    await store.commit(session, [founding("a")])
    answers = await store.commit(session, [founding("b"), founding("a"), founding("c")])
    assert answers == [True, False, True]
    assert set((await load_all(store, "a", "b", "c")).groups) == {A, B, key("c")}


async def test_a_change_sees_what_earlier_ones_of_the_same_commit_wrote(
    store: Store, session: Session
) -> None:
    deleting = write(
        3, read_groups={A: 2}, deleted=[A], links={LINK: None}, aliases={ic("a"): None}
    )
    writes = [founding("a"), founding("a"), growing("a", 2), deleting, founding("a", 4)]
    assert await store.commit(session, writes) == [True, False, True, True, True]
    assert (await load_all(store, "a")).groups == {A: blob(4)}


async def test_deleting_removes_group_link_and_alias(store: Store, session: Session) -> None:
    await store.commit(session, [founding("a")])
    deleting = write(
        2, read_groups={A: 1}, deleted=[A], links={LINK: None}, aliases={ic("a"): None}
    )
    assert await store.commit(session, [deleting]) == [True]
    loaded = await load_all(store, "a")
    assert (loaded.links, loaded.aliases, loaded.groups) == ({LINK: None}, {ic("a"): None}, {})
    assert {version for entry in await store.outbox() for version in entry.groups.values()} == {
        1,
        2,
    }


async def test_repeating_a_commit_whose_answer_was_lost_is_a_conflict(
    store: Store, session: Session
) -> None:
    assert await store.commit(session, [founding("a")]) == [True]
    assert await store.commit(session, [founding("a")]) == [False]
    assert len(await store.outbox()) == 1


async def test_a_record_found_applied_enters_its_group_once_however_often(
    store: Store, session: Session
) -> None:
    await store.commit(session, [founding("a")])
    again = write(9, read_groups={A: 1}, entry_groups=[A], entry_ids=[ic("a")])
    other = Session(session.slot, "second", session.fence)
    for _ in range(2):
        assert await store.commit(other, [again]) == [True]
    entries = [entry for entry in await store.outbox() if entry.nonce == "second"]
    assert [entry.groups for entry in entries] == [{A: 1}]


async def test_versions_beyond_doubles_of_32_bits_are_compared_exactly(
    store: Store, session: Session
) -> None:
    high = (8_000 << 40) | 1_000_000
    await store.commit(session, [founding("a", high)])
    assert await store.commit(session, [write(high, read_groups={A: high + 1})]) == [False]
    assert await store.commit(session, [growing("a", high + 1)]) == [True]
    assert max(max(entry.groups.values()) for entry in await store.outbox()) == high + 1


async def test_a_commit_of_a_thousand_changes(store: Store, session: Session) -> None:
    names = [str(number) for number in range(1_000)]
    assert all(await store.commit(session, [founding(name) for name in names]))
    assert len((await load_all(store, *names)).groups) == 1_000


async def test_an_index_names_the_groups_that_hold_carriers(store: Store, session: Session) -> None:
    await store.commit(session, [write(index_added=[(LINK, A), (LINK, B), (LINK, A)])])
    assert await store.index(LINK) == {A, B}
    await store.commit(session, [write(index_removed=[(LINK, A), (LINK, key("none"))])])
    assert await store.index(LINK) == {B}


async def test_a_full_index_says_that_it_is_incomplete_for_good(
    store: Store, session: Session
) -> None:
    groups = [key(str(number)) for number in range(INDEX_LIMIT + 2)]
    await store.commit(session, [write(index_added=[(LINK, group) for group in groups[:-2]])])
    assert await store.index(LINK) == set(groups[:-2])
    await store.commit(session, [write(index_added=[(LINK, groups[-2]), (LINK, groups[0])])])
    assert await store.index(LINK) == {*groups[:-2], INDEX_INCOMPLETE}
    await store.commit(session, [write(index_removed=[(LINK, groups[0])])])
    await store.commit(session, [write(index_added=[(LINK, groups[-1])])])
    assert await store.index(LINK) == {*groups[1:-2], INDEX_INCOMPLETE}


async def test_spaces_do_not_see_each_other(world: World, store: Store, session: Session) -> None:
    other = world.store("-other")
    other_session = await open_session(other, "other")
    await store.commit(session, [founding("a")])
    assert (await load_all(other, "a")).groups == {}
    assert await other.commit(other_session, [founding("a", 5)]) == [True]
    assert (await load_all(store, "a")).groups == {A: blob(1)}


async def test_no_commit_on_a_store_that_lost_its_data(
    world: World, store: Store, session: Session
) -> None:
    world.flush()
    with pytest.raises(HistoryCutError):
        await store.commit(session, [founding("a")])
    assert (await load_all(store, "a")).groups == {}


async def test_links_and_aliases_that_share_a_bucket_are_told_apart(
    store: Store, session: Session
) -> None:
    # As far apart as two of a bucket can be, and as near as two of different ones.
    digests = [b"\x00\x00" + bytes(14), b"\x00\x03" + bytes(14), b"\x00\x04" + bytes(14)]
    digests += [b"\x01" + bytes(15), bytes(15) + b"\x01"]
    ids = [format_customer_id(number.to_bytes(10, "big")) for number in (0, 1, 127, 128, 1 << 79)]
    links = {digest: key(str(number)) for number, digest in enumerate(digests)}
    aliases = {customer_id: key(str(number)) for number, customer_id in enumerate(ids)}
    await store.commit(session, [write(links=links, aliases=aliases)])
    loaded = await store.load(digests, ids)
    assert (loaded.links, loaded.aliases) == (links, aliases)
    gone = write(2, links={digests[0]: None}, aliases={ids[0]: None}, entry_groups=[A])
    assert await store.commit(session, [gone]) == [True]
    loaded = await store.load(digests, ids)
    assert loaded.links == {**links, digests[0]: None}
    assert loaded.aliases == {**aliases, ids[0]: None}


async def test_a_refused_change_does_not_shift_what_later_ones_read_and_write(
    store: Store, session: Session
) -> None:
    """Wherever in its reads the first of three stops."""
    await store.commit(session, [founding("a"), founding("b")])
    refused = write(
        5,
        read_groups={A: 1, B: 9, key("none"): 0},
        read_links={LINK: A, key("d-b"): B},
        groups={A: blob(5), B: blob(5)},
        links={LINK: B, key("new"): A},
        aliases={ic("a"): B},
        index_added=[(key("s"), A), (key("s"), B)],
        index_removed=[(LINK, A)],
    )
    by_link = write(5, read_groups={A: 1}, read_links={LINK: None, key("d-b"): B}, deleted=[A])
    last = growing("b", 2, index_added=[(key("s"), B)], links={key("more"): B})
    assert await store.commit(session, [refused, by_link, last]) == [False, False, True]
    assert (await load_all(store, "a", "b")).groups == {A: blob(1), B: blob(2)}
    assert (await store.load([key("more"), key("new")], [])).links == {
        key("more"): B,
        key("new"): None,
    }
    assert await store.index(key("s")) == {B}


INDEXED = {"as read": True, "one more": False, "one less": False, "another": False}


@pytest.mark.parametrize("name", INDEXED)
async def test_a_change_stands_on_an_index_that_names_these_groups_and_no_others(
    store: Store, session: Session, name: str
) -> None:
    carriers = [key(letter) for letter in "xyz"]
    read = {"as read": carriers, "one more": carriers[:2], "another": [*carriers[:2], A]}
    added = [(LINK, each) for each in carriers]
    await store.commit(session, [write(links={LINK: SHARED}, index_added=added)])
    freeing = write(
        2,
        groups={A: blob(2)},
        links={LINK: A},
        index_removed=added,
        read_indexes={LINK: frozenset(read.get(name, [*carriers, A]))},
    )
    after = write(3, groups={B: blob(3)})
    assert await store.commit(session, [freeing, after]) == [INDEXED[name], True]
    assert (await store.load([LINK], [])).links == {LINK: A if INDEXED[name] else SHARED}
    assert await store.index(LINK) == (set() if INDEXED[name] else set(carriers))
