"""What the group has not committed yet, looked at twice a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import TimeoutError as NoAnswerError
from typing import NamedTuple

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from chaos.traffic import client_options
from icustomer.contracts.topics import INPUTS
from integration.support.offsets import GroupOffsets, Place

EVERY_SECONDS = 0.5
REQUEST_SECONDS = 5.0


class Look(NamedTuple):
    """How it stood at a moment of `time.monotonic`."""

    at: float
    ends: Mapping[Place, int]
    committed: Mapping[Place, int]

    @property
    def lag(self) -> int:
        """Records that are not done. Offsets beyond an end are no less than nothing."""
        return sum(max(0, end - self.committed.get(place, 0)) for place, end in self.ends.items())

    def covers(self, other: Look) -> bool:
        """All that stood in the inputs at another look is done."""
        return all(self.committed.get(place, 0) >= end for place, end in other.ends.items())


class LagWatch:
    """Looks in a thread of its own; while Kafka is away there are no looks."""

    def __init__(self, servers: str, prefix: str, group: str) -> None:
        self._topics = [f"{prefix}.{topic}" for topic in INPUTS]
        self._group = group
        self._servers = servers
        self._connect()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.looks: list[Look] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> Look:
        """Raises `KafkaException` or `NoAnswerError` while Kafka is away."""
        at = time.monotonic()
        known = self._admin.list_topics(timeout=REQUEST_SECONDS).topics
        places = [
            TopicPartition(each, number)
            for each in self._topics
            for number in known[each].partitions
        ]
        committed = self._offsets.committed(
            [(place.topic, place.partition) for place in places], REQUEST_SECONDS
        )
        ends = self._admin.list_offsets(
            {place: OffsetSpec.latest() for place in places}, request_timeout=REQUEST_SECONDS
        )
        return Look(
            at,
            {
                (place.topic, place.partition): end.result(2 * REQUEST_SECONDS).offset
                for place, end in ends.items()
            },
            committed,
        )

    def caught_up_at(self, since: float) -> float | None:
        """When all was done that had been sent by a moment; None: not yet."""
        later = [look for look in self.looks if look.at >= since]
        return next((look.at for look in later if look.covers(later[0])), None)

    def _run(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            try:
                self.looks.append(self.look())
            except (KafkaException, NoAnswerError, KeyError):
                # A client that lived through a restart of the broker gets no answers any more.
                self._offsets.close()
                self._connect()

    def _connect(self) -> None:
        options = client_options(self._servers)
        self._admin = AdminClient(options)
        self._offsets = GroupOffsets(self._servers, self._group, options)
