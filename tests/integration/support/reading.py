"""Kafka read and written by librdkafka: a client that the program itself does not use."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

INPUTS = ("signups", "orders", "support", "commands")


class Reader:
    """Reads whole topics, committed transactions only."""

    def __init__(self, servers: str, prefix: str) -> None:
        self.prefix = prefix
        self._servers = servers

    def _consumer(self, group: str) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": False,
            }
        )

    def _partitions(self, consumer: Consumer, topic: str) -> list[TopicPartition]:
        name = f"{self.prefix}.{topic}"
        described = consumer.list_topics(name, timeout=20).topics[name]
        return [TopicPartition(name, number) for number in described.partitions]

    def read(self, topic: str) -> list[Message]:
        """All records, within a partition in order of offset."""
        consumer = self._consumer("nobody")
        try:
            partitions = self._partitions(consumer, topic)
            ends = {}
            for partition in partitions:
                low, high = consumer.get_watermark_offsets(partition, timeout=20)
                partition.offset = low
                ends[partition.partition] = high
            consumer.assign(partitions)
            return _read_to(consumer, partitions, ends)
        finally:
            consumer.close()

    def lag(self, group: str) -> int:
        """Records of the inputs that the group has not committed."""
        consumer = self._consumer(group)
        try:
            behind = 0
            for topic in INPUTS:
                for place in consumer.committed(self._partitions(consumer, topic), timeout=20):
                    _, high = consumer.get_watermark_offsets(place, timeout=20)
                    behind += high - max(place.offset, 0)
            return behind
        finally:
            consumer.close()


def _read_to(
    consumer: Consumer, partitions: list[TopicPartition], ends: dict[int, int]
) -> list[Message]:
    records: list[Message] = []
    end = time.monotonic() + 60
    while any(
        max(place.offset, 0) < ends[place.partition] for place in consumer.position(partitions)
    ) and any(ends.values()):
        assert time.monotonic() < end, "the topic was not read to its end"
        found = consumer.consume(1_000, timeout=0.2)
        records += [message for message in found if message.error() is None]
        if not found and _at_end(consumer, partitions, ends):
            break
    return records


def _at_end(consumer: Consumer, partitions: list[TopicPartition], ends: dict[int, int]) -> bool:
    """Positions are unknown (-1001) where nothing was ever written."""
    return all(
        ends[place.partition] == 0 or place.offset >= ends[place.partition]
        for place in consumer.position(partitions)
    )


def send(servers: str, prefix: str, records: Iterable[Any]) -> None:
    """Records with topic, key, value and, some of them, headers."""
    producer = Producer({"bootstrap.servers": servers, "partitioner": "murmur2_random"})
    for record in records:
        producer.produce(
            f"{prefix}.{record.topic}",
            record.value,
            record.key,
            headers=list(getattr(record, "headers", ())),
        )
        producer.poll(0)
    assert producer.flush(60) == 0
