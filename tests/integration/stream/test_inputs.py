"""Input topics on real Kafka that change while they are read, or were changed before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, OffsetAndMetadata
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from icustomer.contracts.topics import Topic
from icustomer.errors import UnavailableError
from icustomer.stream.connection import Connection
from icustomer.stream.generations import committing, generation_of
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.port import InputPartition, InputRecord, Ownership
from icustomer.stream.subscriber import Subscriber, SubscriberSettings
from icustomer.stream.topic_ids import topic_ids
from icustomer.stream.topics import create, topic_name
from servers.kafka import KafkaServer

pytestmark = pytest.mark.kafka

PARTITIONS = 2
PATIENCE_SECONDS = 30
SHORT_SECONDS = 0.2
"""Between looks that take ten seconds and more elsewhere."""


class World:
    """The topics of one test, a member that handles what comes, and what it saw."""

    def __init__(self, servers: str, prefix: str, admin: AIOKafkaAdminClient) -> None:
        self.connection = Connection(servers)
        self.prefix = prefix
        self.orders = topic_name(prefix, Topic.ORDERS)
        self.admin = admin
        self.stack = AsyncExitStack()
        self.seen: list[InputRecord] = []
        self.made_again: list[Topic] = []
        self.recommitted: list[dict[InputPartition, int]] = []
        self.log: KafkaLog
        self.going = asyncio.Event()
        """Clear: batches stay in hand, and nothing is fetched."""
        self.going.set()

    def values(self) -> list[bytes | None]:
        return [each.value for each in self.seen]

    async def send(self, name: str, count: int, partition: int | None = None) -> list[bytes]:
        """Records with values of their own, in turn to the partitions."""
        values = [f"{name}-{number}".encode() for number in range(count)]
        async with AIOKafkaProducer(bootstrap_servers=self.connection.servers) as producer:
            for number, value in enumerate(values):
                place = number % PARTITIONS if partition is None else partition
                await producer.send(self.orders, value, partition=place)
        return values

    async def subscribe(self, **settings: Any) -> Subscriber:
        """A member that commits what it saw, as a worker does."""
        self.log = await self.open_log(0)
        subscriber = Subscriber(
            SubscriberSettings(
                self.connection,
                self.prefix,
                self.prefix,
                look_seconds=SHORT_SECONDS,
                **settings,
            ),
            self._take,
            self._recommit,
            self.made_again.append,
        )
        await subscriber.start()
        self.stack.push_async_callback(subscriber.stop)
        for each in (subscriber.look_for_topics(), subscriber.look_at_offsets()):
            task = asyncio.create_task(each)
            self.stack.callback(task.cancel)
        return subscriber

    async def open_log(self, slot: int) -> KafkaLog:
        log = KafkaLog(self.connection, space=self.prefix, prefix=self.prefix, group=self.prefix)
        await log.initialise(slot)
        self.stack.push_async_callback(log.close)
        return log

    async def _take(self, records: list[InputRecord], ownership: Ownership) -> None:
        self.seen += records
        await self.going.wait()
        ends = {
            InputPartition(each.topic, each.partition, each.generation): each.offset + 1
            for each in records
        }
        owned = ownership.owned(ends)
        await self.log.publish([], {each: end for each, end in ends.items() if each in owned})

    async def _recommit(self, offsets: Mapping[InputPartition, int], ownership: Ownership) -> None:
        assert ownership.owned(offsets) == set(offsets)
        self.recommitted.append(dict(offsets))
        await self.log.publish([], offsets)

    async def committed(self) -> dict[int, OffsetAndMetadata]:
        """By partition of the orders, as another client sees it."""
        found = await self.admin.list_consumer_group_offsets(self.prefix)
        return {each.partition: at for each, at in found.items() if each.topic == self.orders}

    async def generation(self) -> str:
        """Of the orders; "" while there are none."""
        ids = await topic_ids(self.connection, [self.orders])
        return generation_of(ids.get(self.orders, ""))

    async def partitions(self) -> list[Any]:
        """Of the orders, as the broker shows them."""
        (described,) = await self.admin.describe_topics([self.orders])
        return list(described["partitions"])

    async def make_again(self) -> None:
        """Until the broker, which is behind its controller, shows it."""
        former = await self.generation()
        await self.admin.delete_topics([self.orders])
        new = NewTopic(self.orders, PARTITIONS, 1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.admin.create_topics([new])).topic_errors[0][1]:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.01)
            while await self.generation() in {former, ""}:
                pass


@pytest.fixture
async def world(kafka_server: KafkaServer, prefix: str) -> AsyncIterator[World]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.servers)
    await admin.start()
    try:
        names = await create(admin, prefix, PARTITIONS, 1)
        made = World(kafka_server.servers, prefix, admin)
        async with made.stack:
            yield made
        await admin.delete_topics(names)
    finally:
        await admin.close()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - conditions of all kinds
            await asyncio.sleep(0.01)


async def until_committed(world: World, expected: Mapping[int, OffsetAndMetadata]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await world.committed()) != expected:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.05)


async def test_committed_offsets_tell_the_topic_that_they_were_reached_in(world: World) -> None:
    await world.send("first", 6)
    await world.subscribe()
    generation = await world.generation()
    reached = OffsetAndMetadata(3, f"generation={generation}")
    await until_committed(world, dict.fromkeys(range(PARTITIONS), reached))
    assert {each.generation for each in world.seen} == {generation}
    assert world.made_again == []


async def test_a_topic_made_again_that_outgrew_its_position_is_read_from_its_beginning(
    world: World,
) -> None:
    await world.send("first", 6)
    world.going.clear()
    await world.subscribe(topics_seconds=SHORT_SECONDS)
    await until(lambda: len(world.seen) == 6)
    before = await world.generation()
    await world.make_again()
    sent = await world.send("second", 20)
    world.going.set()
    generation = await world.generation()
    assert generation != before
    await until(
        lambda: {(each.value, each.generation) for each in world.seen}.issuperset(
            (value, generation) for value in sent
        )
    )
    assert set(world.made_again) == {Topic.ORDERS}
    await until_committed(world, {n: committing(10, generation) for n in range(PARTITIONS)})


async def test_a_topic_made_again_is_noticed_at_offsets_that_go_back(world: World) -> None:
    await world.send("first", 40)
    world.going.clear()
    await world.subscribe(topics_seconds=3600.0)
    await until(lambda: len(world.seen) == 40)
    await world.make_again()
    sent = await world.send("second", 4)
    world.going.set()
    generation = await world.generation()
    await until(
        lambda: {(each.value, each.generation) for each in world.seen}.issuperset(
            (value, generation) for value in sent
        )
    )


async def test_offsets_of_the_former_topic_are_not_believed(world: World) -> None:
    """A worker that had not noticed yet commits where it stood in the topic that is gone."""
    former = await world.generation()
    await world.make_again()
    sent = await world.send("second", 20)
    stale = await world.open_log(1)
    await stale.publish([], {InputPartition(Topic.ORDERS, 0, former): 7})
    await world.subscribe()
    await until(lambda: len(world.seen) >= 20)
    assert set(world.values()) == set(sent)
    assert world.made_again == [Topic.ORDERS]


async def test_a_stale_offset_of_a_partition_without_records_is_told_once(world: World) -> None:
    former = await world.generation()
    await world.make_again()
    stale = await world.open_log(1)
    await stale.publish([], {InputPartition(Topic.ORDERS, 0, former): 7})
    await world.subscribe()
    await until_committed(world, {0: committing(0, await world.generation())})
    assert world.made_again == [Topic.ORDERS]


async def test_offsets_that_were_reset_by_hand_are_believed(world: World) -> None:
    sent = await world.send("first", 8, partition=0)
    subscriber = await world.subscribe()
    await until(lambda: len(world.seen) == 8)
    await subscriber.stop()
    world.seen.clear()
    reset = await world.open_log(1)
    await reset.publish([], {InputPartition(Topic.ORDERS, 0): 5})
    await until_committed(world, {0: OffsetAndMetadata(5, "")})
    await world.subscribe()
    await until_committed(world, {0: committing(8, await world.generation())})
    assert world.values() == sent[5:]
    assert world.made_again == []


async def test_an_idle_owner_commits_again_what_a_stale_one_set_back(world: World) -> None:
    await world.send("first", 12)
    await world.subscribe()
    generation = await world.generation()
    right = {n: committing(6, generation) for n in range(PARTITIONS)}
    await until_committed(world, right)
    zombie = await world.open_log(1)
    await zombie.publish([], {InputPartition(Topic.ORDERS, 1, generation): 2})
    # Not until it is committed again at once: what a transaction set is seen a moment later.
    await until(lambda: world.recommitted)
    await until_committed(world, right)
    assert world.recommitted == [{InputPartition(Topic.ORDERS, 1, generation): 6}]
    assert len(world.seen) == 12


async def test_what_failed_is_not_committed_by_looks(world: World) -> None:
    async def fail(records: list[InputRecord], _: Ownership) -> None:
        world.seen += records
        raise UnavailableError("down")

    world._take = fail  # type: ignore[method-assign] # the member of this test handles nothing
    await world.send("first", 4)
    await world.subscribe()
    await until(lambda: len(world.seen) > 8)
    assert await world.committed() == {}
    assert world.recommitted == []


async def test_the_first_records_of_added_partitions_are_read(world: World) -> None:
    await world.send("first", 4)
    subscriber = await world.subscribe(metadata_max_age_ms=500)
    await until(lambda: len(world.seen) == 4)
    await world.admin.create_partitions({world.orders: NewPartitions(PARTITIONS + 2)})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await world.partitions()) < PARTITIONS + 2:
            pass
    sent = await world.send("added", 10, partition=PARTITIONS + 1)
    await until(lambda: set(world.values()).issuperset(sent))
    added = InputPartition(Topic.ORDERS, PARTITIONS + 1, await world.generation())
    assert added in subscriber.assignment
    assert [each.offset for each in world.seen if each.partition == added.partition] == list(
        range(10)
    )
