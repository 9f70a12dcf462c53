"""The lag on a real broker: what counts, what does not, and since when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError, UnavailableError
from icustomer.ops.lag import LagReader, PartitionLag, open_lag_reader
from icustomer.settings import Settings
from icustomer.stream import lag_reader
from icustomer.stream.topics import create, topic_name
from integration.support.damaged import Damaged
from servers.kafka import JavaKafka, KafkaServer

pytestmark = pytest.mark.kafka

PARTITIONS = 2
NOW = float(int(time.time()))
"""Where the readers' clock begins; seconds since the epoch. Kafka refuses records of tomorrow."""
PATIENCE_SECONDS = 20


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Inputs:
    """The input topics of a test: filled, committed and cut by hand."""

    def __init__(self, servers: str, prefix: str, stack: AsyncExitStack) -> None:
        self.servers, self.prefix, self.stack = servers, prefix, stack
        self.clock = Clock()
        self.settings = Settings(
            _env_file=None, kafka_servers=servers, topic_prefix=prefix, consumer_group=prefix
        )
        self.place = TopicPartition(topic_name(prefix, Topic.ORDERS), 1)

    async def open(self) -> None:
        self.admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await self.admin.start()
        self.stack.push_async_callback(self.admin.close)
        await create(self.admin, self.prefix, PARTITIONS, 1)
        self.producer = await self.started(AIOKafkaProducer(bootstrap_servers=self.servers))
        self.reader = await self.new_reader()

    async def started(self, client: Any) -> Any:
        await client.start()
        self.stack.push_async_callback(client.stop)
        return client

    async def new_reader(self) -> LagReader:
        return await self.stack.enter_async_context(open_lag_reader(self.settings, self.clock))

    async def transactional(self) -> AIOKafkaProducer:
        return await self.started(
            AIOKafkaProducer(bootstrap_servers=self.servers, transactional_id=self.prefix)
        )

    async def add(self, *ages: float, producer: AIOKafkaProducer | None = None) -> None:
        """Records of these ages in seconds, one batch each."""
        for age in ages:
            await (producer or self.producer).send_and_wait(
                self.place.topic,
                b"{}",
                partition=self.place.partition,
                timestamp_ms=int((NOW - age) * 1_000),
            )

    async def commit(self, offset: int) -> None:
        """As the group, whether or not there is such an offset."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers, group_id=self.prefix, enable_auto_commit=False
        )
        await consumer.start()
        consumer.assign([self.place])
        await consumer.commit({self.place: offset})
        await consumer.stop()

    async def delete_before(self, offset: int) -> None:
        await self.admin.delete_records({self.place: RecordsToDelete(offset)})

    async def lag(self) -> PartitionLag:
        return here(await self.reader.read(), self.place)


def here(lags: list[PartitionLag], place: TopicPartition) -> PartitionLag:
    found = {TopicPartition(lag.topic, lag.partition): lag for lag in lags}
    return found[place]


@pytest.fixture
async def inputs(kafka_server: KafkaServer, prefix: str) -> AsyncIterator[Inputs]:
    async with AsyncExitStack() as stack:
        made = Inputs(kafka_server.servers, prefix, stack)
        await made.open()
        yield made
        await made.admin.delete_topics([topic_name(prefix, topic) for topic in Topic])


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Counts the searches in the log; what they cost cannot be seen from outside."""
    count = 0
    search = lag_reader.GroupReader._search

    async def counted(self: Any, standings: Any) -> None:
        nonlocal count
        count += 1
        await search(self, standings)

    monkeypatch.setattr(lag_reader.GroupReader, "_search", counted)
    return lambda: count


def figures(lag: PartitionLag) -> tuple[int, int | None, int, float]:
    return lag.end, lag.committed, lag.lag_records, lag.lag_seconds


async def test_all_input_partitions_are_told_and_idle_ones_have_no_lag(inputs: Inputs) -> None:
    lags = await inputs.reader.read()
    assert [(lag.topic.removeprefix(f"{inputs.prefix}."), lag.partition) for lag in lags] == [
        (topic, partition)
        for topic in ("signups", "orders", "support", "commands")
        for partition in range(PARTITIONS)
    ]
    assert {figures(lag) for lag in lags} == {(0, None, 0, 0.0)}


async def test_a_group_that_never_committed_is_as_late_as_the_first_record(inputs: Inputs) -> None:
    await inputs.add(300, 200, 100)
    assert figures(await inputs.lag()) == (3, None, 3, 300.0)
    others = [lag for lag in await inputs.reader.read() if lag.lag_records]
    assert len(others) == 1


async def test_the_first_uncommitted_record_tells_the_lag(inputs: Inputs) -> None:
    await inputs.add(300, 200, 100)
    await inputs.commit(1)
    assert figures(await inputs.lag()) == (3, 1, 2, 200.0)


async def test_order_in_the_log_decides_and_not_the_oldest_timestamp(inputs: Inputs) -> None:
    await inputs.add(100, 999)
    assert (await inputs.lag()).lag_seconds == 100.0


async def test_a_group_that_committed_all_has_no_lag_however_long_ago(inputs: Inputs) -> None:
    await inputs.add(300, 200)
    await inputs.commit(2)
    inputs.clock.now += 86_400
    assert figures(await inputs.lag()) == (2, 2, 0, 0.0)


async def test_the_lag_of_a_group_that_stands_still_grows_with_time_and_costs_no_fetch(
    inputs: Inputs, fetches: Callable[[], int]
) -> None:
    await inputs.add(300)
    assert (await inputs.lag()).lag_seconds == 300.0
    inputs.clock.now += 60
    await inputs.add(10)
    assert figures(await inputs.lag()) == (2, None, 2, 360.0)
    assert fetches() == 1
    await inputs.commit(1)
    assert figures(await inputs.lag()) == (2, 1, 1, 70.0)
    assert fetches() == 2


