"""The subscriber on real Kafka: nothing is lost when handlers fail or members come and go."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.record.util import calc_crc32c

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError, UnavailableError
from icustomer.stream.connection import Connection
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.port import InputPartition, InputRecord, Ownership
from icustomer.stream.subscriber import Handler, Subscriber, SubscriberSettings
from icustomer.stream.topics import create, topic_name
from servers.kafka import KafkaServer

pytestmark = pytest.mark.kafka

PARTITIONS = 4
PATIENCE_SECONDS = 20


async def no_recommit(_: Mapping[InputPartition, int], __: Ownership) -> None:
    """Nobody looks after offsets here."""


class Cluster:
    """Topics of one test, and what it starts on them."""

    def __init__(self, servers: str, prefix: str, stack: AsyncExitStack) -> None:
        self.connection = Connection(servers)
        self.prefix = prefix
        self.stack = stack

    async def send(
        self,
        values: list[bytes],
        topic: Topic = Topic.ORDERS,
        headers: list[tuple[str, bytes | None]] | None = None,
    ) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.connection.servers) as producer:
            for index, value in enumerate(values):
                await producer.send(
                    topic_name(self.prefix, topic),
                    value,
                    partition=index % PARTITIONS,
                    headers=headers,
                )

    async def subscribe(self, handler: Handler, max_records: int = 500) -> Subscriber:
        settings = SubscriberSettings(
            self.connection, self.prefix, self.prefix, max_records=max_records
        )
        subscriber = Subscriber(settings, handler, no_recommit, lambda _: None)
        await subscriber.start()
        self.stack.push_async_callback(subscriber.stop)
        return subscriber

    async def log(self, slot: int) -> KafkaLog:
        log = KafkaLog(self.connection, space=self.prefix, prefix=self.prefix, group=self.prefix)
        await log.initialise(slot)
        self.stack.push_async_callback(log.close)
        return log


@pytest.fixture
async def cluster(kafka_server: KafkaServer, prefix: str) -> AsyncIterator[Cluster]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.servers)
    await admin.start()
    try:
        names = await create(admin, prefix, PARTITIONS, 1)
        async with AsyncExitStack() as stack:
            yield Cluster(kafka_server.servers, prefix, stack)
        await admin.delete_topics(names)
    finally:
        await admin.close()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - conditions of all kinds
            await asyncio.sleep(0.01)


def ends_of(records: list[InputRecord]) -> dict[InputPartition, int]:
    return {
        InputPartition(each.topic, each.partition, each.generation): each.offset + 1
        for each in records
    }


def values(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


async def test_a_batch_that_fails_is_read_again_before_anything_later(cluster: Cluster) -> None:
    batches: list[list[InputRecord]] = []

    async def fail_twice(records: list[InputRecord], _: Ownership) -> None:
        batches.append(records)
        if len(batches) <= 2:
            raise UnavailableError("not now")

    await cluster.send(values(40))
    await cluster.subscribe(fail_twice, max_records=7)
    await until(lambda: len({r.value for b in batches[2:] for r in b}) == 40)
    for number in range(PARTITIONS):
        handled = [r.offset for b in batches[2:] for r in b if r.partition == number]
        assert handled == list(range(10))


async def test_all_that_comes_while_a_batch_is_in_hand_is_in_the_next_one(
    cluster: Cluster,
) -> None:
    batches: list[int] = []

    async def more_comes_meanwhile(records: list[InputRecord], _: Ownership) -> None:
        if not batches:
            for _ in range(3):
                await cluster.send(values(8))
        batches.append(len(records))

    await cluster.send(values(1))
    await cluster.subscribe(more_comes_meanwhile)
    await until(lambda: sum(batches) == 25)
    assert batches == [1, 24]


async def test_any_exception_leads_to_another_try(cluster: Cluster) -> None:
    tries: list[int] = []

    async def stumble(records: list[InputRecord], _: Ownership) -> None:
        tries.append(len(records))
        if len(tries) == 1:
            raise KeyError("a bug")

    await cluster.send(values(1))
    subscriber = await cluster.subscribe(stumble)
    await until(lambda: len(tries) == 2)
    assert subscriber.alive


async def test_an_error_for_the_operator_ends_the_reading(cluster: Cluster) -> None:
    tries: list[int] = []

    async def refuse(records: list[InputRecord], _: Ownership) -> None:
        tries.append(len(records))
        raise OperatorError("wrong key")

    await cluster.send(values(3))
    subscriber = await cluster.subscribe(refuse)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert str(await subscriber.failed()) == "wrong key"
    assert not subscriber.alive
    assert len(tries) == 1


async def test_members_that_come_and_go_lose_nothing(cluster: Cluster) -> None:
    handled: list[bytes | None] = []

    def handler_of(log: KafkaLog) -> Handler:
        async def handle(records: list[InputRecord], ownership: Ownership) -> None:
            ends = ends_of(records)
            mine = ownership.owned(ends)
            await log.publish([], {place: ends[place] for place in mine})
            handled.extend(record.value for record in records)

        return handle

    await cluster.send(values(200))
    first = await cluster.subscribe(handler_of(await cluster.log(0)), max_records=20)
    await until(lambda: len(handled) >= 20)
    second = await cluster.subscribe(handler_of(await cluster.log(1)), max_records=20)
    await cluster.send(values(400)[200:])
    await until(lambda: len(first.assignment) == len(second.assignment) == 8)
    assert not first.assignment & second.assignment
    await first.stop()
    await cluster.send(values(600)[400:])
    await until(lambda: len(second.assignment) == 16)
    await until(lambda: set(handled) == set(values(600)))
    assert len(handled) == 600


async def test_a_rebalance_waits_for_the_batch_and_tells_it(cluster: Cluster) -> None:
    told, begun = asyncio.Event(), asyncio.Event()
    owned_when_told: list[set[InputPartition]] = []

    async def hold_on(records: list[InputRecord], ownership: Ownership) -> None:
        begun.set()
        await until(lambda: ownership.revoking)
        owned_when_told.append(ownership.owned(ends_of(records)))
        told.set()
        raise UnavailableError("given up")

    seen: list[bytes | None] = []

    async def take(records: list[InputRecord], _: Ownership) -> None:
        assert told.is_set()
        seen.extend(record.value for record in records)

    await cluster.send(values(8))
    first = await cluster.subscribe(hold_on)
    await until(begun.is_set)
    second = await cluster.subscribe(take)
    await until(told.is_set)
    assert owned_when_told[0]
    await first.stop()
    await until(lambda: set(seen) == set(values(8)))
    assert second.alive


async def test_stopping_waits_for_the_batch(cluster: Cluster) -> None:
    begun, finish, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_: list[InputRecord], ownership: Ownership) -> None:
        begun.set()
        await until(lambda: ownership.revoking)
        await finish.wait()
        done.set()

    await cluster.send(values(1))
    subscriber = await cluster.subscribe(slow)
    await until(begun.is_set)
    stopping = asyncio.create_task(subscriber.stop())
    finish.set()
    await stopping
    assert done.is_set()
    assert not subscriber.alive


async def test_any_header_survives(cluster: Cluster) -> None:
    seen: list[InputRecord] = []

    async def take(records: list[InputRecord], _: Ownership) -> None:
        seen.extend(records)

    headers = [("binary", b"\xff\x00"), ("null", None), ("twice", b"1"), ("twice", b"2")]
    await cluster.send([b"value"], headers=headers)
    await cluster.subscribe(take)
    await until(lambda: seen)
    assert list(seen[0].headers) == headers
    assert seen[0].key is None


class Damaged:
    """A batch's builder that writes a header name no text can be."""

    def __init__(self, builder: Any, name: bytes) -> None:
        self._builder, self._name = builder, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._builder, name)

    def build(self) -> bytes:
        data = bytearray(self._builder.build())
        start = data.index(b"name")
        data[start : start + 4] = self._name
        struct.pack_into(">I", data, 17, calc_crc32c(bytes(data[21:])))
        return bytes(data)


