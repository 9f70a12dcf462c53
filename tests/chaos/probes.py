"""Stopwatches: marked events, one a partition twice a second, and when their profiles appear."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from chaos.traffic import FLUSH_SECONDS, client_options, producer_options
from icustomer.contracts.topics import Topic

EVERY_SECONDS = 0.5
MARK = re.compile(rb"probe-(\d+)@probe\.example")
FETCHED_AT_ONCE = 500


class Probe(NamedTuple):
    """A marked event: by `time.monotonic`, when it was sent and when its profile was read."""

    partition: int
    sent_at: float
    seen_at: float | None


class Prober:
    """Sends probes and reads profiles, committed ones only, in two threads."""

    def __init__(self, servers: str, prefix: str, partitions: int) -> None:
        self.partitions = partitions
        """Of the signups; raise it when some are added."""
        self.acknowledged = 0
        """Probes that Kafka has taken."""
        self.profiles: list[float] = []
        """When each profile was read, of a probe or not."""
        self._servers = servers
        self._signups = f"{prefix}.{Topic.SIGNUPS}"
        self._profiles = f"{prefix}.{Topic.PROFILES}"
        self._sent: list[tuple[int, float]] = []
        self._seen: dict[int, float] = {}
        self._sending_ended = threading.Event()
        self._reading_ended = threading.Event()
        self._producer = Producer(producer_options(servers))
        self._threads = [
            threading.Thread(target=step, daemon=True) for step in (self._send, self._read)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Send no more, and wait until Kafka has all of it."""
        self._sending_ended.set()
        self._threads[0].join()
        self._producer.flush(FLUSH_SECONDS)

    def stop(self) -> None:
        """Read no more."""
        self.finish()
        self._reading_ended.set()
        self._threads[1].join()

    @property
    def sent(self) -> int:
        return len(self._sent)

    def probes(self) -> Iterator[Probe]:
        """All that were sent so far, in their order."""
        for number, (partition, sent_at) in enumerate(list(self._sent)):
            yield Probe(partition, sent_at, self._seen.get(number))

    # -- threads ---------------------------------------------------------------------------

    def _send(self) -> None:
        while not self._sending_ended.wait(EVERY_SECONDS):
            for partition in range(self.partitions):
                self._probe(partition)
            self._producer.poll(0)

    def _probe(self, partition: int) -> None:
        number = len(self._sent)
        # A partition that was just added is known to the client a moment later.
        with suppress(KafkaException):
            self._producer.produce(
                self._signups,
                _probe(number),
                b"probe",
                partition=partition,
                on_delivery=self._delivered,
            )
            self._sent.append((partition, time.monotonic()))

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self.acknowledged += 1

    def _read(self) -> None:
        consumer = Consumer(
            client_options(self._servers)
            | {
                "group.id": "prober",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
            }
        )
        known = consumer.list_topics(self._profiles, timeout=30).topics[self._profiles]
        consumer.assign([TopicPartition(self._profiles, each, 0) for each in known.partitions])
        try:
            while not self._reading_ended.is_set():
                for message in consumer.consume(FETCHED_AT_ONCE, timeout=0.1):
                    if message.error() is None:
                        self._note(message.value() or b"", time.monotonic())
        finally:
            consumer.close()

    def _note(self, profile: bytes, now: float) -> None:
        self.profiles.append(now)
        found = MARK.search(profile)
        if found:
            self._seen.setdefault(int(found[1]), now)


def _probe(number: int) -> bytes:
    return json.dumps(
        {
            "event_id": f"probe-{number}",
            "occurred_at": "2026-03-01T09:00:00Z",
            "source": "prober",
            "email": f"probe-{number}@probe.example",
            "name": {"given": "Perpetua", "family": f"Probe{number}"},
        }
    ).encode()
