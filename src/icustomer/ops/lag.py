"""How far a consumer group is behind: for each input partition in records and in seconds.

The seconds are the age of the oldest record not yet committed, by its own Kafka timestamp. The
record is read, so the figure holds for idle topics, for a group that stands still, and after
records were removed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct

from icustomer.contracts.topics import INPUTS
from icustomer.kafka_access import connection
from icustomer.settings import Settings
from icustomer.stream.lag_reader import GroupReader, UnreadRecords
from icustomer.stream.topics import topic_name

MILLISECONDS = 1_000
"""In a second: Kafka's timestamps count them."""


class PartitionLag(Struct, frozen=True):
    """How far the group is behind in one partition."""

    topic: str
    """Its full name, with TOPIC_PREFIX."""
    partition: int
    end: int
    """The offset up to which anybody may read: what stands in a transaction that is still open,
    or after it, does not count yet."""
    committed: int | None
    """The group's committed offset, the next it will read; None if it never committed here."""
    lag_records: int
    """Offsets from the first unread record to the end: at least as many as there are records to
    be read, for markers of transactions, aborted records and compacted ones have offsets too.
    0 if and only if nothing is left to read."""
    lag_seconds: float
    """Age of the first unread record by its own timestamp, to the millisecond. 0 if nothing is
    left to read, if the timestamp lies in the future, and if the record has none."""


class OpenGroupReader(Protocol):
    """What is asked of the Kafka side; see `stream.lag_reader.GroupReader`."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> object: ...
    async def read(self) -> list[UnreadRecords]: ...


class LagReader:
    """Reads the lag as often as asked, one `read` at a time.

    It connects with the first read, and again after one that failed: clients do not survive
    everything, and a new one costs a few milliseconds.
    """

    def __init__(
        self, open_reader: Callable[[], OpenGroupReader], clock: Callable[[], float] = time.time
    ) -> None:
        """`clock`: seconds since the epoch."""
        self._open_reader = open_reader
        self._clock = clock
        self._reader: OpenGroupReader | None = None

    async def read(self) -> list[PartitionLag]:
        """All input partitions, by topic and number.

        Raises `UnavailableError` if Kafka does not answer, `OperatorError` if it refuses us or
        if a topic is missing.
        """
        if self._reader is None:
            self._reader = await self._open_reader().__aenter__()
        try:
            unread = await self._reader.read()
        except BaseException:
            await self.close()
            raise
        now = self._clock()
        return [partition_lag(each, now) for each in unread]

    async def close(self) -> None:
        """Disconnect; the next read connects again."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.__aexit__(None, None, None)


@asynccontextmanager
async def open_lag_reader(
    settings: Settings, clock: Callable[[], float] = time.time
) -> AsyncIterator[LagReader]:
    """A reader of the lag of CONSUMER_GROUP in the input topics of TOPIC_PREFIX.

    Nothing is opened before the first read. `clock`: seconds since the epoch. `SettingsError`
    if a certificate is not usable.
    """
    kafka = connection(settings)
    topics = [topic_name(settings.topic_prefix, topic) for topic in INPUTS]
    reader = LagReader(lambda: GroupReader(kafka, settings.consumer_group, topics), clock)
    try:
        yield reader
    finally:
        await reader.close()


def partition_lag(unread: UnreadRecords, now: float) -> PartitionLag:
    """The lag at a moment, in seconds since the epoch."""
    standing, first = unread.standing, unread.first
    return PartitionLag(
        topic=standing.topic,
        partition=standing.partition,
        end=standing.end,
        committed=standing.committed,
        lag_records=standing.end - first.offset if first else 0,
        lag_seconds=_age(first.timestamp_ms, now) if first else 0.0,
    )


def _age(timestamp_ms: int, now: float) -> float:
    if timestamp_ms < 0:
        return 0.0
    return max(0.0, round(now - timestamp_ms / MILLISECONDS, 3))
