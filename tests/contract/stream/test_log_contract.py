"""What every log promises, asked of the one in memory and of the one on Kafka."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from icustomer.contracts.topics import Topic
from icustomer.errors import FencedError, UnavailableError
from icustomer.store.port import Claim
from icustomer.stream.port import ChangelogRecord, InputPartition, Log, OutputRecord

VERSION = "icustomer-version"
OFFSETS = {InputPartition(Topic.ORDERS, 0): 7, InputPartition(Topic.ORDERS, 2): 1}


def profile(key: bytes, value: bytes | None = b"{}") -> OutputRecord:
    return OutputRecord(Topic.PROFILES, key, value, [("ce_id", b"1"), ("empty", None)])


def group(group_id: bytes, version: int, blob: bytes | None) -> OutputRecord:
    headers = [(VERSION, str(version).encode())]
    return OutputRecord(Topic.IDENTITY_STATE, group_id, blob, headers)


async def eventually(read, holds):
    """What is read once it holds, or after 10 s: a transaction's answer comes when its end is
    decided, and its records are seen when the markers are written, a moment later."""
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            while not holds(await read()):  # noqa: ASYNC110 - nobody tells when the broker is done
                await asyncio.sleep(0.02)
    return await read()


async def visible(world, topic: Topic, expected) -> bool:
    seen = await eventually(lambda: world.visible(topic), lambda seen: seen == expected)
    return seen == expected


async def committed(world, expected) -> bool:
    seen = await eventually(world.committed, lambda offsets: dict(offsets) == expected)
    return dict(seen) == expected


async def changelog(log: Log) -> list[ChangelogRecord]:
    return [record async for record in log.changelog()]


async def test_records_and_offsets_become_visible_together(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.publish([profile(b"a"), profile(b"b", None), profile(b"a", b"2")], OFFSETS)
    seen = await eventually(lambda: world.visible(Topic.PROFILES), lambda seen: len(seen) == 3)
    assert sorted(seen, key=str) == sorted([(b"a", b"{}"), (b"a", b"2"), (b"b", None)], key=str)
    assert [value for key, value in seen if key == b"a"] == [b"{}", b"2"]
    assert await committed(world, OFFSETS)


async def test_offsets_alone_and_nothing_at_all_can_be_published(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.publish([], {})
    assert await committed(world, {})
    await log.publish([], OFFSETS)
    assert await committed(world, OFFSETS)


async def test_offsets_that_were_begun_with_count_when_the_records_are_out(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.begin(OFFSETS)
    await log.publish([profile(b"a")], OFFSETS)
    assert await visible(world, Topic.PROFILES, [(b"a", b"{}")])
    assert await committed(world, OFFSETS)
    await log.publish([profile(b"b")], {})
    seen = await eventually(lambda: world.visible(Topic.PROFILES), lambda seen: len(seen) == 2)
    assert len(seen) == 2


async def test_records_are_refused_if_other_offsets_were_begun_with(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.begin(OFFSETS)
    with pytest.raises(UnavailableError):
        await log.publish([profile(b"a")], {})
    await log.initialise(1)
    await log.publish([profile(b"b")], {})
    assert await visible(world, Topic.PROFILES, [(b"b", b"{}")])
    assert await committed(world, {})


async def test_offsets_of_a_batch_that_was_given_up_do_not_count(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.begin(OFFSETS)
    await log.initialise(1)
    await log.publish([profile(b"a")], {})
    assert await visible(world, Topic.PROFILES, [(b"a", b"{}")])
    assert await committed(world, {})


async def test_beginning_twice_is_refused_and_ends_the_session(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.begin(OFFSETS)
    with pytest.raises(UnavailableError):
        await log.begin(OFFSETS)
    with pytest.raises(UnavailableError):
        await log.publish([profile(b"a")], OFFSETS)
    assert await committed(world, {})


async def test_what_became_of_offsets_sent_ahead_is_told_at_the_latest_with_the_records(
    world,
) -> None:
    former, later = world.log(), world.log()
    await former.initialise(0)
    await later.initialise(0)
    with pytest.raises(FencedError):  # noqa: PT012 - the one in memory tells it earlier
        await former.begin(OFFSETS)
        await former.publish([profile(b"stale")], OFFSETS)
    assert await committed(world, {})


async def test_a_dead_letter_without_a_key_is_published(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.publish([OutputRecord(Topic.DEAD_LETTERS, None, b"raw", [("h", b"\xff")])], {})
    assert await visible(world, Topic.DEAD_LETTERS, [(None, b"raw")])


async def test_nothing_is_published_before_initialising(world) -> None:
    with pytest.raises(UnavailableError):
        await world.log().publish([profile(b"a")], {})


async def test_the_former_holder_of_a_slot_is_fenced_and_publishes_nothing(world) -> None:
    former, later = world.log(), world.log()
    await former.initialise(0)
    await later.initialise(0)
    with pytest.raises(FencedError):
        await former.publish([profile(b"stale")], OFFSETS)
    assert await visible(world, Topic.PROFILES, [])
    assert await committed(world, {})
    await later.publish([profile(b"new")], {})
    assert await visible(world, Topic.PROFILES, [(b"new", b"{}")])


async def test_a_fenced_log_publishes_again_only_after_initialising_again(world) -> None:
    former, later = world.log(), world.log()
    await former.initialise(0)
    await later.fence_slot(0)
    with pytest.raises(FencedError):
        await former.publish([profile(b"stale")], {})
    with pytest.raises(UnavailableError):
        await former.publish([profile(b"stale")], {})
    await former.initialise(1)
    await former.publish([profile(b"new")], {})
    assert await visible(world, Topic.PROFILES, [(b"new", b"{}")])


async def test_what_a_dead_worker_left_open_is_aborted_by_the_next_of_its_slot(world) -> None:
    dead = await world.leave_open(5, profile(b"half"))
    log = world.log()
    await log.initialise(5)
    await log.publish([profile(b"whole")], {})
    assert await visible(world, Topic.PROFILES, [(b"whole", b"{}")])
    assert not await dead.try_to_commit()
    assert await visible(world, Topic.PROFILES, [(b"whole", b"{}")])


async def test_there_is_no_claim_at_first(world) -> None:
    assert await world.log().last_claim() is None


async def test_the_last_claim_is_read_while_a_transaction_is_open(world) -> None:
    log = world.log()
    await log.write_claim(Claim(1, "first"))
    assert await log.last_claim() == Claim(1, "first")
    await world.leave_open(3, group(b"g" * 16, 1, b"blob"), partition=0)
    await log.write_claim(Claim(2, "second"))
    assert await log.last_claim() == Claim(2, "second")
    assert await world.log().last_claim() == Claim(2, "second")


async def test_the_changelog_tells_groups_and_tombstones_but_no_claims(world) -> None:
    log = world.log()
    await log.initialise(0)
    one, two = b"1" * 16, b"2" * 16
    await log.publish([group(one, 1, b"a"), group(two, 1, b"b")], {})
    await log.write_claim(Claim(1, "claim"))
    await log.publish([group(one, 2, None)], {})
    found = await changelog(log)
    of_one = [record for record in found if record.group_id == one]
    assert of_one == [ChangelogRecord(one, 1, b"a"), ChangelogRecord(one, 2, None)]
    assert [record for record in found if record.group_id == two] == [ChangelogRecord(two, 1, b"b")]
    assert len(found) == 3


async def test_the_changelog_ends_behind_an_aborted_tail(world) -> None:
    log = world.log()
    await log.initialise(0)
    await log.publish([group(b"1" * 16, 1, b"a")], {})
    await world.leave_open(5, group(b"2" * 16, 9, b"never"))
    await world.log().fence_slot(5)
    assert await changelog(log) == [ChangelogRecord(b"1" * 16, 1, b"a")]


async def test_the_changelog_is_read_on_from_where_it_ended(world) -> None:
    log = world.log()
    await log.initialise(0)
    groups = [bytes([number]) * 16 for number in range(6)]
    await log.publish([group(each, 1, b"blob") for each in groups], {})
    await eventually(lambda: changelog(log), lambda read: len(read) == len(groups))
    end = await log.changelog_end()
    await log.publish([group(groups[0], 2, b"newer"), group(groups[1], 2, None)], {})

    async def later() -> list[ChangelogRecord]:
        return [record async for record in log.changelog(end.offsets)]

    read = await eventually(later, lambda read: len(read) == 2)
    assert sorted(read, key=lambda each: each.group_id) == [
        ChangelogRecord(groups[0], 2, b"newer"),
        ChangelogRecord(groups[1], 2, None),
    ]
    assert (await log.changelog_end()).topic == end.topic


async def test_the_claim_before_the_last_is_told(world) -> None:
    log, other = world.log(), world.log()
    assert await log.claim_before(Claim(1, "a")) is None
    await log.write_claim(Claim(1, "a"))
    assert await log.claim_before(Claim(1, "a")) is None
    await other.write_claim(Claim(2, "b"))
    assert await log.claim_before(Claim(2, "b")) == Claim(1, "a")
    await other.write_claim(Claim(3, "c"))
    assert await log.claim_before(Claim(2, "b")) is None
    assert await log.claim_before(Claim(3, "c")) == Claim(2, "b")


async def test_a_changelog_that_was_made_again_is_another_topic(world) -> None:
    log = world.log()
    await log.write_claim(Claim(1, "a"))
    before = await log.changelog_end()
    assert await log.last_claim() == Claim(1, "a")
    await world.make_again(Topic.IDENTITY_STATE)
    after = await log.changelog_end()
    assert after.topic != before.topic
    assert set(after.offsets.values()) == {0}
    assert await log.last_claim() is None


async def test_an_empty_changelog_ends_at_once(world) -> None:
    assert await changelog(world.log()) == []


async def test_initialising_all_ends_every_session_and_open_transaction(world) -> None:
    dead = await world.leave_open(63, profile(b"half"))
    mine, other = world.log(), world.log()
    await mine.initialise(0)
    await other.initialise(1)
    await mine.initialise_all()
    assert not await dead.try_to_commit()
    with pytest.raises(FencedError):
        await other.publish([profile(b"stale")], {})
    with pytest.raises(UnavailableError):
        await mine.publish([profile(b"stale")], {})
    await mine.initialise(0)
    await mine.publish([profile(b"new")], {})
    assert await visible(world, Topic.PROFILES, [(b"new", b"{}")])


async def test_a_slot_that_does_not_exist_is_refused(world) -> None:
    with pytest.raises(ValueError, match="slot 64"):
        await world.log().initialise(64)