async def test_a_header_name_that_is_no_text_does_not_stop_the_partition(
    cluster: Cluster,
) -> None:
    seen: list[InputRecord] = []

    async def take(records: list[InputRecord], _: Ownership) -> None:
        seen.extend(records)

    async with AIOKafkaProducer(bootstrap_servers=cluster.connection.servers) as producer:
        batch = producer.create_batch()
        batch.append(timestamp=None, key=b"key", value=b"before", headers=[("fine", b"1")])
        batch.append(timestamp=None, key=b"key", value=b"damaged", headers=[("name", b"\x00")])
        batch._builder = Damaged(batch._builder, b"a\xff\xfeb")
        await producer.send_batch(batch, topic_name(cluster.prefix, Topic.ORDERS), partition=0)
    await cluster.send([b"after"])
    await cluster.subscribe(take)
    await until(lambda: len(seen) == 3)
    assert [record.value for record in seen] == [b"before", b"damaged", b"after"]
    assert list(seen[1].headers) == [(r"a\xff\xfeb", b"\x00")]
    assert type(seen[1].value) is bytes
    assert type(seen[1].key) is bytes


async def test_assignment_and_life_are_told(cluster: Cluster) -> None:
    held = asyncio.Event()

    async def hold(_: list[InputRecord], ownership: Ownership) -> None:
        held.set()
        await until(lambda: ownership.revoking)

    await cluster.send(values(12))
    subscriber = await cluster.subscribe(hold, max_records=1)
    await until(held.is_set)
    assert subscriber.alive
    assert len(subscriber.assignment) == 4 * PARTITIONS


async def test_reading_starts_at_the_committed_offsets(cluster: Cluster) -> None:
    seen: list[bytes | None] = []

    async def take(records: list[InputRecord], _: Ownership) -> None:
        seen.extend(record.value for record in records)

    await cluster.send(values(PARTITIONS * 2))
    log = await cluster.log(0)
    await log.publish([], {InputPartition(Topic.ORDERS, n): 1 for n in range(PARTITIONS)})
    await cluster.subscribe(take)
    await until(lambda: len(seen) == PARTITIONS)
    assert set(seen) == set(values(PARTITIONS * 2)[PARTITIONS:])
