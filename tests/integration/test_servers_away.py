"""Servers away, workers killed, signals and mistakes: nothing is lost, and it is told plainly."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import pytest

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.local.generator import Sent, generate
from integration.support.judging import assert_as_oracle, last_records
from integration.support.program import Program, Worker, wait_until
from integration.support.reading import Reader
from integration.support.redis_process import RedisProcess
from integration.support.town import KEYRING, everything_told, unsettled
from servers.kafka import JavaKafka

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EVENTS = 900
SENT_LATER = 100
"""Sent when the fault is there already, so that it leaves something to do for certain."""
SEED = 7
BATCHES_BEFORE = 3
"""Done when a fault comes, of 32 and more, so that it falls into the middle."""
STOP_SECONDS = 30
TRIES = 3
"""To reach a server that is away, before it comes."""
MOST_LINES_OF_THE_CLIENT = 3
"""A try to reach a broker that is away."""


# -- servers away at the start ---------------------------------------------------------------


def test_a_worker_waits_for_a_redis_that_is_away_at_the_start(
    program: Program, server: RedisProcess
) -> None:
    server.kill()
    worker = program.start_worker()
    wait_until(lambda: len(worker.told("disturbed")) >= TRIES, "tries")
    assert not worker.said("ready")
    assert_plain_warnings(worker, "Redis")
    server.start()
    worker.wait_ready()
    assert worker.terminate(STOP_SECONDS) == 0


def assert_plain_warnings(worker: Worker, server: str) -> None:
    """A warning a try with the server's name, in words of our own; besides at most a few lines
    of Kafka's client."""
    for line in worker.told("disturbed"):
        assert server in line["failure"]["text"]
        assert line["retry_seconds"] >= 0
    # Without Kafka the lag is unknown too; that is told once.
    known = {"disturbed", "lag_unknown"}
    others = [line for line in worker.warnings() if line["event"] not in known]
    assert len(worker.told("lag_unknown")) <= 1
    assert all(line["logger"] == "aiokafka" for line in others), others
    assert len(others) <= MOST_LINES_OF_THE_CLIENT * len(worker.told("disturbed"))


# -- faults in the middle of a stream --------------------------------------------------------


def test_a_redis_that_comes_back_empty_loses_nothing(
    program: Program, server: RedisProcess
) -> None:
    worker, reader = begun(program)
    server.kill()
    send_the_rest(program)
    wait_until(lambda: worker.misses("Redis"), "a word on Redis")
    server.start()
    assert_nothing_is_lost(program, reader, server)
    assert not worker.ended()


def test_a_kafka_that_was_away_loses_nothing(
    program: Program, kafka: JavaKafka, server: RedisProcess
) -> None:
    worker, reader = begun(program)
    kafka.kill()
    wait_until(lambda: worker.misses("Kafka"), "a word on Kafka")
    kafka.start()
    send_the_rest(program)
    assert_nothing_is_lost(program, reader, server)
    assert not worker.ended()


def test_what_a_killed_worker_had_in_hand_is_done_by_another(
    program: Program, server: RedisProcess
) -> None:
    second = program.start_worker()
    second.wait_ready()
    first, reader = begun(program)
    first.kill()
    send_the_rest(program)
    assert_nothing_is_lost(program, reader, server)
    counted = first.outcomes() + second.outcomes()
    assert second.outcomes().total() > 0
    assert counted.total() <= EVENTS, "only what was killed before its line can be missing"


def begun(program: Program) -> tuple[Worker, Reader]:
    """A worker in the middle of a stream."""
    worker = program.start_worker()
    worker.wait_ready()
    program.send(records()[:-SENT_LATER])
    wait_until(lambda: len(worker.told("batch_done")) >= BATCHES_BEFORE, "first batches")
    return worker, Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)


def send_the_rest(program: Program) -> None:
    program.send(records()[-SENT_LATER:])


def records() -> Sequence[Sent]:
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    return generate(SEED, EVENTS).records


def assert_nothing_is_lost(program: Program, reader: Reader, server: RedisProcess) -> None:
    """All is done, the oracle agrees, and each refused record is refused once or again."""
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    wait_until(lambda: unsettled(program, server.url) == 0, "an empty outbox")
    told = {topic: reader.read(topic) for topic in INPUTS}
    assert sum(map(len, told.values())) == EVENTS
    published = last_records(reader.read(Topic.PROFILES))
    assert assert_as_oracle(published, everything_told(told), [], KEYRING) > EVENTS / 20


# -- signals ---------------------------------------------------------------------------------


def test_a_worker_under_load_finishes_its_batch_and_the_next_one_goes_on(
    program: Program, server: RedisProcess
) -> None:
    first, reader = begun(program)
    assert first.terminate(STOP_SECONDS) == 0
    assert first.lines()[-1]["event"] == "stopped", "closed in order"
    send_the_rest(program)
    left = reader.lag(program.prefix)
    assert left >= SENT_LATER
    assert first.outcomes().total() == EVENTS - left, "what was done was committed"
    second = program.start_worker()
    assert_nothing_is_lost(program, reader, server)
    wait_until(
        lambda: (first.outcomes() + second.outcomes()).total() == EVENTS, "an outcome of each"
    )


def test_a_worker_stops_in_time_while_kafka_is_away_and_the_next_one_waits_for_it(
    program: Program, kafka: JavaKafka, server: RedisProcess
) -> None:
    first, reader = begun(program)
    kafka.kill()
    wait_until(lambda: first.misses("Kafka"), "a word on Kafka")
    assert first.terminate(STOP_SECONDS) == 0, first.lines()[-5:]
    second = program.start_worker()
    wait_until(lambda: len(second.told("disturbed")) >= TRIES, "tries")
    assert not second.said("ready")
    assert_plain_warnings(second, "Kafka")
    kafka.start()
    second.wait_ready()
    send_the_rest(program)
    assert_nothing_is_lost(program, reader, server)


def test_a_worker_stops_in_time_while_redis_does_not_answer(
    program: Program, server: RedisProcess
) -> None:
    worker, _ = begun(program)
    server.process.send_signal(signal.SIGSTOP)
    try:
        wait_until(lambda: worker.misses("Redis"), "a word on Redis")
        assert worker.terminate(STOP_SECONDS) == 0, worker.lines()[-5:]
    finally:
        server.process.send_signal(signal.SIGCONT)


# -- mistakes --------------------------------------------------------------------------------


def test_another_secret_key_is_refused_in_one_line(program: Program) -> None:
    worker = program.start_worker()
    worker.wait_ready()
    assert worker.terminate(STOP_SECONDS) == 0
    assert "ICUSTOMER_SECRET_KEY" in refusal(program, 1, SECRET_KEY="77" * 32)


def test_missing_topics_are_told_with_the_command_that_creates_them(program: Program) -> None:
    told = refusal(program, 1, TOPIC_PREFIX="nowhere")
    assert "nowhere.signups" in told
    assert "icustomer topics create" in told


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", ""), ("SPACE", "Not Allowed")])
def test_a_setting_that_is_missing_or_impossible_is_named(
    program: Program, name: str, value: str
) -> None:
    assert f"ICUSTOMER_{name}" in refusal(program, 2, **{name: value})


def refusal(program: Program, exit_code: int, **changed: Any) -> str:
    """The one line for people with which `run` ends; there is no traceback."""
    done = program.variant(**changed).call("run")
    assert done.returncode == exit_code, done.stderr
    (told,) = (line for line in done.stderr.splitlines() if line.startswith("icustomer:"))
    assert "Traceback" not in done.stderr
    return told
