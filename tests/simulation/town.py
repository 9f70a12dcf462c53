"""One seed from beginning to end: events and faults, then quiet, then the laws."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from unittest.mock import patch

from icustomer import replay
from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.store import memory as stores
from icustomer.stream import memory as logs
from icustomer.stream.memory_broker import Stored
from simulation.chaos import Chaos
from simulation.coverage import Coverage
from simulation.faults import Chance, Plan
from simulation.laws import check_nobody_stumbled, judge, lag
from simulation.loop import SimulatedLoop, run
from simulation.stories import Town
from simulation.workers import SPACE, Cluster

PAUSES_BETWEEN_EVENTS = 0.3
MEAN_SECONDS_BETWEEN_BURSTS = 1.0
LARGEST_BACKLOG = 40
"""Records: whoever sends waits for the workers, so that most is done while things go wrong."""
LONGEST_SECONDS = 900.0
"""After that all is sent, however little was done."""
QUIET_SECONDS = 900.0
"""By then everything must be done: 30 leases."""
LOOK_SECONDS = 1.0
BROKER_LOOKS_SECONDS = 10.0
"""How often a broker looks for transactions that took too long."""
PORTION = 7
"""Groups of a script: a town has some dozens, and a rebuild of it must have several."""
LONGEST_TAIL = 25
"""Groups: some tails are too long."""
SLOTS = 12
"""Workers that are away keep theirs for a while, and each may have two; a rebuild initialises
all of them, and with 64 would do little else."""
MOST_EVENTS_MORE = 200
"""Sent for want of faults."""
UNTRACED_HEADERS = ("icustomer-failed-at",)
"""What a worker's own clock tells."""


class LawBrokenError(AssertionError):
    """A seed broke a law; the text tells how to see it again."""


@dataclass(frozen=True)
class Result:
    """What a seed went through."""

    plan: Plan
    coverage: Coverage
    outcomes: Counter[Outcome]
    events: int
    """Messages that were sent."""
    calls: int
    """Requests that were carried out."""
    trace: str
    """Digest of all that stands in Kafka: the same for the same seed."""


def simulate(plan: Plan) -> Result:
    """Raises `LawBrokenError`."""
    chance = Chance(plan)
    story: list[str] = []
    try:
        with _small():
            return run(chance.random, _live(chance, story))
    except Exception as error:
        told = "\n  ".join(story) or "none"
        raise LawBrokenError(
            f"seed {plan.seed} broke a law: {type(error).__name__}: {error}\n"
            f"again: ICUSTOMER_SIM_SEED={plan.seed} python -m pytest tests/simulation\n"
            f"faults:\n  {told}"
        ) from error


@contextmanager
def _small() -> Iterator[None]:
    """The limits of a town."""
    with (
        patch.multiple(replay, PORTION=PORTION, LONGEST_TAIL=LONGEST_TAIL),
        patch.object(stores, "SLOTS", SLOTS),
        patch.object(logs, "MAX_SLOTS", SLOTS),
    ):
        yield


async def _live(chance: Chance, story: list[str]) -> Result:
    cluster = Cluster(chance, story)
    chaos = Chaos(cluster)
    broker = asyncio.ensure_future(_look_at_transactions(cluster))
    await asyncio.sleep(chance.plan.healthy_seconds)
    town = Town(chance.random, lambda: _customer_ids(cluster))
    for day, share in enumerate(_shares(chance.plan)):
        chance.calm = day < chance.plan.calm_days
        await _send_events(cluster, town, share)
        await _end_of_day(cluster, chaos, story)
    calls = cluster.traffic.calls
    chaos.stop()
    broker.cancel()
    trace = _trace(cluster)
    await judge(cluster, chaos.ledgers)
    outcomes: Counter[Outcome] = Counter()
    for ledger in chaos.ledgers:
        outcomes.update(ledger.counted())
    coverage = cluster.strikes.coverage
    return Result(chance.plan, coverage, outcomes, len(town.sent), calls, trace)


async def _look_at_transactions(cluster: Cluster) -> None:
    while True:
        await asyncio.sleep(BROKER_LOOKS_SECONDS)
        cluster.kafka.lose_patience()


def _shares(plan: Plan) -> Iterator[tuple[int, int]]:
    """How many events, and how many faults, there must have been by the end of each day."""
    days = plan.nights + 1
    for day in range(1, days + 1):
        yield plan.events * day // days, plan.faults * day // days


async def _send_events(cluster: Cluster, town: Town, least: tuple[int, int]) -> None:
    events, faults = least
    random, loop = cluster.chance.random, asyncio.get_running_loop()
    met, began = cluster.strikes.coverage.faults, loop.time()
    while len(town.sent) < events or met.total() < faults:
        if len(town.sent) >= events + MOST_EVENTS_MORE:
            break
        message = town.next(loop.time())
        cluster.kafka.produce(
            message.topic, message.key, message.value, timestamp=message.timestamp
        )
        if random.random() < PAUSES_BETWEEN_EVENTS:
            await asyncio.sleep(random.expovariate(1 / MEAN_SECONDS_BETWEEN_BURSTS))
        await _until_few_are_left(cluster, began + LONGEST_SECONDS)


async def _until_few_are_left(cluster: Cluster, latest: float) -> None:
    loop = asyncio.get_running_loop()
    while lag(cluster) > LARGEST_BACKLOG and loop.time() < latest:  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(LOOK_SECONDS)


async def _end_of_day(cluster: Cluster, chaos: Chaos, story: list[str]) -> None:
    """All that is left is done, undisturbed; then days pass, as none does while anything is
    out of order: an outage is shorter than the lag of compaction."""
    cluster.chance.calm = True
    chaos.settle()
    await _until_quiet(cluster, chaos)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    loop.leap(cluster.chance.random.uniform(*cluster.chance.plan.night_seconds))
    story.append(f"{loop.time():.3f} days have passed")


def _customer_ids(cluster: Cluster) -> list[str]:
    """Whom subscribers know by now."""
    profiles = cluster.kafka.records(Topic.PROFILES)
    return sorted({each.key.decode() for each in profiles if each.key and each.value})


async def _until_quiet(cluster: Cluster, chaos: Chaos) -> None:
    """Wait until nothing is left to do."""
    loop = asyncio.get_running_loop()
    latest = loop.time() + QUIET_SECONDS
    while not _quiet(cluster, chaos):
        await asyncio.sleep(LOOK_SECONDS)
        check_nobody_stumbled(chaos.ledgers)
        left, outbox = lag(cluster), cluster.redis.space(SPACE).outbox
        assert loop.time() < latest, f"never quiet: {left} records and {len(outbox)} entries left"


def _quiet(cluster: Cluster, chaos: Chaos) -> bool:
    space = cluster.redis.space(SPACE)
    under_way = cluster.traffic.under_way > 0 or cluster.kafka.undecided or chaos.paused
    return not (under_way or space.outbox or lag(cluster))


def _trace(cluster: Cluster) -> str:
    """Records of one transaction stand in any order: sets have none."""
    told = sorted(
        (str(topic), record.key or b"", record.value or b"", _headers(record))
        for topic in Topic
        for record in cluster.kafka.ever(topic)
    )
    return blake2b(repr(told).encode(), digest_size=16).hexdigest()


def _headers(record: Stored) -> list[tuple[str, bytes]]:
    told = [(name, value or b"") for name, value in record.headers]
    return sorted(each for each in told if each[0] not in UNTRACED_HEADERS)
