"""A changelog topic that was deleted and made again: what Redis holds is published into it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace as with_

from icustomer.contracts.topics import Topic
from icustomer.core.model import epoch_of, version_after
from icustomer.rebuild import Way
from icustomer.session import MADE_AGAIN
from icustomer.store.codec import decode, encode
from unit.rebuild.scene import Hand, Scene

EVENTS = 60
LOOKS = 20
"""More than it takes a worker to make sure that its fence is no good any more."""


@pytest.fixture
async def scene() -> Scene:
    """A town that has lived for a while, and whose changelog is another one since."""
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    await hand.leave()
    scene.kafka.make_again(Topic.IDENTITY_STATE)
    return scene


async def test_all_that_stands_is_published_into_the_new_topic(scene: Scene) -> None:
    expected, profiles = scene.state(), scene.last(Topic.PROFILES)
    rebuilt, _ = await scene.catch_up()
    assert (rebuilt.way, rebuilt.groups) == (Way.LOG_MADE_AGAIN, len(expected["groups"]))
    assert scene.state() == expected
    await scene.settle()
    assert scene.last(Topic.IDENTITY_STATE) == expected["groups"]
    assert await scene.state_from_the_log() == expected
    assert scene.last(Topic.PROFILES) == profiles


async def test_on_demand_nothing_is_deleted_either(scene: Scene) -> None:
    expected = scene.state()
    rebuilt = await scene.rebuilder().run(scene.nonce())
    assert rebuilt.way is Way.LOG_MADE_AGAIN
    assert scene.state() == expected


async def test_afterwards_it_is_a_changelog_like_any_other(scene: Scene) -> None:
    await scene.catch_up()
    hand = await scene.settle()
    await scene.live(hand, EVENTS)
    expected = scene.state()
    scene.restart()
    assert (await scene.catch_up())[0].way is Way.TAIL
    scene.flush()
    assert (await scene.catch_up())[0].way is Way.WHOLE
    assert scene.state() == expected


async def test_what_led_to_nothing_is_gone(scene: Scene) -> None:
    expected = scene.state()
    scene.space.links[bytes(16)] = min(scene.space.groups)
    scene.space.aliases["ic_nobody"] = bytes(16)
    await scene.catch_up()
    assert scene.state() == expected


async def test_what_others_published_into_the_new_topic_meanwhile_counts(scene: Scene) -> None:
    """By version: newer ones, older ones, a group more, and one that is gone."""
    groups = sorted(map(decode, scene.space.groups.values()), key=lambda group: group.id)
    changed, unchanged, gone = groups[:3]
    epoch = epoch_of(changed.version)
    newer = with_(changed, version=version_after(epoch, changed.version))
    stale = with_(unchanged, version=unchanged.version - 1)
    await scene.publish(newer, stale)
    await scene.publish_records({gone.id: (version_after(epoch, gone.version), None)})
    await scene.catch_up()
    standing = scene.space.groups
    assert standing[changed.id] == encode(newer)
    assert standing[unchanged.id] == encode(unchanged)
    assert gone.id not in standing
    assert gone.id not in scene.space.links.values()
    await scene.settle()
    assert scene.last(Topic.IDENTITY_STATE) == scene.space.groups
    assert scene.state() == await scene.state_from_the_log()


async def test_an_older_redis_gives_way_to_what_is_in_the_new_topic() -> None:
    """Two groups of the older Redis are one by now."""
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, EVENTS // 3)
    former = scene.redis.snapshot()
    await scene.live(hand, 2 * EVENTS)
    await hand.leave()
    scene.kafka.make_again(Topic.IDENTITY_STATE)
    await scene.catch_up()
    await scene.settle()
    expected = scene.state()
    assert set(former.spaces["scene"].groups) - set(expected["groups"]), "some are gone"
    scene.redis.restore(former, "replica")
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.LOG_MADE_AGAIN
    assert scene.state() == expected
    await scene.settle()
    assert scene.state() == expected == await scene.state_from_the_log()


async def test_numbers_of_claims_go_on_though_the_log_has_forgotten_them(scene: Scene) -> None:
    """Versions begin with them, and must not fall."""
    epoch = scene.space.epoch
    assert epoch is not None
    await scene.catch_up()
    later = scene.space.epoch
    assert later is not None
    assert later.number == epoch.number + 1


async def test_if_redis_is_lost_too_what_is_in_the_new_topic_stands(scene: Scene) -> None:
    group = decode(min(scene.space.groups.values()))
    scene.flush()
    await scene.publish(group)
    rebuilt, _ = await scene.catch_up()
    assert (rebuilt.way, set(scene.space.groups)) == (Way.WHOLE, {group.id})


async def test_a_restarted_redis_with_its_data_is_published_too(scene: Scene) -> None:
    expected = scene.state()
    scene.restart()
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.LOG_MADE_AGAIN
    await scene.settle()
    assert scene.state() == expected == await scene.state_from_the_log()


# A worker that is at work meanwhile


@pytest.fixture
async def at_work() -> tuple[Scene, Hand]:
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    return scene, hand


async def until(hand: Hand, holds: Callable[[], bool]) -> None:
    for _ in range(LOOKS):
        if holds():
            return
        await hand.worker.tend()
    raise AssertionError("in vain")


async def test_a_worker_at_work_notices_it_and_publishes_all(at_work: tuple[Scene, Hand]) -> None:
    scene, hand = at_work
    expected, profiles = scene.state(), scene.last(Topic.PROFILES)
    scene.kafka.make_again(Topic.IDENTITY_STATE)
    await until(hand, lambda: scene.last(Topic.IDENTITY_STATE) == expected["groups"])
    await until(hand, lambda: not scene.space.outbox)
    assert MADE_AGAIN in map(str, hand.told.disturbances)
    assert scene.state() == expected == await scene.state_from_the_log()
    assert scene.last(Topic.PROFILES) == profiles


async def test_the_session_is_dropped_as_soon_as_the_checkpoint_is_refused(
    at_work: tuple[Scene, Hand],
) -> None:
    scene, hand = at_work
    assert hand.sessions.current is not None
    await hand.sessions.renew()
    assert hand.sessions.current is not None
    scene.kafka.make_again(Topic.IDENTITY_STATE)
    await hand.sessions.renew()
    assert hand.sessions.current is None


async def test_events_that_come_meanwhile_are_not_lost(at_work: tuple[Scene, Hand]) -> None:
    scene, hand = at_work
    scene.kafka.make_again(Topic.IDENTITY_STATE)
    scene.send(EVENTS // 2)
    await hand.work()
    await until(hand, lambda: MADE_AGAIN in map(str, hand.told.disturbances))
    await until(hand, lambda: not scene.space.outbox)
    assert scene.last(Topic.IDENTITY_STATE) == scene.space.groups
    assert scene.state() == await scene.state_from_the_log()