async def test_a_record_from_the_future_is_no_negative_lag(inputs: Inputs) -> None:
    await inputs.add(-60)
    assert figures(await inputs.lag()) == (1, None, 1, 0.0)


async def test_after_retention_the_next_existing_record_tells_the_lag(inputs: Inputs) -> None:
    await inputs.add(300, 200, 100)
    await inputs.commit(0)
    await inputs.delete_before(2)
    assert figures(await inputs.lag()) == (3, 0, 1, 100.0)


async def test_retention_is_seen_also_by_a_reader_that_knew_the_record(
    inputs: Inputs, fetches: Callable[[], int]
) -> None:
    await inputs.add(300, 200, 100)
    assert (await inputs.lag()).lag_seconds == 300.0
    await inputs.delete_before(1)
    assert figures(await inputs.lag()) == (3, None, 2, 200.0)
    await inputs.delete_before(3)
    assert figures(await inputs.lag()) == (3, None, 0, 0.0)
    assert fetches() == 3


async def test_compaction_is_seen_after_a_while_by_a_reader_that_knew_the_record(
    inputs: Inputs, fetches: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await inputs.add(300)
    await inputs.lag()
    monkeypatch.setattr("icustomer.stream.unread.BELIEVED_SECONDS", 0.0)
    await inputs.lag()
    assert fetches() == 2


async def test_a_transaction_marker_at_the_end_is_no_lag(
    inputs: Inputs, fetches: Callable[[], int]
) -> None:
    producer = await inputs.transactional()
    async with producer.transaction():
        await inputs.add(300, 200, producer=producer)
    assert figures(await inputs.lag()) == (3, None, 3, 300.0)
    await inputs.commit(2)
    assert figures(await inputs.lag()) == (3, 2, 0, 0.0)
    searched = fetches()
    assert figures(await inputs.lag()) == (3, 2, 0, 0.0)
    assert fetches() == searched


async def test_aborted_records_are_no_lag(inputs: Inputs) -> None:
    producer = await inputs.transactional()
    await inputs.add(300)
    for _ in range(3):
        await producer.begin_transaction()
        await inputs.add(*range(200, 210), producer=producer)
        await producer.abort_transaction()
    await inputs.commit(1)
    lag = await inputs.lag()
    assert lag.end == 34
    assert (lag.lag_records, lag.lag_seconds) == (0, 0.0)
    await inputs.add(50)
    assert figures(await inputs.lag()) == (35, 1, 1, 50.0)


async def test_an_open_transaction_counts_from_its_end(inputs: Inputs) -> None:
    producer = await inputs.transactional()
    await producer.begin_transaction()
    await inputs.add(300, producer=producer)
    assert figures(await inputs.lag()) == (0, None, 0, 0.0)
    await producer.commit_transaction()
    assert figures(await inputs.lag()) == (2, None, 2, 300.0)


async def test_an_offset_above_the_end_is_of_an_earlier_topic(inputs: Inputs) -> None:
    await inputs.commit(1_000)
    assert figures(await inputs.lag()) == (0, 1_000, 0, 0.0)
    await inputs.add(300, 200)
    assert figures(await inputs.lag()) == (2, 1_000, 2, 300.0)


async def test_large_records_in_many_partitions_are_found(inputs: Inputs) -> None:
    places = [TopicPartition(lag.topic, lag.partition) for lag in await inputs.reader.read()]
    for place in places:
        await inputs.producer.send_and_wait(
            place.topic, bytes(200_000), partition=place.partition, timestamp_ms=int(NOW * 1_000)
        )
    inputs.clock.now += 5
    lags = await inputs.reader.read()
    assert {figures(lag) for lag in lags} == {(1, None, 1, 5.0)}


async def test_header_names_that_are_no_text_do_not_stop_it(inputs: Inputs) -> None:
    batch = inputs.producer.create_batch()
    stamp = int((NOW - 7) * 1_000)
    batch.append(timestamp=stamp, key=None, value=b"{}", headers=[("name", b"")])
    batch._builder = Damaged(batch._builder)
    topic, partition = inputs.place
    await inputs.producer.send_batch(batch, topic, partition=partition)
    await inputs.producer.flush()
    assert figures(await inputs.lag()) == (1, None, 1, 7.0)


async def test_a_missing_topic_is_told_with_the_remedy(inputs: Inputs) -> None:
    inputs.settings = inputs.settings.model_copy(update={"topic_prefix": "nowhere"})
    reader = await inputs.new_reader()
    with pytest.raises(OperatorError, match=r"nowhere\.signups.*icustomer topics create"):
        await reader.read()


async def test_a_broker_that_is_away_is_told_in_one_line() -> None:
    settings = Settings(_env_file=None, kafka_servers="127.0.0.1:1")
    async with open_lag_reader(settings) as reader:
        with pytest.raises(UnavailableError) as told:
            await reader.read()
    assert "127.0.0.1:1" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.slow
async def test_a_reader_goes_on_when_the_broker_is_back(kafka: JavaKafka, prefix: str) -> None:
    async with AsyncExitStack() as stack:
        inputs = Inputs(kafka.servers, prefix, stack)
        await inputs.open()
        await inputs.add(300)
        assert (await inputs.lag()).lag_seconds == 300.0
        kafka.kill()
        with pytest.raises(UnavailableError):
            await inputs.reader.read()
        kafka.start()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (lag := await tried(inputs)) is None:  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.1)
        assert figures(lag) == (1, None, 1, 300.0)


async def tried(inputs: Inputs) -> PartitionLag | None:
    try:
        return await inputs.lag()
    except UnavailableError:
        return None
