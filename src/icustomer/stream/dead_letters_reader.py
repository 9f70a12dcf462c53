"""Reads all dead letters of a prefix, and the marks of those that were redriven, from Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from icustomer.errors import UnavailableError
from icustomer.stream.connection import Connection
from icustomer.stream.dead_letters import Letter, read_letter, read_mark
from icustomer.stream.failures import translated
from icustomer.stream.lenient_records import accept_any_header_name
from icustomer.stream.log_reader import (
    MAX_RECORDS,
    POLL_MS,
    REQUEST_SECONDS,
    Isolation,
    close_reader,
    open_reader,
    partitions_of,
)

PATIENCE_SECONDS = 90.0
"""Without a step forward. A worker that died in a transaction holds readers back until the broker
ends it: after 60 s, which it looks at every 10 s."""


class LetterReader:
    """The dead letters as they stood when it was opened; may be read several times.

    Its end is that of the log itself, not where readers of committed records stop just now: a
    transaction that is open there may hide marks that were committed behind it, and a letter
    whose mark is hidden would be redriven twice. So a read waits until such a transaction ended.
    """

    def __init__(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        self._consumer = consumer
        self._ends = ends
        self.strange = 0
        """Records that the last `letters` passed over because they are neither letter nor mark."""

    async def marks(self) -> dict[bytes, str]:
        """The letters that were redriven, by name, and when (RFC 3339): the last time."""
        marks: dict[bytes, str] = {}
        times: dict[str, str] = {}
        async for record in self._records():
            mark = read_mark(record)
            if mark is not None:
                # Letters of one transaction share their time: it is kept once.
                marks[mark.name] = times.setdefault(mark.at, mark.at)
        return marks

    async def letters(self) -> AsyncGenerator[Letter, None]:
        """All letters, repeated ones too; within a partition in the order of the log."""
        self.strange = 0
        async for record in self._records():
            letter = read_letter(record)
            if letter is not None:
                yield letter
            elif read_mark(record) is None:
                self.strange += 1

    async def _records(self) -> AsyncIterator[ConsumerRecord]:
        """Raises `UnavailableError` if Kafka goes away, or if a transaction stays open."""
        with translated("go back to the first dead letter"):
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._consumer.seek_to_beginning(*self._ends)
        progress = _Progress()
        remaining = await self._unread(progress)
        while remaining:
            with translated("read dead letters"):
                async with asyncio.timeout(REQUEST_SECONDS):
                    polled = await self._consumer.getmany(
                        *remaining, timeout_ms=POLL_MS, max_records=MAX_RECORDS
                    )
            for partition, records in polled.items():
                for record in records:
                    if record.offset < self._ends[partition]:
                        yield record
            remaining = await self._unread(progress)

    async def _unread(self, progress: _Progress) -> list[TopicPartition]:
        with translated("tell the position in the dead letters"):
            async with asyncio.timeout(REQUEST_SECONDS):
                positions = {each: await self._consumer.position(each) for each in self._ends}
        remaining = [each for each, end in self._ends.items() if positions[each] < end]
        progress.note(sum(positions.values()))
        return remaining


class _Progress:
    """Tells a read that does not come on."""

    def __init__(self) -> None:
        self._position = -1
        self._since = time.monotonic()

    def note(self, position: int) -> None:
        now = time.monotonic()
        if position != self._position:
            self._position, self._since = position, now
        elif now - self._since > PATIENCE_SECONDS:
            raise UnavailableError(
                "Kafka could not give the last dead letters: a transaction has been open for "
                f"{PATIENCE_SECONDS:.0f} s; try again when it ended"
            )


@asynccontextmanager
async def open_letters(connection: Connection, topic: str) -> AsyncIterator[LetterReader]:
    """A reader of the topic of dead letters as it stands now. `topic`: full name; it must exist.
    Raises `UnavailableError` if Kafka does not answer."""
    accept_any_header_name()
    ends = await _ends(connection, topic)
    consumer = await open_reader(connection, Isolation.COMMITTED)
    try:
        consumer.assign(list(ends))
        yield LetterReader(consumer, ends)
    finally:
        await close_reader(consumer)


async def _ends(connection: Connection, topic: str) -> dict[TopicPartition, int]:
    consumer = await open_reader(connection, Isolation.UNCOMMITTED)
    try:
        partitions = await partitions_of(consumer, topic)
        with translated("tell the end of the dead letters"):
            async with asyncio.timeout(REQUEST_SECONDS):
                return dict(await consumer.end_offsets(partitions))
    finally:
        await close_reader(consumer)
