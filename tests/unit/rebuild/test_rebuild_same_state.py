"""Whatever the history, and wherever it was cut: the same state stands afterwards."""

from __future__ import annotations

import asyncio
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given, strategies

from icustomer import replay
from icustomer.contracts.topics import Topic
from icustomer.rebuild import Way
from icustomer.store.memory_state import Picture
from unit.rebuild.scene import Scene, StruckError
from worlds.play import quick

EVENTS = 40
FAR_FUTURE = 1 << 62
SEEDS = range(6)


@pytest.fixture(autouse=True)
def small_portions():
    """Towns have some dozens of groups, and several portions are wanted of them."""
    with patch.object(replay, "PORTION", 4):
        yield


@quick
@given(strategies.randoms(use_true_random=False), strategies.sampled_from(list(Way)[:2]))
def test_the_same_stands_after_a_cut_at_any_moment(random: Random, way: Way) -> None:
    asyncio.run(cut_at_any_moment(random, way))


async def cut_at_any_moment(random: Random, way: Way) -> None:
    """Two workers; the Redis that comes back is any of those that there were."""
    scene = Scene(random)
    hands = [await scene.hand("first"), await scene.hand("second")]
    pictures: list[Picture] = []
    for _ in range(random.randint(2, 6)):
        pictures.append(scene.redis.snapshot())
        scene.send(random.randint(1, EVENTS // 4))
        await random.choice(hands).work(random.choice((1, 3, 10)))
        if random.random() < 0.5:
            await random.choice(hands).worker.tend()
    await hands[0].work()
    expected, profiles = scene.state(), scene.last(Topic.PROFILES)
    scene.redis.restore(random.choice(pictures), "another")
    if way is Way.WHOLE:
        scene.space.checkpoint = None
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is way
    assert scene.state() == expected
    assert expected == await scene.state_from_the_log()
    await scene.settle()
    assert scene.last(Topic.PROFILES) == profiles
    assert scene.state() == expected


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_compaction_left_is_enough(seed: int) -> None:
    """Of each group the newest record, and tombstones only while they are kept."""
    print(f"seed {seed}")  # noqa: T201 - to run it again
    scene = Scene(Random(seed))
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    former, expected = scene.redis.snapshot(), scene.state()
    await scene.live(hand, EVENTS)
    later = scene.state()
    assert later != expected
    tombstones = sum(each.value is None for each in scene.kafka.records(Topic.IDENTITY_STATE))
    assert tombstones or seed, "the first seed has some"
    scene.kafka.compact(Topic.IDENTITY_STATE, before=FAR_FUTURE)
    scene.redis.restore(former, "replica")
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.TAIL
    assert scene.state() == later
    scene.kafka.compact(Topic.IDENTITY_STATE, before=FAR_FUTURE, tombstones_before=FAR_FUTURE)
    assert await scene.state_from_the_log() == later


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_was_committed_and_never_published_is_not_lost(seed: int) -> None:
    """A worker committed a batch and died; Redis came back with all that it held."""
    print(f"seed {seed}")  # noqa: T201 - to run it again
    scene = Scene(Random(seed))
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    scene.send(10)
    killed = patch.object(hand.log, "publish", side_effect=StruckError)
    with killed, pytest.raises(StruckError):
        await hand.work(10)
    expected = scene.state()
    assert scene.space.outbox
    assert expected != await scene.state_from_the_log()
    scene.restart()
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.TAIL
    assert scene.state() == expected
    await scene.settle()
    assert scene.state() == expected == await scene.state_from_the_log()


async def test_records_of_a_key_in_two_partitions_are_told_apart_by_their_versions() -> None:
    """Partitions were added: the former records of a group stay where they were."""
    scene = Scene(Random(3))
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    former = scene.redis.snapshot()
    _add_partitions(scene, 4)
    later = await scene.hand("after")
    await scene.live(later, EVENTS)
    places: dict[bytes, set[int]] = {}
    for record in scene.kafka.records(Topic.IDENTITY_STATE):
        places.setdefault(record.key or b"", set()).add(record.partition)
    assert any(len(each) > 1 for each in places.values())
    expected = scene.state()
    scene.redis.restore(former, "replica")
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE, "the checkpoint is of other partitions"
    assert scene.state() == expected
    await scene.settle()
    assert scene.state() == expected


def _add_partitions(scene: Scene, count: int) -> None:
    kafka, former = scene.kafka, scene.kafka.partitions
    kafka.partitions += count
    fresh = type(kafka)(kafka.partitions)._logs
    kafka._logs |= {place: log for place, log in fresh.items() if place[1] >= former}


async def test_indexes_of_shared_identifiers_come_back() -> None:
    scene = Scene(Random(1))
    hand = await scene.hand()
    former = scene.redis.snapshot()
    await scene.live(hand, 3 * EVENTS)
    expected = scene.state()
    assert expected["indexes"], "this seed has some"
    scene.redis.restore(former, "replica")
    assert (await scene.catch_up())[0].way is Way.TAIL
    assert scene.state() == expected


async def test_a_lost_and_empty_space_stays_empty() -> None:
    scene = Scene()
    for _ in range(2):
        rebuilt, _ = await scene.catch_up()
        assert rebuilt.groups == 0
    assert scene.state() == {"groups": {}, "links": {}, "aliases": {}, "indexes": {}}
