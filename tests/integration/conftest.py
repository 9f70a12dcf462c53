"""What the tests of the whole program share: programs, a day in town, and all that was logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest

from icustomer.errors import OperatorError
from integration.support.program import Program
from integration.support.reading import delete_topics
from integration.support.redis_process import RedisProcess
from integration.support.town import Town, live_a_day
from integration.support.working import at_work
from servers import missing
from servers.kafka import JavaKafka, KafkaServer, KafkaUnavailableError
from servers.redis import RedisServer, private_redis

PARTITIONS = "3"

MakeProgram = Callable[..., Program]
"""Kafka's address, Redis' URL and other settings to a program with topics of its own."""


@pytest.fixture(scope="session")
def programs() -> list[Program]:
    """All programs of this run, ended ones too: what they were sent and what they logged."""
    return []


@pytest.fixture(scope="session")
def make_program(
    programs: list[Program], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeProgram]:
    """Makes a fresh identity space with its topics; its workers end with the run at the latest."""

    def make(kafka: str, redis_url: str, **settings: str) -> Program:
        directory = tmp_path_factory.mktemp("program")
        made = Program(
            directory,
            f"t{uuid4().hex[:12]}",
            KAFKA_SERVERS=kafka,
            REDIS_URL=redis_url,
            **settings,
        )
        programs.append(made)
        created = made.json("topics", "create", "--partitions", PARTITIONS, "--replication", "1")
        assert len(created["created"]) == 8
        return made

    yield make
    for program in programs:
        program.stop()


@pytest.fixture(scope="session")
def town(kafka_server: KafkaServer, make_program: MakeProgram) -> Iterator[Town]:
    """Thousands of events and some commands, handled by two workers that have ended since."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(private_redis())
        except OperatorError as error:
            missing("Redis of one's own", f"install redis-server ({error})")
        made = make_program(kafka_server.servers, server.url)
        yield live_a_day(made)
        made.stop()
        delete_topics(kafka_server.servers, made.prefix)


@pytest.fixture(scope="module")
def working(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Program]:
    """A space with a worker that has nothing left to do, matched by the built-in rules."""
    with at_work(make_program(kafka_server.servers, redis_server.url)) as made:
        yield made


@pytest.fixture(scope="session")
def one_kafka() -> Iterator[JavaKafka]:
    try:
        with JavaKafka() as broker:
            yield broker
    except KafkaUnavailableError as error:
        missing("Kafka of one's own", f"install Java and Maven ({error})")


@pytest.fixture
def kafka(one_kafka: JavaKafka) -> Iterator[JavaKafka]:
    """A broker to be killed and restarted; it runs when a test begins and when it ended."""
    yield one_kafka
    if one_kafka._process is None:
        one_kafka.start()


@pytest.fixture
def server() -> Iterator[RedisProcess]:
    """A Redis that forgets all when it is killed."""
    with RedisProcess() as process:
        yield process


@pytest.fixture
def program(kafka: JavaKafka, server: RedisProcess, make_program: MakeProgram) -> Iterator[Program]:
    """A program on servers that may be killed, with batches so small that a fault falls
    into the middle of a stream."""
    made = make_program(kafka.servers, server.url, BATCH_RECORDS="25")
    yield made
    made.stop()
