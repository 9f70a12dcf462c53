"""The pending fence: one rebuilds, the others wait, and whoever was overtaken changes nothing."""

from __future__ import annotations

import asyncio

import pytest

from icustomer import rebuild
from icustomer.errors import FencedError, HistoryCutError, UnavailableError
from icustomer.rebuild import Way
from icustomer.store.limits import LEASE_SECONDS
from icustomer.store.port import Claim
from unit.rebuild.scene import MAKER, Scene, WatchedLog


@pytest.fixture
async def scene() -> Scene:
    """A town that has lived for a while, and a Redis that has lost it."""
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, 40)
    await hand.leave()
    return scene


class HeldLog(WatchedLog):
    """Waits before it reads the changelog, until it is let go."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.kafka)
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def changelog(self, *arguments):
        self.reached.set()
        await self.go_on.wait()
        async for record in super().changelog(*arguments):
            yield record


async def held(scene: Scene) -> tuple[HeldLog, asyncio.Task[rebuild.Rebuilt]]:
    """A catch-up that stands where it would read."""
    log = HeldLog(scene)
    task = asyncio.create_task(scene.rebuilder(log=log).catch_up(scene.nonce()))
    await log.reached.wait()
    return log, task


async def test_while_one_rebuilds_no_other_begins(scene: Scene) -> None:
    expected = scene.state()
    scene.flush()
    log, task = await held(scene)
    with pytest.raises(UnavailableError, match="another worker is rebuilding"):
        await scene.catch_up()
    log.go_on.set()
    assert (await task).way is Way.WHOLE
    assert scene.state() == expected


async def test_the_pending_fence_is_renewed_while_nothing_is_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading may take longer than the lease."""
    monkeypatch.setattr(rebuild, "RENEW_SECONDS", 0.0)
    scene.flush()
    log, task = await held(scene)
    for _ in range(5):
        scene.seconds += LEASE_SECONDS - 1
        until, turns = scene.space.fence_until, 0
        assert until is not None
        while scene.space.fence_until == until and turns < 100:
            await asyncio.sleep(0)
            turns += 1
    with pytest.raises(UnavailableError):
        await scene.catch_up()
    log.go_on.set()
    assert (await task).way is Way.WHOLE


@pytest.mark.parametrize("cut", ["flush", "restart"])
async def test_whoever_stood_still_past_the_lease_is_overtaken_for_good(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """Another rebuilt and opened the store meanwhile: the fence stays as that one left it."""
    expected = scene.state()
    getattr(scene, cut)()
    log, task = await held(scene)
    scene.seconds += LEASE_SECONDS + 1
    await scene.catch_up()
    fence = scene.space.fence
    monkeypatch.setattr(rebuild, "RENEW_SECONDS", 0.0)
    log.go_on.set()
    with pytest.raises((UnavailableError, HistoryCutError)):
        await task
    assert scene.space.fence == fence
    assert scene.state() == expected


async def test_a_renewal_that_comes_too_late_takes_no_fence_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "RENEW_SECONDS", 0.0)
    scene.flush()
    log, task = await held(scene)
    # In one step, as seen by the rebuilder: it stood still, and another was quick.
    scene.seconds += LEASE_SECONDS + 1
    store = scene.store()
    assert await store.begin_rebuild("another")
    opened = await store.finish_rebuild("another", Claim(7, "another"), await log.changelog_end())
    for _ in range(20):
        await asyncio.sleep(0)
    assert scene.space.fence == opened.raw
    log.go_on.set()
    with pytest.raises((UnavailableError, HistoryCutError)):
        await task
    assert scene.space.fence == opened.raw


class ClaimingLog(WatchedLog):
    """Another's claim comes right after one's own."""

    async def write_claim(self, claim: Claim) -> None:
        await super().write_claim(claim)
        await super().write_claim(Claim(claim.number + 1, "another"))


class LateClaimingLog(WatchedLog):
    """Another's claim comes while the changelog is read."""

    async def changelog(self, *arguments):
        async for record in super().changelog(*arguments):
            yield record
        await self.write_claim(Claim(99, "another"))


@pytest.mark.parametrize("log_of", [ClaimingLog, LateClaimingLog])
@pytest.mark.parametrize("cut", ["flush", "restart"])
async def test_a_rebuild_that_another_claimed_since_comes_to_nothing(
    scene: Scene, log_of: type[WatchedLog], cut: str
) -> None:
    expected = scene.state()
    getattr(scene, cut)()
    log = log_of(scene.kafka)
    with pytest.raises(UnavailableError, match="another worker claimed"):
        await scene.rebuilder(log=log).catch_up(scene.nonce())
    assert bool(log.read) is (log_of is LateClaimingLog), "what can be told early is"
    assert scene.space.fence is None, "nobody need wait for the lease to run out"
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert scene.state() == expected


async def test_whoever_was_at_work_before_can_append_nothing_any_more(scene: Scene) -> None:
    """Each of them, whatever slot it has: what is read afterwards is all that there is."""
    others = [await scene.hand(name) for name in ("second", "third", "fourth")]
    await scene.catch_up()
    for other in others:
        with pytest.raises(FencedError):
            await other.log.publish([MAKER.changelog(bytes(16), None, 1)], {})
