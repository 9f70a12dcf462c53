"""Whole workers on input topics that somebody changed: every event counts, and counts once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from confluent_kafka import KafkaException, Message
from confluent_kafka.admin import AdminClient, NewTopic

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.local.generator import Sent, generate
from integration.conftest import PARTITIONS
from integration.support.hasty import start
from integration.support.judging import assert_as_oracle, last_records
from integration.support.offsets import GroupOffsets
from integration.support.program import Program, wait_until
from integration.support.reading import Reader
from integration.support.town import KEYRING, everything_told

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EVENTS = 600
SEED = 23
REQUEST_SECONDS = 20


def records() -> Sequence[Sent]:
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    return generate(SEED, EVENTS).records


def reader_of(program: Program) -> Reader:
    return Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)


def admin_of(program: Program) -> AdminClient:
    servers = program.environment["ICUSTOMER_KAFKA_SERVERS"]
    return AdminClient({"bootstrap.servers": servers, "log_level": 0})


def wait_for_lag_0(program: Program) -> None:
    reader = reader_of(program)
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")


def read_inputs(program: Program) -> dict[Topic, list[Message]]:
    reader = reader_of(program)
    return {topic: reader.read(topic) for topic in INPUTS}


def assert_told(program: Program, told: dict[Topic, list[Message]]) -> None:
    """What is published is what the oracle makes of these records."""
    published = last_records(reader_of(program).read(Topic.PROFILES))
    assert assert_as_oracle(published, everything_told(told), [], KEYRING) > EVENTS / 20


def make_again(program: Program, topic: Topic) -> None:
    admin, name = admin_of(program), f"{program.prefix}.{topic}"
    admin.delete_topics([name])[name].result(REQUEST_SECONDS)

    def made() -> bool:
        try:
            admin.create_topics([NewTopic(name, int(PARTITIONS), 1)])[name].result()
        except KafkaException:
            return False
        return True

    wait_until(made, "a topic made again")


def test_a_topic_made_again_behind_a_sleeping_worker_loses_nothing(program: Program) -> None:
    """The new orders lie at the offsets of the former ones, and beyond."""
    worker = start(program)
    worker.wait_ready()
    events = records()
    orders = [each for each in events if each.topic == Topic.ORDERS]
    first = orders[: len(orders) // 3]
    others = [each for each in events if each.topic != Topic.ORDERS]
    program.send([*others, *first])
    wait_for_lag_0(program)
    told = read_inputs(program)
    assert len(told[Topic.ORDERS]) == len(first)
    (former,) = marks(program)
    worker.process.send_signal(signal.SIGSTOP)
    make_again(program, Topic.ORDERS)
    program.send(orders[len(first) :])
    worker.process.send_signal(signal.SIGCONT)
    wait_until(lambda: worker.said("topic_made_again"), "a word on the topic")
    wait_until(lambda: former not in marks(program), "the former topic forgotten")
    wait_for_lag_0(program)
    second = read_inputs(program)[Topic.ORDERS]
    assert len(second) == len(orders) - len(first)
    told[Topic.ORDERS] += second
    assert_told(program, told)


def marks(program: Program) -> set[str]:
    """What the committed offsets of the orders say of the topic."""
    return asyncio.run(_marks(program))


async def _marks(program: Program) -> set[str]:
    """By aiokafka's client: confluent's reads metadata beyond its end."""
    servers = program.environment["ICUSTOMER_KAFKA_SERVERS"]
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(program.prefix)
    finally:
        await admin.close()
    name = f"{program.prefix}.{Topic.ORDERS}"
    return {each.metadata for place, each in committed.items() if place.topic == name} - {""}


def test_offsets_reset_by_hand_change_nothing(program: Program) -> None:
    first = program.start_worker()
    first.wait_ready()
    program.send(records())
    wait_for_lag_0(program)
    assert first.terminate() == 0
    before = last_records(reader_of(program).read(Topic.PROFILES))
    reset_to_the_beginning(program)
    assert reader_of(program).lag(program.prefix) == EVENTS
    second = program.start_worker()
    second.wait_ready()
    wait_for_lag_0(program)
    wait_until(lambda: second.outcomes().total() == EVENTS, "all outcomes")
    assert second.outcomes()["applied"] == 0
    after = last_records(reader_of(program).read(Topic.PROFILES))
    assert after.keys() == before.keys()
    changed = {
        name for one in after for name in after[one] if after[one][name] != before[one].get(name)
    }
    assert changed <= {"change"}, "what a profile tells of its last change is not what it is"
    assert_told(program, read_inputs(program))


def reset_to_the_beginning(program: Program) -> None:
    servers = program.environment["ICUSTOMER_KAFKA_SERVERS"]
    names = [f"{program.prefix}.{topic}" for topic in INPUTS]
    with GroupOffsets(servers, program.prefix) as offsets:
        offsets.set({(name, number): 0 for name in names for number in range(int(PARTITIONS))})


def test_offsets_that_a_stale_owner_set_back_are_mended_by_an_idle_one(program: Program) -> None:
    worker = start(program)
    worker.wait_ready()
    program.send(records())
    wait_for_lag_0(program)
    wait_until(lambda: worker.outcomes().total() == EVENTS, "all outcomes")
    asyncio.run(set_back(program))
    wait_for_lag_0(program)
    assert worker.outcomes().total() == EVENTS, "nothing was read again"


async def set_back(program: Program) -> None:
    """As a worker does that lost its partitions and does not know it."""
    producer = AIOKafkaProducer(
        bootstrap_servers=program.environment["ICUSTOMER_KAFKA_SERVERS"],
        transactional_id=f"{program.prefix}-stale",
    )
    async with producer, producer.transaction():
        place = TopicPartition(f"{program.prefix}.{Topic.ORDERS}", 0)
        await producer.send_offsets_to_transaction({place: 1}, program.prefix)
