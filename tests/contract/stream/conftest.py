"""The same questions for the log in memory and for the log on Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from icustomer.contracts.topics import Topic
from icustomer.stream.admin import open_admin
from icustomer.stream.connection import Connection
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.log_reader import Isolation, open_reader, partitions_of, read_to_end
from icustomer.stream.memory import MemoryKafka, MemoryLog
from icustomer.stream.memory_broker import State
from icustomer.stream.port import InputPartition, Log, OutputRecord
from icustomer.stream.slots import transactional_id
from icustomer.stream.topic_ids import topic_ids
from icustomer.stream.topics import create, topic_name
from servers.kafka import KafkaServer

PARTITIONS = 3


class Hanging(Protocol):
    """A worker that died with its transaction open."""

    async def try_to_commit(self) -> bool:
        """A request of it that arrives late; False: refused."""
        ...


class World(Protocol):
    """A cluster seen from outside."""

    def log(self) -> Log: ...

    async def visible(self, topic: Topic) -> list[tuple[bytes | None, bytes | None]]:
        """Key and value of each record that a `read_committed` subscriber gets."""
        ...

    async def committed(self) -> Mapping[InputPartition, int]: ...

    async def make_again(self, topic: Topic) -> None: ...

    async def leave_open(
        self, slot: int, record: OutputRecord, partition: int = PARTITIONS - 1
    ) -> Hanging: ...


class MemoryWorld:
    def __init__(self) -> None:
        self.kafka = MemoryKafka(PARTITIONS)

    def log(self) -> MemoryLog:
        return MemoryLog(self.kafka, space="space", group="group")

    async def visible(self, topic: Topic) -> list[tuple[bytes | None, bytes | None]]:
        return [(record.key, record.value) for record in self.kafka.records(topic)]

    async def committed(self) -> Mapping[InputPartition, int]:
        return self.kafka.group("group").committed

    async def make_again(self, topic: Topic) -> None:
        self.kafka.make_again(topic)

    async def leave_open(
        self, slot: int, record: OutputRecord, partition: int = PARTITIONS - 1
    ) -> Hanging:
        return HangingInMemory(self.kafka, transactional_id("space", slot), record, partition)


class HangingInMemory:
    def __init__(self, kafka: MemoryKafka, name: str, record: OutputRecord, partition: int) -> None:
        self.kafka, self.name = kafka, name
        self.epoch = kafka.initialise(name)
        place = record.topic, partition
        kafka.add_partitions(name, self.epoch, [place])
        kafka.append(name, self.epoch, place, [record])

    async def try_to_commit(self) -> bool:
        try:
            self.kafka.end(self.name, self.epoch, State.COMMITTED)
        except Exception:  # noqa: BLE001 - refused in whatever words
            return False
        return True


class KafkaWorld:
    def __init__(self, server: KafkaServer, prefix: str, stack: AsyncExitStack) -> None:
        self.connection = Connection(server.servers)
        self.prefix = prefix
        self.stack = stack

    def log(self) -> KafkaLog:
        log = KafkaLog(self.connection, space=self.prefix, prefix=self.prefix, group=self.prefix)
        self.stack.push_async_callback(log.close)
        return log

    async def visible(self, topic: Topic) -> list[tuple[bytes | None, bytes | None]]:
        reader = await open_reader(self.connection, Isolation.COMMITTED)
        try:
            reader.assign(await partitions_of(reader, topic_name(self.prefix, topic)))
            return [(record.key, record.value) async for record in read_to_end(reader)]
        finally:
            await reader.stop()

    async def committed(self) -> Mapping[InputPartition, int]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.connection.servers,
            group_id=self.prefix,
            enable_auto_commit=False,
        )
        async with consumer:
            found = {}
            for number in range(PARTITIONS):
                place = TopicPartition(topic_name(self.prefix, Topic.ORDERS), number)
                offset = await consumer.committed(place)
                if offset is not None:
                    found[InputPartition(Topic.ORDERS, number)] = offset
            return found

    async def make_again(self, topic: Topic) -> None:
        name = topic_name(self.prefix, topic)
        before = await topic_ids(self.connection, [name])
        async with open_admin(self.connection) as admin:
            await admin.delete_topics([name])
            while (await topic_ids(self.connection, [name])) in ({}, before):
                await create(admin, self.prefix, PARTITIONS, 1)
                await asyncio.sleep(0.05)

    async def leave_open(
        self, slot: int, record: OutputRecord, partition: int = PARTITIONS - 1
    ) -> Hanging:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.connection.servers,
            transactional_id=transactional_id(self.prefix, slot),
        )
        await producer.start()
        self.stack.push_async_callback(producer.stop)
        await producer.begin_transaction()
        await producer.send_and_wait(
            topic_name(self.prefix, record.topic),
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            partition=partition,
        )
        return HangingOnKafka(producer)


class HangingOnKafka:
    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer

    async def try_to_commit(self) -> bool:
        try:
            await self.producer.commit_transaction()
        except Exception:  # noqa: BLE001 - refused in whatever words
            return False
        return True


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield MemoryWorld()
        return
    server: KafkaServer = request.getfixturevalue("kafka_server")
    prefix: str = request.getfixturevalue("prefix")
    admin = AIOKafkaAdminClient(bootstrap_servers=server.servers)
    await admin.start()
    try:
        names = await create(admin, prefix, PARTITIONS, 1)
        async with AsyncExitStack() as stack:
            yield KafkaWorld(server, prefix, stack)
        await admin.delete_topics(names)
    finally:
        await admin.close()
