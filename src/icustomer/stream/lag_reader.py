"""Reads from Kafka where a consumer group stands and which record it would read next.

Nothing is estimated: the first unread record itself is fetched, as a reader of committed
records gets it. Transaction markers, aborted records and the holes of compaction are passed
over, and so count for nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, OffsetAndMetadata, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
from msgspec import Struct, structs

from icustomer.errors import OperatorError
from icustomer.stream.admin import open_admin
from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated
from icustomer.stream.lenient_records import accept_any_header_name
from icustomer.stream.log_reader import Isolation, close_reader
from icustomer.stream.unread import (
    FirstUnread,
    Search,
    Standing,
    begin_search,
    is_over,
    still_holds,
)

REQUEST_SECONDS = 10.0
"""For the answers to one kind of question."""

SEARCH_SECONDS = 30.0
"""For all first unread records together; what was passed over till then is not read again."""

PARTITION_BYTES = 16 * 1024
"""Fetched of a partition: one record is wanted, and Kafka gives whole batches, which its own
producer makes this large. A larger batch comes all the same, one partition at a time."""

FETCH_WAIT_MS = 100
"""How long a broker may hold a fetch that finds nothing."""

POLL_MS = 20
"""Between two looks at the positions: a transaction marker moves them, but wakes nobody."""

DISCOVERY_SECONDS = 60.0
"""Between two looks for new partitions."""

RETRY_SECONDS = 0.1
"""Between two questions to a group's coordinator that is not there yet."""

ON_ITS_WAY = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)


class UnreadRecords(Struct, frozen=True):
    """A partition and its first unread record; None if the group has read all there is."""

    standing: Standing
    first: FirstUnread | None


