"""What a run shall do: all that is decided before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random


class Fault(StrEnum):
    """What befalls workers and servers."""

    KILL = "worker killed, replaced at once"
    KILL_UNREPLACED = "worker killed, replaced much later"
    FREEZE = "worker stopped beyond its session"
    ZOMBIE = "worker stopped for a minute, batch in hand"
    ROLLING = "rolling restart"
    JOIN = "worker joins"
    LEAVE = "worker leaves"
    DEATH_IN_CATCH_UP = "worker killed in a rebuild"
    FLUSH = "Redis flushed"
    REDIS_EMPTY = "Redis killed, back empty"
    REDIS_LOG = "Redis killed, back with its data"
    REDIS_SNAPSHOT = "Redis back from an old snapshot"
    REDIS_REPLICA = "lagging replica promoted"
    REDIS_FAILBACK = "another Redis, then the former one"
    REDIS_CUT = "connections to Redis cut"
    REDIS_SLOW = "connections to Redis slow"
    KAFKA_RESTART = "Kafka killed and back"
    KAFKA_CUT = "connections to Kafka cut"
    KAFKA_SLOW = "connections to Kafka slow"
    OFFSETS_RESET = "offsets reset by hand"
    MORE_PARTITIONS = "partitions added to an input"


ALWAYS = (
    Fault.KILL,
    Fault.FREEZE,
    Fault.ROLLING,
    Fault.FLUSH,
    Fault.REDIS_EMPTY,
    Fault.KAFKA_RESTART,
)
"""Also the shortest run meets these,"""
CONNECTIONS = (Fault.REDIS_CUT, Fault.REDIS_SLOW, Fault.KAFKA_CUT, Fault.KAFKA_SLOW)
"""one of these,"""
BESIDES = (
    Fault.DEATH_IN_CATCH_UP,
    Fault.REDIS_LOG,
    Fault.REDIS_SNAPSHOT,
    Fault.REDIS_REPLICA,
    Fault.REDIS_FAILBACK,
    Fault.OFFSETS_RESET,
)
"""and two of these."""
DRAWN_BESIDES = 2


@dataclass(frozen=True)
class Scenario:
    """One run."""

    seed: int
    events: int
    """Sent by the end; more faults than they last for strike an idle town."""
    rate: float = 60.0
    """Events a second between the bursts; far below what a worker can take."""
    burst: int = 800
    """Events sent at once just before a fault strikes: so that it finds work in hand."""
    workers: int = 3
    overlap_share: float = 0.0
    """Of faults that strike before the last one's recovery."""
    logs: Path | None = None
    """Where the workers' logs are kept, for whoever wants to know why."""
    source: Path | None = None
    """Where the workers find another icustomer than the installed one."""


def short(seed: int) -> list[Fault]:
    """The faults of a run of minutes, in the order that the seed decides."""
    random = Random(seed)
    chosen = [*ALWAYS, random.choice(CONNECTIONS), *random.sample(BESIDES, DRAWN_BESIDES)]
    random.shuffle(chosen)
    return chosen


def endless(seed: int) -> Iterator[Fault]:
    """All faults in an order that the seed decides, again and again."""
    random = Random(seed)
    while True:
        yield from random.sample(list(Fault), len(Fault))
