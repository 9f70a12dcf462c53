"""Whether reading has come to a stand that only a new process would mend.

The client may hang in ways that no error tells: its fetches end, or its group leaves it without
partitions. What Kafka itself says of ends and members is held against what arrives here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct

from icustomer.stream.admin import CONNECT_SECONDS, open_admin
from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated

STALLED_SECONDS = 60.0
"""Records came and none was read: the client's own timeouts are 40 s at the most."""

EMPTY_SECONDS = 180.0
"""Without a partition while there is one for everybody: several times what a rebalance takes
whose members have to be waited for."""

POSITION_SECONDS = 1.0
"""To be told a position. One that is known is told at once, so there is none then."""


class Stand(StrEnum):
    """How reading came to a stand."""

    INPUT_STALLED = "input_stalled"
    """Records lie in an assigned partition and do not arrive."""
    NO_PARTITIONS = "no_partitions"
    """The member has no partition although the group has fewer members than partitions."""


class Stall(Struct, frozen=True):
    """A partition that has records to read, since when it has stood so."""

    position: int | None
    """None: the client has none."""
    end: int
    since: float


class Progress:
    """Remembers from look to look. `clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stalls: dict[TopicPartition, Stall] = {}
        self._empty_since: float | None = None

    def moving(self) -> None:
        """Something arrives, is in hand, or is tried again; or Kafka does not tell."""
        self._stalls.clear()
        self._empty_since = None

    def looked(
        self, positions: Mapping[TopicPartition, int | None], ends: Mapping[TopicPartition, int]
    ) -> bool:
        """Whether a partition has stood still for too long while its end moved on.

        An end that stands still proves nothing: what is left before it may be no records.
        """
        self._empty_since = None
        now = self._clock()
        behind = {each: end for each, end in ends.items() if (positions[each] or 0) < end}
        self._stalls = {
            each: known
            if (known := self._stalls.get(each)) and known.position == positions[each]
            else Stall(positions[each], end, now)
            for each, end in behind.items()
        }
        return any(
            now - known.since >= STALLED_SECONDS and behind[each] > known.end
            for each, known in self._stalls.items()
        )

    def empty_for_long(self) -> bool:
        """The member has no partition; whether it has had none for too long."""
        self._stalls.clear()
        if self._empty_since is None:
            self._empty_since = self._clock()
        return self._clock() - self._empty_since >= EMPTY_SECONDS


class ProgressWatch:
    """Looks at one member of a group."""

    def __init__(self, connection: Connection, group: str, topics: Collection[str]) -> None:
        self._connection = connection
        self._group = group
        self._topics = topics
        self._progress = Progress()

    def moving(self) -> None:
        """See `Progress.moving`."""
        self._progress.moving()

    async def look(self, consumer: AIOKafkaConsumer) -> Stand | None:
        """How reading stands still; None: it does not, or not for long enough. May raise
        `UnavailableError`."""
        partitions = consumer.assignment()
        if partitions:
            with translated("tell the ends of the input topics"):
                ends = await consumer.end_offsets(partitions)
            with translated("tell where the input topics are read"):  # or a rebalance took them
                positions = {each: await _position(consumer, each) for each in partitions}
            return Stand.INPUT_STALLED if self._progress.looked(positions, ends) else None
        if self._progress.empty_for_long() and await self._partitions_are_free():
            return Stand.NO_PARTITIONS
        return None

    async def _partitions_are_free(self) -> bool:
        """The group has no more members than there are partitions, and is in no rebalance."""
        async with open_admin(self._connection) as admin:
            with translated("describe the consumer group"):
                async with asyncio.timeout(CONNECT_SECONDS):
                    (answer,) = await admin.describe_consumer_groups([self._group])
                    topics = await admin.describe_topics()
        _, _, state, _, _, members, *_ = answer.groups[0]
        partitions = sum(
            len(each["partitions"]) for each in topics if each["topic"] in self._topics
        )
        return bool(state == "Stable" and len(members) <= partitions)


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    try:
        async with asyncio.timeout(POSITION_SECONDS):
            position: int = await consumer.position(partition)
    except TimeoutError:
        return None
    return position
