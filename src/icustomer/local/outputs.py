"""Reads what the worker publishes while it runs: the embedded Kafka forgets what is older."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer

from icustomer.contracts.topics import Topic
from icustomer.local.tally import Tally

READ = (Topic.PROFILES, Topic.IDENTITY_CHANGES, Topic.DEAD_LETTERS)
POLL_MILLISECONDS = 50
FETCH_MILLISECONDS = 10
QUIET_POLLS = 10
"""Empty polls in a row after which everything that was committed has been read."""


class Outputs:
    """A subscriber as downstream systems should be one: it reads committed records only."""

    def __init__(self, servers: str, topics: dict[Topic, str], tally: Tally) -> None:
        self._names = {topics[topic]: topic for topic in READ}
        self._tally = tally
        # Without a group it reads all partitions of the topics.
        self._consumer = AIOKafkaConsumer(
            *self._names,
            bootstrap_servers=servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            # The mock cluster answers an empty fetch after this time, not when a record comes.
            fetch_max_wait_ms=FETCH_MILLISECONDS,
            # The mock cluster writes the markers of transactions with a wrong checksum.
            check_crcs=False,
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._consumer.stop()

    async def follow(self) -> None:
        """Read until cancelled."""
        while True:
            await self.read()

    async def drain(self) -> None:
        """Read until nothing more comes."""
        quiet = 0
        while quiet < QUIET_POLLS:
            quiet = 0 if await self.read() else quiet + 1

    async def read(self) -> int:
        """Tally what there is, or wait a moment for it; the number of records."""
        batches = await self._consumer.getmany(timeout_ms=POLL_MILLISECONDS)
        read_at = time.monotonic()
        for partition, records in batches.items():
            topic = self._names[partition.topic]
            for record in records:
                self._tally.take(topic, record.value, record.headers, read_at)
        return sum(map(len, batches.values()))
