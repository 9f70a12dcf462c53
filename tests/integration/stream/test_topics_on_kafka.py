"""Creating and checking topics on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError, UnavailableError
from icustomer.stream.connection import Connection
from icustomer.stream.failures import RecordTooLargeError
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.port import OutputRecord
from icustomer.stream.topics import check, create, topic_name
from servers.kafka import KafkaServer

pytestmark = pytest.mark.kafka

PATIENCE_SECONDS = 20


@pytest.fixture
async def admin(kafka_server: KafkaServer, prefix: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_server.servers)
    await client.start()
    try:
        yield client
        await client.delete_topics([topic_name(prefix, topic) for topic in Topic])
    finally:
        await client.close()


async def test_created_topics_pass_the_check_and_are_created_once(admin, prefix: str) -> None:
    created = await create(admin, prefix, 2)
    assert len(created) == len(Topic)
    assert await check(admin, prefix, 2) == []
    assert await create(admin, prefix, 2) == []


async def differences(admin, prefix: str) -> dict[tuple[str, str], str | None]:
    return {(each["topic"], each["setting"]): each["is"] for each in await check(admin, prefix)}


async def test_differences_on_the_broker_are_told(admin, prefix: str) -> None:
    await admin.create_topics([NewTopic(topic_name(prefix, Topic.PROFILES), 2, 1)])
    await create(admin, prefix, 2, 1)
    profiles, state = (
        topic_name(prefix, topic) for topic in (Topic.PROFILES, Topic.IDENTITY_STATE)
    )
    await admin.create_partitions(
        {topic_name(prefix, Topic.IDENTITY_STATE): NewPartitions(total_count=3)}
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (state, "partitions") not in (  # noqa: ASYNC110 - the broker tells nobody
            found := await differences(admin, prefix)
        ):
            await asyncio.sleep(0.05)
    assert found[profiles, "cleanup.policy"] == "delete"
    assert found[state, "partitions"] == "3"


async def test_an_impossible_replication_is_told_to_the_operator(admin, prefix: str) -> None:
    with pytest.raises(OperatorError, match="InvalidReplicationFactor"):
        await create(admin, prefix, 1, 30)


async def test_records_up_to_the_limit_are_published_and_larger_ones_told(
    admin, kafka_server: KafkaServer, prefix: str
) -> None:
    await create(admin, prefix, 1, 1)
    log = KafkaLog(Connection(kafka_server.servers), space=prefix, prefix=prefix, group=prefix)
    for topic in (Topic.DEAD_LETTERS, Topic.PROFILES, Topic.IDENTITY_STATE):
        await log.initialise(0)
        fits = log.max_record_bytes(topic) - len(b"k")
        await log.publish([OutputRecord(topic, b"k", bytes(fits), ())], {})
        with pytest.raises(RecordTooLargeError, match=f"{prefix}.{topic} as too large"):
            await log.publish([OutputRecord(topic, b"k", bytes(fits + 256), ())], {})
    await log.close()


async def test_a_topic_that_takes_less_than_it_should_is_told(
    admin, kafka_server: KafkaServer, prefix: str
) -> None:
    await admin.create_topics([NewTopic(topic_name(prefix, Topic.PROFILES), 1, 1)])
    log = KafkaLog(Connection(kafka_server.servers), space=prefix, prefix=prefix, group=prefix)
    await log.initialise(0)
    large = OutputRecord(Topic.PROFILES, b"k", bytes(2 * 1024 * 1024), ())
    with pytest.raises(RecordTooLargeError):
        await log.publish([large], {})
    with pytest.raises(UnavailableError):
        await log.publish([], {})
    await log.close()


async def test_many_batches_for_one_partition_keep_their_order(
    admin, kafka_server: KafkaServer, prefix: str
) -> None:
    await create(admin, prefix, 1, 1)
    log = KafkaLog(Connection(kafka_server.servers), space=prefix, prefix=prefix, group=prefix)
    await log.initialise(0)
    group_id = b"g" * 16
    versions = range(1, 31)
    await log.publish(
        [
            OutputRecord(
                Topic.IDENTITY_STATE,
                group_id,
                bytes(50_000),
                [("icustomer-version", str(version).encode())],
            )
            for version in versions
        ],
        {},
    )
    assert [record.version async for record in log.changelog()] == list(versions)
    await log.close()


async def test_of_several_refusals_the_size_is_told_and_a_new_session_goes_on(
    admin, kafka_server: KafkaServer, prefix: str
) -> None:
    """The refused batch poisons its partition: what follows there fails for its sequence, and
    other topics for the transaction. None of it is visible, and a new session is as new."""
    await create(admin, prefix, 1, 1)
    log = KafkaLog(Connection(kafka_server.servers), space=prefix, prefix=prefix, group=prefix)
    await log.initialise(0)
    large = OutputRecord(Topic.PROFILES, b"k", bytes(5 * 1024 * 1024), ())
    small = [
        OutputRecord(topic, bytes([number]) * 16, bytes(200_000), ())
        for number in range(4)
        for topic in (Topic.PROFILES, Topic.IDENTITY_CHANGES)
    ]
    with pytest.raises(RecordTooLargeError, match=f"{prefix}.profiles as too large"):
        await log.publish([*small[:4], large, *small[4:]], {})
    with pytest.raises(UnavailableError):
        await log.publish(small, {})
    await log.initialise(0)
    await log.publish(small, {})
    await log.close()
