"""Servers away, workers killed, signals and mistakes: nothing is lost, and it is told plainly."""

from __future__ import annotations

import signal
from collections import Counter
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
SEED = 7
BATCHES_BEFORE = 3
"""Done when a fault comes; of 36 and more, so that it falls into the middle."""
STOP_SECONDS = 30


# -- servers away at the start ---------------------------------------------------------------


def test_a_worker_waits_for_a_redis_that_is_away_at_the_start(
    program: Program, server: RedisProcess
) -> None:
    server.kill()
    worker = program.start_worker()
    wait_until(lambda: len(worker.told("disturbed")) >= 3, "three tries")
    assert not worker.said("ready")
    assert_plain_warnings(worker, "Redis")
    server.start()
    worker.wait_ready()
    assert worker.terminate(STOP_SECONDS) == 0


def test_a_worker_waits_for_a_kafka_that_is_away_at_the_start(
    program: Program, kafka: JavaKafka
) -> None:
    kafka.kill()
    worker = program.start_worker()
    wait_until(lambda: len(worker.told("disturbed")) >= 3, "three tries")
    assert not worker.said("ready")
    assert_plain_warnings(worker, "Kafka")
    kafka.start()
    worker.wait_ready()
    assert worker.terminate(STOP_SECONDS) == 0


def assert_plain_warnings(worker: Worker, server: str) -> None:
    """A warning a try, with the server's name in words of our own, and nothing else."""
    for line in worker.warnings():
        assert line["event"] == "disturbed", line
        assert server in line["failure"]["text"]
        assert line["retry_seconds"] > 0


# -- faults in the middle of a stream --------------------------------------------------------


def test_a_redis_that_comes_back_empty_loses_nothing(
    program: Program, server: RedisProcess
) -> None:
    worker, reader = begun(program)
    server.kill()
    assert reader.lag(program.prefix) > 0
    wait_until(lambda: worker.told("disturbed"), "a word on Redis")
    server.start()
    assert_nothing_is_lost(program, reader, server)
    assert not worker.ended()
    assert [line["failure"] for line in worker.warnings() if "Redis" in str(line.get("failure"))]


def test_a_kafka_that_was_away_loses_nothing(
    program: Program, kafka: JavaKafka, server: RedisProcess
) -> None:
    worker, reader = begun(program)
    kafka.kill()
    wait_until(lambda: worker.told("disturbed"), "a word on Kafka")
    kafka.start()
    assert_nothing_is_lost(program, reader, server)
    assert not worker.ended()


def test_what_a_killed_worker_had_in_hand_is_done_by_another(
    program: Program, server: RedisProcess
) -> None:
    second = program.start_worker()
    second.wait_ready()
    first, reader = begun(program)
    first.kill()
    assert reader.lag(program.prefix) > 0
    assert_nothing_is_lost(program, reader, server)
    counted = first.outcomes() + second.outcomes()
    assert second.outcomes().total() > 0
    assert counted.total() <= EVENTS, "only what was killed before its line can be missing"


def begun(program: Program) -> tuple[Worker, Reader]:
    """A worker in the middle of a stream."""
    worker = program.start_worker()
    worker.wait_ready()
    program.send(records())
    wait_until(lambda: len(worker.told("batch_done")) >= BATCHES_BEFORE, "first batches")
    return worker, Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)


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


def test_an_idle_worker_stops_at_once(program: Program) -> None:
    worker = program.start_worker()
    worker.wait_ready()
    assert worker.terminate(STOP_SECONDS) == 0
    assert [line["event"] for line in worker.lines()][-2:] == ["stopping", "stopped"]
    assert not worker.warnings()


def test_a_worker_under_load_finishes_its_batch_and_the_next_one_goes_on(
    program: Program, server: RedisProcess
) -> None:
    first, reader = begun(program)
    assert first.terminate(STOP_SECONDS) == 0
    assert not first.warnings()
    left = reader.lag(program.prefix)
    assert left > 0
    assert first.outcomes().total() == EVENTS - left, "what was done was committed"
    second = program.start_worker()
    assert_nothing_is_lost(program, reader, server)
    wait_until(
        lambda: (first.outcomes() + second.outcomes()).total() == EVENTS, "an outcome of each"
    )
    assert "duplicate" not in (second.outcomes() - repeated()), "nothing was done twice"


def repeated() -> Counter[str]:
    """What the generator sends twice is no more than this."""
    values = Counter(record.value for record in records())
    return Counter(duplicate=EVENTS - len(values))


def test_a_worker_stops_in_time_while_kafka_is_away(program: Program, kafka: JavaKafka) -> None:
    worker, _ = begun(program)
    kafka.kill()
    wait_until(lambda: worker.told("disturbed"), "a word on Kafka")
    assert worker.terminate(STOP_SECONDS) == 0, worker.lines()[-5:]


def test_a_worker_stops_in_time_while_redis_does_not_answer(
    program: Program, server: RedisProcess
) -> None:
    worker, _ = begun(program)
    server.process.send_signal(signal.SIGSTOP)
    try:
        wait_until(lambda: worker.told("disturbed"), "a word on Redis")
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
