"""What a group of the Kafka in memory reads next, by its timestamps."""

from __future__ import annotations

from icustomer.contracts.topics import INPUTS
from icustomer.stream.log_reader import Isolation
from icustomer.stream.memory_broker import MemoryKafka
from icustomer.stream.port import InputPartition


def unread_since(kafka: MemoryKafka, group: str) -> int | None:
    """See `Log.unread_since`."""
    committed = kafka.group(group).committed
    unread: list[int] = []
    for topic in INPUTS:
        generation = kafka.generation(topic)
        for number in range(kafka.partitions):
            position = committed.get(InputPartition(topic, number, generation), 0)
            records, _ = kafka.read((topic, number), position, Isolation.COMMITTED, 1)
            unread += [record.timestamp for record in records]
    return min(unread, default=None)
