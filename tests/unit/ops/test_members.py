"""A worker's place under a parent, with a stand-in for the worker's program."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from icustomer.errors import OperatorError, SettingsError
from icustomer.observer import Report as BatchReport
from icustomer.ops import metrics_families as families
from icustomer.ops.health import Reason
from icustomer.ops.metrics import Metrics
from icustomer.ops.metrics_lag import Lag
from icustomer.ops.reporting import SupervisorLog
from icustomer.supervisor import Supervisor
from icustomer.supervisor_link import Failed, Report, framed
from icustomer.supervisor_member import Member
from icustomer.supervisor_restarts import DEFAULT, Patience

FAKE = Path(__file__).with_name("fake_worker_process.py")
QUICK = Patience(first_pause=0.01)
ONE_DEATH = Patience(deaths=1, hang=0.5)
REFUSAL = Failed("ICUSTOMER_SPACE must be something else", settings=True)


def report(*unready):
    metrics = Metrics()
    metrics.batch_done(BatchReport())
    return Report(metrics.current, list(unready), [], 1.5, 1_000)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def member(what, message=None, number=1, patience=QUICK, clock=None):
    words = framed(message or report()).hex()
    command = (sys.executable, "-I", "-S", str(FAKE), what, words)
    return Member(number, SupervisorLog(), command, patience, clock or Clock())


async def until(condition):
    """Other tasks run until the condition holds."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 -- what is waited for tells nobody
            await asyncio.sleep(0.01)


def batches(kept):
    return sum(kept.snapshot.distributions[families.BATCHES.name][()].counts)


async def test_what_a_worker_reports_is_told_of_it():
    one = member("wait")
    assert one.unready() == [Reason.WORKER_DOWN]
    task = asyncio.ensure_future(one.keep())
    await until(lambda: not one.unready())
    assert (one.running, one.dead(), batches(one)) == (True, [], 1)
    assert (one.cpu_seconds, one.resident_bytes) == (1.5, 1_000)
    one.stop(signal.SIGTERM)
    await task
    assert not one.running


async def test_a_worker_that_dies_is_started_again_and_its_counts_stay():
    one = member("die")
    with pytest.raises(OperatorError, match=r"worker 1 cannot be kept alive.*5 times.*status 7"):
        await one.keep()
    assert one.restarts == 4
    assert batches(one) == 5
    assert one.cpu_seconds == 7.5
    assert one.resident_bytes == 0


async def test_a_death_between_two_starts_is_not_ready_but_live():
    one = member("die", patience=Patience(first_pause=1_000))
    task = asyncio.ensure_future(one.keep())
    await until(lambda: batches(one) and not one.running)
    assert (one.dead(), one.unready()) == ([], [Reason.WORKER_DOWN])
    one.stop(signal.SIGTERM)
    await task
    assert one.restarts == 0


async def test_what_the_operator_must_mend_is_not_tried_again():
    one = member("wait", REFUSAL)
    with pytest.raises(SettingsError, match="ICUSTOMER_SPACE"):
        await one.keep()
    await one.gone()


async def test_a_worker_that_says_nothing_is_not_live():
    clock = Clock()
    one = member("wait", clock=clock)
    task = asyncio.ensure_future(one.keep())
    await until(lambda: not one.unready())
    clock.now += DEFAULT.silence + 1
    assert one.dead() == [Reason.WORKER_SILENT]
    assert one.unready() == [Reason.WORKER_SILENT]
    one.stop(signal.SIGTERM)
    await task


async def test_a_worker_that_hangs_is_killed():
    with pytest.raises(OperatorError, match="status -9"):
        await member("wait", patience=ONE_DEATH).keep()


class NoLag:
    lag = Lag((), 0.0)


def parent(*members, patience=DEFAULT):
    return Supervisor(members, NoLag(), SupervisorLog(), patience)


async def test_a_parent_is_ready_when_all_workers_are_and_adds_their_counts_up():
    members = [member("wait", number=number) for number in (1, 2)]
    supervisor = parent(*members)
    task = asyncio.ensure_future(supervisor.run())
    await until(lambda: not members[0].unready())
    await until(lambda: not supervisor.ready().reasons)
    assert supervisor.ready().workers == {"1": [], "2": []}
    figures = supervisor.figures()
    assert figures.ready
    assert sum(figures.snapshot.distributions[families.BATCHES.name][()].counts) == 2
    assert (figures.crew.running, figures.crew.cpu_seconds) == (2, 3.0)
    supervisor.asked_to_stop(signal.SIGINT)
    await task
    assert Reason.STOPPING in supervisor.ready().reasons
    assert supervisor.live().reasons == []


async def test_one_worker_that_cannot_be_kept_ends_all():
    good, bad = member("wait", number=1), member("die", number=2, patience=ONE_DEATH)
    with pytest.raises(OperatorError, match="worker 2 cannot be kept alive"):
        await parent(good, bad).run()
    assert not good.running


async def test_a_refusal_of_all_workers_is_told_once():
    with pytest.raises(SettingsError, match="ICUSTOMER_SPACE"):
        await parent(member("wait", REFUSAL, number=1), member("wait", REFUSAL, number=2)).run()


async def test_a_worker_that_does_not_end_in_time_is_killed():
    one = member("stubborn", report("stopping"))
    supervisor = parent(one, patience=Patience(stop=0.2))
    task = asyncio.ensure_future(supervisor.run())
    await until(lambda: one.unready() == ["stopping"])
    supervisor.asked_to_stop(signal.SIGTERM)
    await task
    assert not one.running
