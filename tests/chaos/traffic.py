"""Upstream: sends events at a steady rate, and in bursts when somebody asks for one."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from chaos.events import Event

PAUSE_SECONDS = 0.02
"""Between two portions."""
RECONNECT_MS = 500
"""The longest pause of the client between two tries to reach a broker: what is measured is how
long the worker takes, not how long the measuring client does."""
METADATA_MS = 2_000
"""How soon partitions that were added are sent to."""
FLUSH_SECONDS = 120.0


def client_options(servers: str) -> dict[str, Any]:
    """What all clients of the judges have in common."""
    return {
        "bootstrap.servers": servers,
        "reconnect.backoff.max.ms": RECONNECT_MS,
        "log_level": 0,
    }


def producer_options(servers: str) -> dict[str, Any]:
    """A producer as upstream systems should have it: idempotent, keyed as Java clients key."""
    return client_options(servers) | {
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": 2,
        "topic.metadata.refresh.interval.ms": METADATA_MS,
    }


class Traffic:
    """A producer in a thread of its own."""

    def __init__(self, servers: str, prefix: str, events: Sequence[Event], rate: float) -> None:
        self._prefix = prefix
        self._events = events
        self._rate = rate
        self._next = 0
        self._burst = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._producer = Producer(producer_options(servers))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.acknowledged: Counter[str] = Counter()
        """Topic to the records that Kafka has taken."""
        self.refused: list[str] = []
        """Why records were not taken: there must be none."""

    @property
    def left(self) -> int:
        """Events not yet sent."""
        return len(self._events) - self._next

    @property
    def sent(self) -> int:
        return self._next

    def start(self) -> None:
        self._thread.start()

    def burst(self, count: int) -> None:
        """Send so many at once, besides the steady stream."""
        with self._lock:
            self._burst += count

    def finish(self) -> None:
        """Send what is left as fast as it goes, and wait until Kafka has all of it."""
        self.burst(self.left)
        self._ended.set()
        self._thread.join()
        remaining = self._producer.flush(FLUSH_SECONDS)
        if remaining:
            self.refused.append(f"{remaining} events were never acknowledged")

    def stop(self) -> None:
        """End without sending what is left."""
        self._events = self._events[: self._next]
        self.finish()

    def _run(self) -> None:
        due, last = 0.0, time.monotonic()
        while not (self._ended.is_set() and self.left == 0):
            now = time.monotonic()
            due += (now - last) * self._rate
            last = now
            with self._lock:
                portion = int(due) + self._burst
                self._burst = 0
            due -= int(due)
            self._send(self._events[self._next : self._next + portion])
            self._producer.poll(0)
            self._ended.wait(PAUSE_SECONDS)

    def _send(self, portion: Sequence[Event]) -> None:
        for event in portion:
            name = f"{self._prefix}.{event.topic}"
            while True:
                try:
                    self._producer.produce(
                        name, event.value, event.key, on_delivery=self._delivered
                    )
                    break
                except BufferError:
                    self._producer.poll(PAUSE_SECONDS)
            self._next += 1

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.acknowledged[str(message.topic())] += 1
        else:
            self.refused.append(error.str())
