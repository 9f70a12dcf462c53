"""Rebuilders that die or lose answers, at each of their calls in turn: another completes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from icustomer import replay
from icustomer.contracts.topics import Topic
from icustomer.errors import UnavailableError
from icustomer.rebuild import Way
from icustomer.store.limits import LEASE_SECONDS
from icustomer.store.memory_state import Picture
from icustomer.store.port import Claim
from unit.rebuild.scene import Scene, State, Strikes, StruckError, When, copied, died, lost

EVENTS = 30
FEWEST_CALLS = 12
"""A catch-up has at least so many; else the strikes did not reach it."""
MOST_CALLS = 300


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there is something between two portions."""
    monkeypatch.setattr(replay, "PORTION", 6)


class Case:
    """Servers as they stand when a rebuild begins; it can begin there again and again."""

    def __init__(self, scene: Scene, way: Way, expected: State, redis: Picture) -> None:
        self.scene = scene
        self.way = way
        self.expected = expected
        """What must stand afterwards."""
        self._redis = redis
        self._kafka = copied(scene.kafka)

    def begin(self) -> None:
        self.scene.kafka = copied(self._kafka)
        self.scene.redis.restore(self._redis, self.scene.nonce())


async def town() -> tuple[Scene, Picture]:
    """A town, and its Redis some time before the end."""
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    former = scene.redis.snapshot()
    await scene.live(hand, EVENTS // 2)
    await hand.leave()
    return scene, former


async def all_lost() -> Case:
    scene, _ = await town()
    return Case(scene, Way.WHOLE, scene.state(), Picture({}))


async def of_another_history() -> Case:
    """What stands must go, however often that is begun."""
    scene, _ = await town()
    expected = scene.state()
    scene.space.epoch = Claim(99, "of another branch")
    scene.space.links[bytes(16)] = min(scene.space.groups)
    return Case(scene, Way.WHOLE, expected, scene.redis.snapshot())


async def lagging() -> Case:
    scene, former = await town()
    return Case(scene, Way.TAIL, scene.state(), former)


async def log_made_again() -> Case:
    scene, _ = await town()
    scene.kafka.make_again(Topic.IDENTITY_STATE)
    return Case(scene, Way.LOG_MADE_AGAIN, scene.state(), scene.redis.snapshot())


CASES = (all_lost, of_another_history, lagging, log_made_again)
Made = Callable[[], Awaitable[Case]]


async def struck(case: Case, calls: int, error: Callable[[], BaseException], when: When) -> bool:
    """A rebuild from the beginning, struck at a call; False: it needed no more calls than that."""
    case.begin()
    strikes = Strikes(calls, error, when)
    try:
        rebuilt = await case.scene.struck(strikes).catch_up(case.scene.nonce())
    except (StruckError, UnavailableError):
        return True
    assert not strikes.struck
    assert rebuilt.way is case.way
    assert case.scene.state() == case.expected
    return False


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("made", CASES)
async def test_another_completes_what_one_that_died_at_any_call_began(
    made: Made, when: When
) -> None:
    case = await made()
    calls = 0
    while await struck(case, calls, died, when):
        case.scene.seconds += LEASE_SECONDS + 1
        await case.scene.catch_up()
        assert case.scene.state() == case.expected, f"killed at call {calls}"
        await case.scene.settle()
        assert case.scene.state() == case.expected
        assert await case.scene.state_from_the_log() == case.expected, f"killed at call {calls}"
        calls += 1
        assert calls < MOST_CALLS
    assert calls >= FEWEST_CALLS


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("made", CASES)
async def test_whoever_failed_at_any_call_may_begin_again_at_once(made: Made, when: When) -> None:
    case = await made()
    calls = 0
    while await struck(case, calls, lost, when):
        await case.scene.catch_up()
        assert case.scene.state() == case.expected, f"failed at call {calls}"
        calls += 1
        assert calls < MOST_CALLS
    assert calls >= FEWEST_CALLS
