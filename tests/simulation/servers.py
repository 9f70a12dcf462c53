"""Kafka and Redis of the simulation: the twins, with a memory for what was once there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from copy import copy
from random import Random
from typing import Any

from msgspec import structs

from icustomer.contracts.topics import Topic
from icustomer.store.memory_state import MemoryRedis, Picture, Space
from icustomer.stream.memory import MemoryKafka
from icustomer.stream.memory_broker import State, Stored, Transaction
from icustomer.stream.producers import TRANSACTION_TIMEOUT_MS
from simulation.faults import DAY_SECONDS

COMPACTION_LAG_SECONDS = 7 * DAY_SECONDS
"""`min.compaction.lag.ms` of the compacted topics."""
TOMBSTONES_KEPT_SECONDS = 7 * DAY_SECONDS
"""`delete.retention.ms` of theirs, counted from when a tombstone may first be compacted."""
COMPACTED = (Topic.PROFILES, Topic.IDENTITY_STATE)
FAR_FUTURE = 1 << 62
PICTURES_KEPT = 400
LAGGING_SCRIPTS = 20
"""So many of the last scripts a replica may lack when it takes over."""


class WatchedKafka(MemoryKafka):
    """Remembers the transactions in the order in which they were committed, and the records
    that compaction took away."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock=clock)
        self.commits: list[Transaction] = []
        self._compacted_away: dict[Topic, list[Stored]] = defaultdict(list)

    def end(self, transactional_id: str, epoch: int, state: State) -> None:
        transaction = self._holder(transactional_id, epoch).transaction
        super().end(transactional_id, epoch, state)
        if transaction is not None and state is State.COMMITTED:
            self.commits.append(transaction)

    def compact(self, topic: Topic, *, before: int, tombstones_before: int = 0) -> None:
        standing = self.records(topic)
        super().compact(topic, before=before, tombstones_before=tombstones_before)
        left = set(map(id, self.records(topic)))
        self._compacted_away[topic] += [each for each in standing if id(each) not in left]

    def ever(self, topic: Topic) -> list[Stored]:
        """All records of a topic that `read_committed` subscribers were ever shown, partition by
        partition in order of offset."""
        records = self.records(topic) + self._compacted_away[topic]
        return sorted(records, key=lambda record: (record.partition, record.offset))

    def lose_patience(self) -> None:
        """To be called now and then: open transactions time out."""
        self.expire(self._clock() - TRANSACTION_TIMEOUT_MS)

    def grow_old(self, random: Random) -> None:
        """Compaction comes by: of each topic as much as may go, or less. What is younger than
        the lag stays, and so do tombstones younger than both spans."""
        now = self._clock()
        for topic in COMPACTED:
            before = now - COMPACTION_LAG_SECONDS * 1_000
            for_tombstones = before - TOMBSTONES_KEPT_SECONDS * 1_000
            late = random.choice((0, 0, DAY_SECONDS * 1_000))
            self.compact(topic, before=before - late, tombstones_before=for_tombstones - late)

    def grow_old_at_once(self) -> None:
        """As if years had passed."""
        for topic in COMPACTED:
            self.compact(topic, before=FAR_FUTURE, tombstones_before=FAR_FUTURE)


class WatchedRedis(MemoryRedis):
    """Remembers its former states, one for each script."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._pictures: list[Picture] = []
        self._names = 1

    def snapshot(self) -> Picture:
        return Picture({name: _copied(space) for name, space in self._spaces.items()})

    def restore(self, picture: Picture, identity: str | None = None) -> None:
        super().restore(
            Picture({name: _copied(space) for name, space in picture.spaces.items()}), identity
        )

    def remember(self) -> None:
        """A script was carried out. Of what is long ago every second state is forgotten."""
        self._pictures.append(self.snapshot())
        if len(self._pictures) > PICTURES_KEPT:
            half = PICTURES_KEPT // 2
            self._pictures[:half] = self._pictures[:half:2]

    def former(self, random: Random, lagging: float) -> Picture:
        """A prefix of the history: with a chance of `lagging` without the last few scripts,
        else any."""
        pictures = self._pictures or [Picture({})]
        if random.random() < lagging:
            pictures = pictures[-LAGGING_SCRIPTS:]
        return random.choice(pictures)

    def new_identity(self) -> str:
        self._names += 1
        return f"memory-{self._names}"


def _copied(space: Space) -> Space:
    """Its own containers; what they hold never changes."""
    return structs.replace(
        space, **{name: _container(value) for name, value in structs.asdict(space).items()}
    )


def _container(value: Any) -> Any:
    """A copy of a dict of values or sets; anything else is no container."""
    if not isinstance(value, dict):
        return value
    return {key: copy(each) if isinstance(each, set) else each for key, each in value.items()}
