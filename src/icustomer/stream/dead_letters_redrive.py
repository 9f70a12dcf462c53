"""Sends dead letters back to where they came from, each portion in one Kafka transaction.

A portion holds the records and, in the topic of dead letters, a mark for each of them. So
either a record went back and its letter is marked, or neither, whenever the process ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from icustomer.contracts.topics import Topic
from icustomer.core.times import microseconds, rfc3339
from icustomer.stream.batches import Packed
from icustomer.stream.connection import Connection
from icustomer.stream.dead_letters import Letter, Redriven, mark_headers
from icustomer.stream.dead_letters_choice import Choice, Left, Terms
from icustomer.stream.failures import translated
from icustomer.stream.port import Headers
from icustomer.stream.producers import (
    MAX_BATCH_BYTES,
    OPEN_SECONDS,
    RETRY_BACKOFF_MS,
    Begun,
    stop_producer,
)
from icustomer.stream.topics import topic_name

PORTION_LETTERS = 1_000
PORTION_BYTES = 4 * 1024 * 1024
"""Of one transaction, whichever is reached first: readers of the inputs wait until it ends, and
this much takes a fraction of a second."""

TRANSACTION_TIMEOUT_MS = 15_000
"""When the broker ends a transaction whose redrive died and that no other redrive ended before.
Workers read nothing behind its records until then, so it is shorter than theirs."""

Send = Callable[[Sequence[Redriven]], Awaitable[None]]
"""Sends the records of a portion and marks their letters, all or none."""


class Tally:
    """What became of the letters so far."""

    def __init__(self, on_left: Callable[[Letter, Left], None]) -> None:
        """`on_left` is called for each letter that stays."""
        self.redriven: Counter[tuple[str, str]] = Counter()
        """By reason and topic."""
        self.left: Counter[Left] = Counter()
        self._on_left = on_left

    def note_redriven(self, portion: Iterable[Redriven]) -> None:
        self.redriven.update((each.letter.reason, each.letter.place.topic) for each in portion)

    def note_left(self, letter: Letter, why: Left) -> None:
        self.left[why] += 1
        self._on_left(letter, why)


class Redrive:
    """One run over the letters: what is chosen and can be sent goes back, in portions."""

    def __init__(self, choice: Choice, terms: Terms, tally: Tally, limit: int | None) -> None:
        """`limit`: of letters that go back; None: no limit."""
        self._choice = choice
        self._terms = terms
        self._tally = tally
        self._limit = limit

    async def run(
        self, letters: AsyncIterator[Letter], send: Send, size: int = PORTION_LETTERS
    ) -> None:
        """`size`: letters in a portion at most. What was sent before an error stays sent."""
        portion: list[Redriven] = []
        held = taken = 0
        async for record in self._records(letters):
            if portion and (len(portion) >= size or held + record.size > PORTION_BYTES):
                await self._send(portion, send)
                portion, held = [], 0
            portion.append(record)
            held += record.size
            taken += 1
            if taken == self._limit:
                break
        if portion:
            await self._send(portion, send)

    async def _records(self, letters: AsyncIterator[Letter]) -> AsyncIterator[Redriven]:
        async for letter in letters:
            if self._choice.passes(letter):
                verdict = self._terms.judge(letter)
                if isinstance(verdict, Left):
                    self._tally.note_left(letter, verdict)
                else:
                    yield verdict

    async def _send(self, portion: list[Redriven], send: Send) -> None:
        await send(portion)
        self._tally.note_redriven(portion)


def transactional_id(space: str, prefix: str) -> str:
    """Of the redrives of a prefix, one at a time. It begins as those of the space's workers, so
    that the same right covers it; theirs end with the number of a slot."""
    return f"icustomer.{space}.redrive.{prefix}"


class Redriver:
    """Sends portions as the one redrive of its prefix."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer = producer
        self._prefix = prefix

    async def send(self, portion: Sequence[Redriven]) -> None:
        """Raises `FencedError` if another redrive began meanwhile, or the broker ended the
        transaction; `UnavailableError` if Kafka is away: then whether the portion went back
        is not known, but its letters are marked if it did."""
        at = rfc3339(microseconds(datetime.now(UTC)))
        # Packed before the transaction begins, for readers wait while it is open.
        batches = [*self._records(portion), *self._marks(portion, at)]
        begun = Begun(self._producer, {}, "")
        with translated("take dead letters back"):
            try:
                await begun.complete(batches, self._name)
            except BaseException:
                await begun.abandon()
                raise

    def _records(self, portion: Iterable[Redriven]) -> Iterator[Packed]:
        """To the topic and the partition that they came from: the order of a key's records
        is that of the letters."""
        packing = _Packing(self._producer)
        for each in portion:
            letter = each.letter
            topic = Topic(letter.place.topic.removeprefix(f"{self._prefix}."))
            packing.add((topic, letter.place.partition), letter.key, letter.value, each.headers)
        return packing.batches()

    def _marks(self, portion: Iterable[Redriven], at: str) -> Iterator[Packed]:
        """To the partition of the letter: retention takes the letter before the mark."""
        packing = _Packing(self._producer)
        for each in portion:
            letter = each.letter
            packing.add((Topic.DEAD_LETTERS, letter.home), None, None, mark_headers(letter, at))
        return packing.batches()

    def _name(self, topic: Topic) -> str:
        return topic_name(self._prefix, topic)


class _Packing:
    """Records put into batches of their partitions, in their order."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._batches: dict[tuple[Topic, int], list[BatchBuilder]] = {}

    def add(
        self, place: tuple[Topic, int], key: bytes | None, value: bytes | None, headers: Headers
    ) -> None:
        batches = self._batches.setdefault(place, [])
        record = {"timestamp": None, "key": key, "value": value, "headers": list(headers)}
        if not batches or batches[-1].append(**record) is None:
            batches.append(self._producer.create_batch())
            # The first record of a batch always fits.
            batches[-1].append(**record)

    def batches(self) -> Iterator[Packed]:
        for (topic, partition), batches in self._batches.items():
            for batch in batches:
                batch.close()
                yield Packed(topic, partition, batch)


@asynccontextmanager
async def open_redriver(connection: Connection, space: str, prefix: str) -> AsyncIterator[Redriver]:
    """Becomes the one redrive of the prefix: what a former one has open is aborted, and it can
    send nothing any more. Letters and marks must be read after this."""
    producer = AIOKafkaProducer(
        **connection.aiokafka_options(),
        acks="all",
        enable_idempotence=True,
        transactional_id=transactional_id(space, prefix),
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        retry_backoff_ms=RETRY_BACKOFF_MS,
        max_batch_size=MAX_BATCH_BYTES,
    )
    asyncio.get_running_loop().set_exception_handler(_tell_unless_of_kafka)
    try:
        with translated("open a producer"):
            async with asyncio.timeout(OPEN_SECONDS):
                await producer.start()
        yield Redriver(producer, prefix)
    finally:
        await stop_producer(producer)


def _tell_unless_of_kafka(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The client gives batches that never left a failure that nobody can fetch, and asyncio
    would print it beside the one line that tells of it."""
    if not isinstance(context.get("exception"), KafkaError):
        loop.default_exception_handler(context)
