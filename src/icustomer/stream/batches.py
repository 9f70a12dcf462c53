"""Output records packed into one batch a partition: the cheap way to send many.

`send()` costs a future and a partitioner call a record; a batch costs both once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from icustomer.contracts.topics import Topic
from icustomer.stream.failures import RecordTooLargeError, too_large
from icustomer.stream.partitions import output_partition
from icustomer.stream.port import OutputRecord
from icustomer.stream.topics import MAX_MESSAGE_BYTES

Place = tuple[Topic, int]


class Packed(NamedTuple):
    """One batch, ready to be sent to one partition."""

    topic: Topic
    partition: int
    batch: BatchBuilder


async def pack(
    producer: AIOKafkaProducer, records: Sequence[OutputRecord], name: Callable[[Topic], str]
) -> list[Packed]:
    """The records as batches, in an order that keeps that of every partition.

    Sizes are not looked at: what a topic really takes only its broker knows.
    """
    topics = {record.topic for record in records}
    counts = {topic: len(await producer.partitions_for(name(topic))) for topic in topics}
    return list(_in_rounds(_filled(producer, records, counts)))


def _filled(
    producer: AIOKafkaProducer, records: Sequence[OutputRecord], counts: Mapping[Topic, int]
) -> dict[Place, list[BatchBuilder]]:
    batches: dict[Place, list[BatchBuilder]] = {}
    for record in records:
        topic = record.topic
        place = topic, output_partition(record, counts[topic])
        of_place = batches.setdefault(place, [])
        if not of_place or not _append(of_place[-1], record):
            of_place.append(producer.create_batch())
            _append(of_place[-1], record)
    return batches


def _append(batch: BatchBuilder, record: OutputRecord) -> bool:
    """False: the batch is full. The first record always fits."""
    appended = batch.append(
        timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
    )
    return appended is not None


async def all_delivered(
    batches: Sequence[Packed], sent: Sequence[asyncio.Future[Any]], name: Callable[[Topic], str]
) -> None:
    """Wait for the batches; raise a failure after all have ended: aiokafka would commit without
    them. Once one is refused the others fail for that alone, so a refused size is told first."""
    if not sent:
        return
    await asyncio.wait(sent)
    failures = [
        (packed, failure)
        for packed, future in zip(batches, sent, strict=True)
        if (failure := future.exception()) is not None
    ]
    for packed, failure in failures:
        if too_large(failure):
            raise _refused(packed, name(packed.topic)) from failure
    if failures:
        raise failures[0][1]


def _refused(packed: Packed, topic: str) -> RecordTooLargeError:
    """With commas in its figures: the log takes seven digits in a row for a telephone number."""
    return RecordTooLargeError(
        f"Kafka refused {packed.batch.size():,} bytes for {topic} as too large: raise "
        f"max.message.bytes of the topic to {MAX_MESSAGE_BYTES[packed.topic]:,} or more; until "
        "then this worker waits"
    )


def _in_rounds(batches: Mapping[Place, list[BatchBuilder]]) -> Iterator[Packed]:
    """First the first batch of every partition, then the second ones: the client takes a
    partition's next batch only when the one before is on its way."""
    for batches_of_round in zip_longest(*batches.values()):
        for (topic, partition), batch in zip(batches, batches_of_round, strict=True):
            if batch is not None:
                batch.close()
                yield Packed(topic, partition, batch)
