"""Sends generated events to Kafka: as fast as the worker takes them, then at a steady rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

from confluent_kafka import KafkaError, Message, Producer

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError
from icustomer.local.generator import Sent

WINDOW_EVENTS = 8_000
"""Sent and not yet accounted for: the embedded Kafka keeps 5 MB a partition and drops what is
older, read or not; this many events stay below that even in one partition."""
PAUSE_SECONDS = 0.02
"""Between two looks at how far the worker is, and between two portions at a steady rate."""
PORTION_EVENTS = 500
"""Sent in a row before others may run."""
FLUSH_SECONDS = 20.0


class Traffic:
    """A producer as upstream systems should have it: idempotent, keyed as Java clients key."""

    def __init__(self, servers: str, topics: dict[Topic, str]) -> None:
        self._topics = topics
        self._errors: list[KafkaError] = []
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "log_level": 0,
            }
        )
        self.sent = 0
        """Events handed to the producer."""

    async def send_fast(self, records: Sequence[Sent], accounted: Callable[[], int]) -> None:
        """Send all, never more than WINDOW_EVENTS ahead of `accounted()`."""
        for record in records:
            while self.sent - accounted() >= WINDOW_EVENTS:
                await self._breathe()
            self._produce(record)
            if self.sent % PORTION_EVENTS == 0:
                await asyncio.sleep(0)
        await self.flush()

    async def send_steadily(
        self, records: Iterable[Sent], per_second: float, on_send: Callable[[Sent, float], None]
    ) -> None:
        """Send at a steady rate; `on_send` gets each record with its time (`time.monotonic`)."""
        started = time.monotonic()
        for number, record in enumerate(records):
            while time.monotonic() - started < number / per_second:
                await self._breathe()
            on_send(record, time.monotonic())
            self._produce(record)
        await self.flush()

    async def flush(self) -> None:
        """Wait until the broker has everything; raise `OperatorError` if it refused any."""
        remaining = await asyncio.to_thread(self._producer.flush, FLUSH_SECONDS)
        if self._errors:
            raise OperatorError(f"Kafka refused events: {self._errors[0].str()}")
        if remaining:
            raise OperatorError(f"Kafka did not take {remaining} events in {FLUSH_SECONDS:.0f} s")

    def _produce(self, record: Sent) -> None:
        self._producer.produce(
            self._topics[record.topic], record.value, record.key, on_delivery=self._delivered
        )
        self._producer.poll(0)
        self.sent += 1

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._errors.append(error)

    async def _breathe(self) -> None:
        self._producer.poll(0)
        await asyncio.sleep(PAUSE_SECONDS)
