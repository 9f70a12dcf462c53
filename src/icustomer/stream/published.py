"""Follows changelog and profiles: every record from the beginning, then what comes later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from icustomer.contracts.topics import Topic
from icustomer.stream.changelog import CLAIM_KEY
from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated
from icustomer.stream.log_reader import (
    MAX_RECORDS,
    POLL_MS,
    REQUEST_SECONDS,
    Isolation,
    close_reader,
    ends_of,
    open_reader,
    partitions_of,
)
from icustomer.stream.port import Headers
from icustomer.stream.records import VERSION_HEADER
from icustomer.stream.topics import topic_name

FOLLOWED = (Topic.IDENTITY_STATE, Topic.PROFILES)
DECIDED_SECONDS = 5.0
"""How long the end of a transaction is waited for: some milliseconds as a rule, seconds with a
busy broker. That of a worker that was killed is held up to a minute, and not worth more."""
NO_VERSION = 0
"""Of a record that somebody else wrote: below all versions."""


class PublishedRecord(NamedTuple):
    """A record of the changelog or of the profiles; `value` None: a tombstone."""

    topic: Topic
    key: bytes
    version: int
    value: bytes | None


class Published:
    """Both topics, read committed, within each partition in order of offset."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._topics = {topic_name(prefix, topic): topic for topic in FOLLOWED}
        self._readers = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Raises `UnavailableError` if Kafka is away or a topic is missing."""
        async with AsyncExitStack() as stack:
            self._committed = await self._opened(stack, Isolation.COMMITTED)
            self._written = await self._opened(stack, Isolation.UNCOMMITTED)
            self._readers = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._readers.aclose()

    async def read_on(self) -> AsyncIterator[PublishedRecord]:
        """What was not read yet, to the end as of now; claims are left out.

        A transaction is acknowledged before its records can be read. So what was written by now
        is waited for: what a worker has settled is read for certain.
        """
        written = await ends_of(self._written)
        patience = time.monotonic() + DECIDED_SECONDS
        while not await self._has_read(written):
            polled = await self._polled()
            # All of it, also what is behind the end: the position has passed it.
            for record in polled:
                if record.key is not None and record.key != CLAIM_KEY:
                    topic, version = self._topics[record.topic], _version(record.headers)
                    yield PublishedRecord(topic, record.key, version, record.value)
            if polled:
                patience = time.monotonic() + DECIDED_SECONDS
            elif time.monotonic() > patience:
                return

    async def _polled(self) -> list[ConsumerRecord]:
        with translated("read on"):
            async with asyncio.timeout(REQUEST_SECONDS):
                polled = await self._committed.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        return [record for records in polled.values() for record in records]

    async def _has_read(self, ends: Mapping[TopicPartition, int]) -> bool:
        with translated("tell the position in the log"):
            async with asyncio.timeout(REQUEST_SECONDS):
                for partition, end in ends.items():
                    if await self._committed.position(partition) < end:
                        return False
        return True

    async def _opened(self, stack: AsyncExitStack, isolation: Isolation) -> AIOKafkaConsumer:
        reader = await open_reader(self._connection, isolation)
        stack.push_async_callback(close_reader, reader)
        reader.assign([each for name in self._topics for each in await partitions_of(reader, name)])
        return reader


def _version(headers: Headers) -> int:
    for name, text in headers:
        if name == VERSION_HEADER and text is not None and text.isdigit():
            return int(text)
    return NO_VERSION
