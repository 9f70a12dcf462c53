"""Producers of aiokafka, opened, used for one transaction at a time, and let go in bounded time.

Nothing here waits for ever: aiokafka retries an accepted record without end, and its `stop`
waits for that, so every wait has a limit and a broken producer is dropped, never mended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaProducer, OffsetAndMetadata, TopicPartition

from icustomer.contracts.topics import Topic
from icustomer.stream.batches import Packed, all_delivered
from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated

OPEN_SECONDS = 30.0
"""To connect and to get the transactional ID, its former transaction ended included."""

TRANSACTION_SECONDS = 30.0
"""For one whole transaction; above what a broker's restart takes, below the broker's own
limit, so that we know first."""

TRANSACTION_TIMEOUT_MS = 60_000
"""When the broker ends a transaction that its worker left open: the last resort, since the
sweeper initialises the slots of dead workers much earlier."""

END_SECONDS = 5.0
"""To abort and to stop: whoever initialises the slot next does both for us anyway."""

RETRY_BACKOFF_MS = 10
"""A transaction begun while the last one's markers are being written waits this long and asks
again; the client's default of 100 is what a batch would then take. Shorter ones gained
nothing and repeat more often while a broker is away."""

MAX_BATCH_BYTES = 256 * 1024
"""Far above a usual batch's share of one partition, below every topic's limit."""

Offsets = Mapping[TopicPartition, OffsetAndMetadata]


async def open_producer(
    connection: Connection, transactional_id: str | None = None
) -> AIOKafkaProducer:
    """A started producer; with an ID: its only one, the former one's transaction aborted."""
    producer = AIOKafkaProducer(
        **connection.aiokafka_options(),
        acks="all",
        enable_idempotence=True,
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        retry_backoff_ms=RETRY_BACKOFF_MS,
        max_batch_size=MAX_BATCH_BYTES,
    )
    with translated("open a producer"):
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await producer.start()
        except BaseException:
            await stop_producer(producer)
            raise
    return producer


class Begun:
    """A transaction that is open, its offsets on their way.

    Offsets go first: if the markers of the last transaction are still being written, it is
    the request of the offsets that waits, and it waits the shorter time (see above).
    """

    def __init__(self, producer: AIOKafkaProducer, offsets: Offsets, group: str) -> None:
        self.offsets = offsets
        self._producer = producer
        self._sending = asyncio.create_task(_begin(producer, offsets, group))

    async def complete(self, batches: Sequence[Packed], name: Callable[[Topic], str]) -> int:
        """The batches too, and the end; the nanoseconds that were waited for the offsets.
        Raises what aiokafka raises, also what became of the offsets."""
        producer = self._producer
        async with asyncio.timeout(TRANSACTION_SECONDS):
            started = time.perf_counter_ns()
            await self._sending
            waited = time.perf_counter_ns() - started
            sent = [
                await producer.send_batch(each.batch, name(each.topic), partition=each.partition)
                for each in batches
            ]
            await all_delivered(batches, sent, name)
            await producer.commit_transaction()
            return waited

    async def abandon(self) -> None:
        """Try to abort, so that nobody need wait for the end of it, and stop the producer."""
        self._sending.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._sending
        with suppress(Exception):
            async with asyncio.timeout(END_SECONDS):
                await self._producer.abort_transaction()
        _forget_outcome(self._producer)
        await stop_producer(self._producer)


async def _begin(producer: AIOKafkaProducer, offsets: Offsets, group: str) -> None:
    await producer.begin_transaction()
    if offsets:
        await producer.send_offsets_to_transaction(dict(offsets), group)


def _forget_outcome(producer: AIOKafkaProducer) -> None:
    """Mark the failure of the transaction as seen: nobody waits for its end any more, and
    asyncio would log it as never retrieved."""
    waiter = producer._txn_manager._transaction_waiter  # noqa: SLF001 - no public way to it
    if waiter is not None and waiter.done() and not waiter.cancelled():
        waiter.exception()


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop within a bounded time, whatever state the producer is in."""
    with suppress(Exception):
        async with asyncio.timeout(END_SECONDS):
            await producer.stop()
            return
    with suppress(Exception):
        await producer.client.close()
