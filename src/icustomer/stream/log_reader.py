"""Reading a topic from known positions to its end as of now, one record at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from enum import StrEnum

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated

REQUEST_SECONDS = 30.0
"""For one answer of the broker; a broker that restarts is back within it."""

STOP_SECONDS = 5.0
"""For the end of a reader: it holds nothing that others wait for."""

POLL_MS = 100
"""How long one poll waits for records: a transaction marker alone moves the position, but wakes
nobody."""

MAX_RECORDS = 2_000
"""Records in memory at a time, besides what the client prefetches."""


class Isolation(StrEnum):
    """What a reader sees of open and aborted transactions."""

    COMMITTED = "read_committed"
    UNCOMMITTED = "read_uncommitted"


async def open_reader(connection: Connection, isolation: Isolation) -> AIOKafkaConsumer:
    """A started consumer without a group and without an assignment."""
    consumer = AIOKafkaConsumer(
        **connection.aiokafka_options(),
        **connection.reader_options(),
        isolation_level=str(isolation),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    with translated("open a reader"):
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await consumer.start()
        except BaseException:
            await close_reader(consumer)
            raise
    return consumer


async def close_reader(consumer: AIOKafkaConsumer) -> None:
    """Stop within a bounded time, also while Kafka is away."""
    try:
        with suppress(Exception):
            async with asyncio.timeout(STOP_SECONDS):
                await consumer.stop()
    except asyncio.CancelledError:
        # The client cancels its own fetches; one that waits lets that through to us.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """All partitions of the topic. Raises `UnavailableError` if there is no such topic (it may
    be on its way).

    The public `partitions_for_topic` knows only topics that the client has met already.
    """
    with translated(f"find the topic {topic}"):
        async with asyncio.timeout(REQUEST_SECONDS):
            numbers = await consumer._client._wait_on_metadata(topic)  # noqa: SLF001 - see above
    return [TopicPartition(topic, number) for number in sorted(numbers)]


async def read_to_end(consumer: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord]:
    """Records of the assigned partitions from where the consumer stands to the end as it is
    when this is called, under the consumer's isolation. What came later and was polled with
    them is told too: the position has passed it, so nobody would ever see it.

    The end is asked for once and compared with positions, not with records: transaction
    markers, aborted records and the holes of compaction move the position and yield nothing.
    """
    remaining = await _unread(consumer, await ends_of(consumer))
    while remaining:
        with translated("read on"):
            async with asyncio.timeout(REQUEST_SECONDS):
                polled = await consumer.getmany(
                    *remaining, timeout_ms=POLL_MS, max_records=MAX_RECORDS
                )
        for records in polled.values():
            for record in records:
                yield record
        remaining = await _unread(consumer, remaining)


async def ends_of(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """End offsets of the assigned partitions, under the consumer's isolation."""
    with translated("tell the end of the log"):
        async with asyncio.timeout(REQUEST_SECONDS):
            ends: dict[TopicPartition, int] = await consumer.end_offsets(
                list(consumer.assignment())
            )
            return ends


async def _unread(
    consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]
) -> dict[TopicPartition, int]:
    with translated("tell the position in the log"):
        async with asyncio.timeout(REQUEST_SECONDS):
            return {
                partition: end
                for partition, end in ends.items()
                if await consumer.position(partition) < end
            }
