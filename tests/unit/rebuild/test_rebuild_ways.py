"""Which way a catch-up takes, why, and how little it reads."""

from __future__ import annotations

import pytest
from msgspec.structs import replace as with_

from icustomer import replay
from icustomer.core.model import VERSION_EPOCH_SHIFT
from icustomer.rebuild import CHECKPOINT_GOOD_SECONDS, Way
from icustomer.store.codec import decode, encode
from icustomer.store.port import Checkpoint, Claim
from icustomer.stream.port import ChangelogRecord
from unit.rebuild.scene import Hand, Scene

EVENTS = 60


@pytest.fixture
async def scene() -> Scene:
    """A town that has lived for a while."""
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    await hand.leave()
    return scene


async def records_of(scene: Scene) -> list[ChangelogRecord]:
    return [each async for each in scene.rebuilder()._log.changelog()]


async def assert_whole(scene: Scene) -> None:
    """All is read, and the same stands as before."""
    expected, records = scene.state(), await records_of(scene)
    rebuilt, read = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert read[-1] == len(records)
    assert rebuilt.groups == len(expected["groups"])
    assert scene.state() == expected


async def test_nothing_is_read_if_nothing_came_since_the_checkpoint(scene: Scene) -> None:
    expected = scene.state()
    scene.restart()
    rebuilt, read = await scene.catch_up()
    assert (rebuilt.way, rebuilt.groups, read) == (Way.TAIL, 0, [0])
    assert scene.state() == expected
    assert not scene.space.outbox


async def test_only_what_came_after_the_checkpoint_is_read(scene: Scene) -> None:
    before = len(await records_of(scene))
    hand = await scene.hand()
    scene.send(20)
    await hand.work()
    expected, after = scene.state(), len(await records_of(scene))
    assert after > before
    scene.restart()
    rebuilt, read = await scene.catch_up()
    assert (rebuilt.way, rebuilt.groups, read) == (Way.TAIL, 0, [after - before])
    assert scene.state() == expected


async def test_a_redis_that_lags_is_brought_up_from_its_own_checkpoint(scene: Scene) -> None:
    former, before = scene.redis.snapshot(), len(await records_of(scene))
    hand = await scene.hand()
    await scene.live(hand, 40)
    expected, after = scene.state(), len(await records_of(scene))
    scene.redis.restore(former, "replica")
    rebuilt, read = await scene.catch_up()
    assert (rebuilt.way, read) == (Way.TAIL, [after - before])
    assert rebuilt.groups > 0
    assert scene.state() == expected


async def test_what_was_caught_up_with_is_not_read_again(scene: Scene) -> None:
    hand = await scene.hand()
    scene.send(20)
    await hand.work()
    for expected in (1, 0):
        scene.restart()
        rebuilt, read = await scene.catch_up()
        assert rebuilt.way is Way.TAIL
        assert bool(read[0]) == bool(expected)


async def test_all_is_read_if_redis_is_empty(scene: Scene) -> None:
    expected = scene.state()
    scene.flush()
    rebuilt, read = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert read == [len(await records_of(scene))]
    assert scene.state() == expected


async def test_all_is_read_without_a_checkpoint(scene: Scene) -> None:
    scene.restart()
    scene.space.checkpoint = None
    await assert_whole(scene)


async def test_a_checkpoint_is_good_until_tombstones_after_it_may_be_gone(scene: Scene) -> None:
    scene.restart()
    scene.seconds += CHECKPOINT_GOOD_SECONDS
    assert (await scene.catch_up())[0].way is Way.TAIL
    scene.restart()
    scene.seconds += CHECKPOINT_GOOD_SECONDS + 1
    await assert_whole(scene)


@pytest.mark.parametrize("change", ["one partition more", "one fewer", "beyond the end"])
async def test_all_is_read_if_the_checkpoint_does_not_fit_the_log(
    scene: Scene, change: str
) -> None:
    scene.restart()
    checkpoint = scene.space.checkpoint
    assert checkpoint is not None
    offsets = dict(checkpoint.offsets)
    if change == "one partition more":
        offsets[max(offsets) + 1] = 0
    elif change == "one fewer":
        del offsets[max(offsets)]
    else:
        offsets[1] += 1_000
    scene.space.checkpoint = Checkpoint(checkpoint.topic, offsets)
    await assert_whole(scene)


async def test_all_is_read_if_the_log_knows_of_a_rebuild_that_redis_does_not(
    scene: Scene,
) -> None:
    scene.restart()
    epoch = scene.space.epoch
    assert epoch is not None
    await scene.rebuilder()._log.write_claim(Claim(epoch.number + 1, "another"))
    await assert_whole(scene)


async def test_all_is_read_if_redis_tells_no_epoch(scene: Scene) -> None:
    scene.restart()
    scene.space.epoch = None
    await assert_whole(scene)


async def test_a_redis_of_another_branch_of_history_is_deleted(scene: Scene) -> None:
    """Put aside, rebuilt elsewhere, and back: what only stood here is no truth."""
    former = scene.redis.snapshot()
    scene.flush()
    hand = await scene.hand("second")
    await scene.live(hand, 20)
    expected = scene.state()
    scene.redis.restore(former, "the old one")
    group = decode(min(scene.space.groups.values()))
    scene.space.groups[bytes(16)] = encode(with_(group, id=bytes(16)))
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert scene.state() == expected


async def test_all_is_read_if_what_came_later_is_of_a_later_epoch(scene: Scene) -> None:
    """The last claim was a late one, of a rebuild that others had overtaken long ago."""
    scene.restart()
    group = decode(min(scene.space.groups.values()))
    epoch = (group.version >> VERSION_EPOCH_SHIFT) + 7
    later = with_(group, version=epoch << VERSION_EPOCH_SHIFT)
    await scene.publish(later)
    rebuilt, read = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert len(read) == 2
    assert decode(scene.space.groups[group.id]).version == later.version
    fence = await scene.store().read_fence()
    assert fence is not None
    assert fence.claim.number == epoch + 1


async def test_all_is_read_if_too_many_groups_changed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = await scene.hand()
    scene.send(40)
    await hand.work()
    monkeypatch.setattr(replay, "PORTION", 3)
    monkeypatch.setattr(replay, "LONGEST_TAIL", 5)
    expected, records = scene.state(), await records_of(scene)
    scene.restart()
    rebuilt, read = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert read[0] < read[1] == len(records)
    assert scene.state() == expected


async def test_on_demand_all_is_read_though_nothing_is_amiss(scene: Scene) -> None:
    expected = scene.state()
    rebuilt = await scene.rebuilder().run(scene.nonce())
    assert rebuilt.way is Way.WHOLE
    assert scene.state() == expected


async def test_whatever_a_rebuild_on_demand_finds_in_redis_goes(scene: Scene) -> None:
    expected = scene.state()
    scene.space.links[bytes(16)] = min(scene.space.groups)
    scene.space.aliases["ic_nobody"] = bytes(16)
    scene.space.groups.popitem()
    await scene.rebuilder().run(scene.nonce())
    assert scene.state() == expected


async def test_the_worker_goes_on_after_each_way(scene: Scene) -> None:
    hand: Hand = await scene.hand("second")
    for cut in (scene.restart, scene.flush, scene.restart):
        cut()
        await scene.live(hand, 20)
        await hand.worker.tend()
        assert scene.state() == await scene.state_from_the_log()
        assert not scene.space.outbox
