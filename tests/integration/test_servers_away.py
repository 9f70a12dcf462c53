"""Servers away, workers killed, signals and mistakes: nothing is lost, and it is told plainly."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from icustomer.contracts.topics import INPUTS
from icustomer.core.keys import Keyring
from icustomer.local.generator import generate
from integration.support.judging import assert_as_oracle, items_of, last_records
from integration.support.program import SECRET_KEY, Program, wait_until
from integration.support.reading import Reader, send
from integration.support.redis_process import RedisProcess
from servers import missing
from servers.kafka import JavaKafka, KafkaUnavailableError

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

KEYRING = Keyring(bytes.fromhex(SECRET_KEY))
EVENTS = 800
SEED = 7
STOP_SECONDS = 30


@pytest.fixture(scope="module")
def kafka() -> Iterator[JavaKafka]:
    """A broker that these tests kill and restart."""
    try:
        with JavaKafka() as broker:
            yield broker
    except KafkaUnavailableError as error:
        missing("Kafka of one's own", f"install Java and Maven ({error})")


@pytest.fixture
def server() -> Iterator[RedisProcess]:
    with RedisProcess() as process:
        yield process


@pytest.fixture
def program(kafka: JavaKafka, server: RedisProcess, tmp_path: Path) -> Iterator[Program]:
    made = Program(
        tmp_path, f"t{uuid4().hex[:12]}", KAFKA_SERVERS=kafka.servers, REDIS_URL=server.url
    )
    made.json("topics", "create", "--partitions", "2", "--replication", "1")
    yield made
    made.stop()


def test_faults_in_the_middle_of_a_stream_lose_and_double_nothing(program, kafka, server):
    records = generate(SEED, EVENTS).records
    quarter = len(records) // 4
    reader = Reader(kafka.servers, program.prefix)
    first, second = program.start_worker(), program.start_worker()
    first.wait_ready()
    second.wait_ready()

    send(kafka.servers, program.prefix, records[:quarter])
    wait_until(lambda: first.outcomes() + second.outcomes(), "a first batch")
    server.kill()
    server.start()
    send(kafka.servers, program.prefix, records[quarter : 2 * quarter])
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0 with an empty Redis")
    with redis.Redis.from_url(server.url) as client:
        assert client.dbsize() > quarter / 4, "the state was rebuilt"

    kafka.kill()
    wait_until(lambda: first.said("disturbed") or second.said("disturbed"), "a disturbance")
    kafka.start()
    send(kafka.servers, program.prefix, records[2 * quarter : 3 * quarter])
    first.kill()
    third = program.start_worker()
    send(kafka.servers, program.prefix, records[3 * quarter :])
    third.wait_ready()
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0 in the end")

    published = last_records(reader.read("profiles"))
    items = [item for topic in INPUTS for item in items_of(topic, reader.read(topic), KEYRING)]
    assert assert_as_oracle(published, items, [], KEYRING) > EVENTS / 20
    assert third.terminate(STOP_SECONDS) == 0


def test_servers_that_are_away_at_the_start_are_waited_for(program, kafka, server):
    kafka.kill()
    server.kill()
    worker = program.start_worker()
    wait_until(lambda: worker.said("disturbed"), "a word on Kafka")
    kafka.start()
    wait_until(lambda: "Redis" in worker.log.read_text(), "a word on Redis")
    assert not worker.said("ready")
    server.start()
    worker.wait_ready()
    assert "Traceback" not in worker.log.read_text()
    assert worker.terminate(STOP_SECONDS) == 0


def test_a_worker_stops_in_time_with_a_batch_in_hand_and_no_servers(program, kafka, server):
    worker = program.start_worker()
    worker.wait_ready()
    server.process.send_signal(signal.SIGSTOP)
    try:
        send(kafka.servers, program.prefix, generate(SEED, 50).records)
        wait_until(lambda: worker.said("disturbed"), "a batch that Redis does not answer")
        kafka.kill()
        assert worker.terminate(STOP_SECONDS) == 0, worker.log.read_text()[-3_000:]
    finally:
        server.process.send_signal(signal.SIGCONT)
        kafka.restart()


def test_mistakes_get_one_line_that_names_the_remedy(program):
    def one_line(expected_code: int, *named: str, **changed: str) -> None:
        told = Program(program.directory, program.prefix)
        told.environment = program.environment | changed
        done = told.call("run")
        lines = [line for line in done.stderr.splitlines() if line.startswith("icustomer:")]
        assert done.returncode == expected_code, done.stderr
        assert len(lines) == 1
        assert "Traceback" not in done.stderr
        for name in named:
            assert name in lines[0]

    worker = program.start_worker()
    worker.wait_ready()
    assert worker.terminate(STOP_SECONDS) == 0
    one_line(2, "ICUSTOMER_SECRET_KEY", ICUSTOMER_SECRET_KEY="")
    one_line(2, "ICUSTOMER_SPACE", ICUSTOMER_SPACE="Not Allowed")
    one_line(1, "ICUSTOMER_SECRET_KEY", ICUSTOMER_SECRET_KEY="77" * 32)
    one_line(1, "icustomer topics create", ICUSTOMER_TOPIC_PREFIX="nowhere")
