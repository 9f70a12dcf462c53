"""Kafka read and written by librdkafka: a client that the program itself does not use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from integration.support.offsets import GroupOffsets

PATIENCE_SECONDS = 60
REQUEST_SECONDS = 20
INPUTS = ("signups", "orders", "support", "commands")

Answer = TypeVar("Answer")


class Reader:
    """Reads whole topics, committed transactions only."""

    def __init__(self, servers: str, prefix: str, options: Mapping[str, Any] | None = None) -> None:
        """`options`: how to be let in, in the words of librdkafka."""
        self.prefix = prefix
        self._servers = servers
        self._options = dict(options or {})
        self._admin = AdminClient({"bootstrap.servers": servers, "log_level": 0, **self._options})

    def read(self, topic: str) -> list[Message]:
        """All records, within a partition in order of offset. A transaction whose end the
        broker is still writing is waited for."""
        ends = _patiently(lambda: self._ends(f"{self.prefix}.{topic}"))
        return _read_to(self._servers, ends)

    def lag(self, group: str) -> int:
        """Records of the inputs that the group has not committed."""
        return _patiently(lambda: self._lag(group))

    def _lag(self, group: str) -> int:
        ends = self._ends(*(f"{self.prefix}.{topic}" for topic in INPUTS))
        with GroupOffsets(self._servers, group, self._options) as offsets:
            committed = offsets.committed(ends)
        return sum(end - committed[place] for place, end in ends.items())

    def _ends(self, *topics: str) -> dict[tuple[str, int], int]:
        """Where each partition ends, open transactions included."""
        known = self._admin.list_topics(timeout=REQUEST_SECONDS).topics
        places = [
            TopicPartition(each, number) for each in topics for number in known[each].partitions
        ]
        answers = self._admin.list_offsets({place: OffsetSpec.latest() for place in places})
        return {
            (place.topic, place.partition): answer.result(REQUEST_SECONDS).offset
            for place, answer in answers.items()
        }


def _patiently(ask: Callable[[], Answer]) -> Answer:
    """The answer of a broker that may not give it for a while: having just come back, or after a
    topic was made again, when the client still asks the former leader."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except KafkaException:
            if time.monotonic() > end:
                raise


def _read_to(servers: str, ends: dict[tuple[str, int], int]) -> list[Message]:
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "nobody",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    waiting = {place for place, end in ends.items() if end > 0}
    consumer.assign([TopicPartition(*place, 0) for place in waiting])
    records: list[Message] = []
    patience = time.monotonic() + PATIENCE_SECONDS
    try:
        while waiting:
            assert time.monotonic() < patience, f"not read to the end: {waiting}"
            for message in consumer.consume(1_000, timeout=0.2):
                place = (message.topic(), message.partition())
                if message.error() is None:
                    records.append(message)
                elif _ended(message) and message.offset() >= ends[place]:
                    waiting.discard(place)
    finally:
        consumer.close()
    return records


def _ended(message: Message) -> bool:
    """No record, but word that the partition has no more."""
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF


def delete_topics(servers: str, prefix: str) -> None:
    """Leave a broker that others use too as it was."""
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    names = [name for name in admin.list_topics(timeout=20).topics if name.startswith(f"{prefix}.")]
    for done in admin.delete_topics(names).values():
        done.result()


class Record(Protocol):
    """What is sent: an event that the generator made, or one of a test's own."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class Plain(NamedTuple):
    """A record with headers of its own."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def send(servers: str, prefix: str, records: Iterable[Record]) -> None:
    """Send records and wait until the broker has them, in their order within a partition."""
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "log_level": 0,
        }
    )
    for record in records:
        headers = record.headers if isinstance(record, Plain) else ()
        producer.produce(
            f"{prefix}.{record.topic}", record.value, record.key, headers=list(headers)
        )
        producer.poll(0)
    assert producer.flush(60) == 0
