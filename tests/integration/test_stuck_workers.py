"""A worker that cannot go on by itself tells it and leaves; one that only waits does not."""

from __future__ import annotations

import signal
import time

import httpx
import pytest

from icustomer.contracts.topics import Topic
from icustomer.local.generator import generate
from integration.support.hasty import start
from integration.support.program import Program, Worker, wait_until
from integration.support.reading import Reader
from integration.support.redis_process import RedisProcess
from integration.support.scraping import Site

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

SEED = 11
EVENTS = 200
FIRST = 20
WATCHDOG_SECONDS = 2.0
"""What the loop of these workers may hang."""
STALL_SECONDS = 6.0
"""More than any of these workers may look stuck before it leaves."""


def let_pass(seconds: float) -> None:
    """Time is all that is waited for."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, "time")


def reason_why(program: Program, worker: Worker, reason: str) -> str:
    """The one line for people with which the worker left by itself, after it had told over HTTP
    that it is not live."""
    site = Site(worker)
    told: list[str] = []

    def left() -> bool:
        try:
            answer = site.get("/health/live")
        except httpx.HTTPError:
            return worker.ended()
        if answer.status_code == 503:
            told.extend(answer.json()["reasons"])
        return worker.ended()

    events = iter(generate(SEED, EVENTS).records)
    wait_until(lambda: program.send([next(events)]) or left(), "the end of a stuck worker")
    assert reason in told, told
    assert worker.process.returncode == 1
    (line,) = (each for each in worker.log.read_text().splitlines() if "icustomer:" in each)
    return line


@pytest.mark.parametrize(
    ("fault", "reason"), [("fetching ended", "consumer_dead"), ("fetches lost", "input_stalled")]
)
def test_a_worker_to_which_nothing_comes_any_more_leaves(
    program: Program, fault: str, reason: str
) -> None:
    worker = start(program, fault)
    worker.wait_ready()
    line = reason_why(program, worker, reason)
    assert line == f"icustomer: the worker is stuck ({reason}) and leaves, to be started anew"


def test_a_worker_whose_loop_hangs_leaves_and_shows_where(program: Program) -> None:
    worker = start(program, "blocked loop")
    worker.wait_ready()
    program.send(generate(SEED, EVENTS).records[:FIRST])
    assert worker.process.wait(30) == 1
    assert worker.said("event_loop_hangs")
    told = worker.log.read_text()
    assert "in hang_in_the_middle_of_a_batch" in told
    for event in program.sent:
        assert event.key is None or event.key.decode() not in told


def test_a_member_that_gets_nothing_while_partitions_are_free_leaves(program: Program) -> None:
    workers = [start(program, "nothing assigned") for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    wait_until(lambda: any(worker.ended() for worker in workers), "one that leaves")
    (left,) = (worker for worker in workers if worker.ended())
    assert left.process.returncode == 1
    assert "the worker is stuck (no_partitions)" in left.log.read_text()


def test_a_worker_that_was_suspended_goes_on(program: Program) -> None:
    worker = start(program, "haste")
    worker.wait_ready()
    worker.process.send_signal(signal.SIGSTOP)
    let_pass(2 * WATCHDOG_SECONDS)
    worker.process.send_signal(signal.SIGCONT)
    let_pass(STALL_SECONDS)  # in which it has nothing to do
    assert_all_is_done(program, worker)


def test_a_worker_without_redis_waits(program: Program, server: RedisProcess) -> None:
    worker = start(program, "haste")
    worker.wait_ready()
    server.kill()
    events = generate(SEED, EVENTS).records
    for event in events[:FIRST]:
        program.send([event])
    let_pass(STALL_SECONDS)
    server.start()
    assert not worker.ended()
    assert Site(worker).live()
    assert_all_is_done(program, worker)


def assert_all_is_done(program: Program, worker: Worker) -> None:
    program.send(generate(SEED, EVENTS).records[FIRST:])
    reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    assert reader.read(Topic.PROFILES)
    assert not worker.ended()