class GroupReader:
    """Where one group stands in some topics. Open it as a context; one `read` at a time."""

    def __init__(self, connection: Connection, group: str, topics: Collection[str]) -> None:
        self._connection = connection
        self._group = group
        self._topics = topics
        self._stack = AsyncExitStack()
        self._partitions: list[TopicPartition] = []
        self._discovered = 0.0
        self._searches: dict[TopicPartition, Search] = {}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._admin: AIOKafkaAdminClient = await stack.enter_async_context(
                open_admin(self._connection)
            )
            self._consumer = _consumer(self._connection)
            stack.push_async_callback(close_reader, self._consumer)
            with translated("open a reader"):
                async with asyncio.timeout(REQUEST_SECONDS):
                    await self._consumer.start()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def read(self) -> list[UnreadRecords]:
        """All partitions, in the order of the topics.

        Raises `OperatorError` if a topic is missing, `UnavailableError` if Kafka cannot tell:
        then open a new reader, for clients do not survive everything.
        """
        await self._discover()
        standings = await self._standings()
        await self._recall(standings)
        unfinished = {
            partition: standing
            for partition, standing in standings.items()
            if not is_over(self._searches[partition], standing)
        }
        if unfinished:
            await self._search(unfinished)
        return [self._told(partition, standing) for partition, standing in standings.items()]

    async def _discover(self) -> None:
        """The partitions, and the consumer standing still in all of them: it fetches only what
        is resumed, and keeps what it knows of the brokers."""
        now = time.monotonic()
        if self._partitions and now - self._discovered < DISCOVERY_SECONDS:
            return
        with translated("describe topics"):
            async with asyncio.timeout(REQUEST_SECONDS):
                # All of them: asking for one by name may create it.
                described = await self._admin.describe_topics()
        partitions = _partitions_of(described, self._topics)
        if partitions != self._partitions:
            self._consumer.assign(partitions)
            self._consumer.pause(*partitions)
            for partition in partitions:
                self._consumer.seek(partition, 0)
        self._partitions, self._discovered = partitions, now

    async def _standings(self) -> dict[TopicPartition, Standing]:
        """First the commits, then the ends: so an end is never older than the commit beside it."""
        with translated(f"tell the offsets of the group {self._group}"):
            async with asyncio.timeout(REQUEST_SECONDS):
                committed = await self._committed()
        with translated("tell the end of the log"):
            async with asyncio.timeout(REQUEST_SECONDS):
                ends = await self._consumer.end_offsets(self._partitions)
        return {
            each: Standing(each.topic, each.partition, ends[each], _offset(committed[each].offset))
            for each in self._partitions
        }

    async def _committed(self) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Asked again while the group's coordinator is on its way: it may be starting, or
        moving, or the cluster is so new that it never had one."""
        while True:
            with suppress(*ON_ITS_WAY):
                offsets: Mapping[
                    TopicPartition, OffsetAndMetadata
                ] = await self._admin.list_consumer_group_offsets(
                    self._group, partitions=self._partitions
                )
                # The client passes over an error that concerns the whole group.
                if offsets.keys() >= set(self._partitions):
                    return offsets
            await asyncio.sleep(RETRY_SECONDS)

    async def _recall(self, standings: Mapping[TopicPartition, Standing]) -> None:
        """What earlier reads found, where it still holds; new searches elsewhere."""
        with_record = [each for each, search in self._searches.items() if search.found]
        with translated("tell the beginning of the log"):
            async with asyncio.timeout(REQUEST_SECONDS):
                beginnings = await self._consumer.beginning_offsets(
                    [each for each in with_record if each in standings]
                )
        now = time.monotonic()
        known = {
            partition: search
            for partition, search in self._searches.items()
            if partition in standings
            and still_holds(search, standings[partition], beginnings.get(partition, 0), now)
        }
        self._searches = {
            partition: known.get(partition) or begin_search(standing, now)
            for partition, standing in standings.items()
        }

    async def _search(self, standings: dict[TopicPartition, Standing]) -> None:
        for partition in standings:
            self._consumer.seek(partition, self._searches[partition].position)
        self._consumer.resume(*standings)
        try:
            with translated("give the first unread records"):
                async with asyncio.timeout(SEARCH_SECONDS):
                    while standings:
                        await self._poll(standings)
                        standings = await self._unfinished(standings)
        finally:
            self._consumer.pause(*self._partitions)

    async def _poll(self, standings: Collection[TopicPartition]) -> None:
        polled = await self._consumer.getmany(*standings, timeout_ms=POLL_MS, max_records=1)
        for partition, (record,) in polled.items():
            self._searches[partition] = structs.replace(
                self._searches[partition],
                position=record.offset,
                found=FirstUnread(record.offset, record.timestamp),
            )
            self._consumer.pause(partition)
            # Drops what else the fetch brought, for which the next one would wait.
            self._consumer.seek(partition, record.offset)

    async def _unfinished(
        self, standings: dict[TopicPartition, Standing]
    ) -> dict[TopicPartition, Standing]:
        """Those whose search goes on, from where the consumer stands."""
        unfinished = {}
        for partition, standing in standings.items():
            if self._searches[partition].found is None:
                position = await self._consumer.position(partition)
                self._searches[partition] = structs.replace(
                    self._searches[partition], position=position
                )
                if position < standing.end:
                    unfinished[partition] = standing
                else:
                    self._consumer.pause(partition)
        return unfinished

    def _told(self, partition: TopicPartition, standing: Standing) -> UnreadRecords:
        """A record that came after the end was asked for belongs to the next read."""
        found = self._searches[partition].found
        return UnreadRecords(standing, found if found and found.offset < standing.end else None)


def _consumer(connection: Connection) -> AIOKafkaConsumer:
    accept_any_header_name()
    return AIOKafkaConsumer(
        **connection.aiokafka_options(),
        **connection.reader_options(),
        isolation_level=str(Isolation.COMMITTED),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=PARTITION_BYTES,
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )


def _partitions_of(
    described: list[dict[str, Any]], topics: Collection[str]
) -> list[TopicPartition]:
    found = {entry["topic"]: entry["partitions"] for entry in described}
    missing = sorted(set(topics) - found.keys())
    if missing:
        raise OperatorError(
            f"topics are missing in Kafka: {', '.join(missing)}; "
            "create them with: icustomer topics create"
        )
    return [
        TopicPartition(topic, number)
        for topic in topics
        for number in sorted(partition["partition"] for partition in found[topic])
    ]


def _offset(told: int) -> int | None:
    """Kafka's -1: the group has no offset here."""
    return None if told < 0 else told
