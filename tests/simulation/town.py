"""One seed from beginning to end: events and faults, then quiet, then the laws."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from simulation.chaos import Chaos
from simulation.faults import HEALTHY_SECONDS, Chance, Fault, Plan
from simulation.laws import check_nobody_stumbled, judge, lag
from simulation.loop import run
from simulation.stories import Town
from simulation.workers import SPACE, Cluster, Ledger

PAUSES_BETWEEN_EVENTS = 0.3
MEAN_SECONDS_BETWEEN_BURSTS = 1.0
LARGEST_BACKLOG = 40
"""Records: whoever sends waits for the workers, so that most is done while things go wrong."""
LONGEST_SECONDS = 900.0
"""After that all is sent, however little was done."""
QUIET_SECONDS = 900.0
"""By then everything must be done: 30 leases."""
STALE_SECONDS = 120.0
"""A stale owner may have set committed offsets back, and nobody reads on from there before
the next rebalance, which comes with any start of a worker."""
LOOK_SECONDS = 1.0


class LawBrokenError(AssertionError):
    """A seed broke a law; the text tells how to see it again."""


@dataclass(frozen=True)
class Result:
    """What a seed went through."""

    plan: Plan
    faults: Counter[Fault]
    outcomes: Counter[Outcome]
    calls: int
    quiet_after: float
    """Virtual seconds from the last fault until everything was done."""
    set_back: int
    """Rebalances that were needed because committed offsets had been set back."""
    trace: str
    """Digest of all that stands in Kafka: the same for the same seed."""


def simulate(plan: Plan) -> Result:
    """Raises `LawBrokenError`."""
    chance = Chance(plan)
    story: list[str] = []
    try:
        return run(chance.random, _live(chance, story))
    except Exception as error:
        told = "\n  ".join(story) or "no incident"
        raise LawBrokenError(
            f"seed {plan.seed} broke a law: {type(error).__name__}: {error}\n"
            f"again: ICUSTOMER_SIM_SEED={plan.seed} python -m pytest tests/simulation\n"
            f"requests that failed: {dict(chance.counted)}\nincidents:\n  {told}"
        ) from error


async def _live(chance: Chance, story: list[str]) -> Result:
    cluster = Cluster(chance)
    chaos = Chaos(cluster)
    chaos.story = story
    await asyncio.sleep(HEALTHY_SECONDS)
    chance.calm = False
    await _send_events(cluster)
    chance.calm = True
    chaos.settle()
    began = asyncio.get_running_loop().time()
    set_back = await _until_quiet(cluster, chaos.ledgers)
    quiet_after = asyncio.get_running_loop().time() - began
    chaos.stop()
    trace = _trace(cluster)
    await judge(cluster, chaos.ledgers)
    outcomes: Counter[Outcome] = Counter()
    for ledger in chaos.ledgers:
        outcomes.update(ledger.counted())
    calls = cluster.traffic.calls
    return Result(chance.plan, chance.counted, outcomes, calls, quiet_after, set_back, trace)


async def _send_events(cluster: Cluster) -> None:
    random = cluster.chance.random
    town = Town(random, lambda: _customer_ids(cluster))
    loop = asyncio.get_running_loop()
    for _ in range(cluster.chance.plan.events):
        message = town.next(loop.time())
        cluster.kafka.produce(message.topic, message.key, message.value)
        if random.random() < PAUSES_BETWEEN_EVENTS:
            await asyncio.sleep(random.expovariate(1 / MEAN_SECONDS_BETWEEN_BURSTS))
        await _until_few_are_left(cluster)


async def _until_few_are_left(cluster: Cluster) -> None:
    loop = asyncio.get_running_loop()
    while lag(cluster) > LARGEST_BACKLOG and loop.time() < LONGEST_SECONDS:  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(LOOK_SECONDS)


def _customer_ids(cluster: Cluster) -> list[str]:
    """Whom subscribers know by now."""
    profiles = cluster.kafka.records(Topic.PROFILES)
    return sorted({each.key.decode() for each in profiles if each.key and each.value})


async def _until_quiet(cluster: Cluster, ledgers: Sequence[Ledger]) -> int:
    """Wait until nothing is left to do; the number of rebalances that it took."""
    loop = asyncio.get_running_loop()
    began, looked, set_back, before = loop.time(), loop.time(), 0, lag(cluster)
    while not _quiet(cluster):
        await asyncio.sleep(LOOK_SECONDS)
        check_nobody_stumbled(ledgers)
        left, outbox = lag(cluster), cluster.redis.space(SPACE).outbox
        assert loop.time() - began < QUIET_SECONDS, (
            f"never quiet: {left} records and {len(outbox)} entries left"
        )
        if left != before:
            before, looked = left, loop.time()
        elif left and loop.time() - looked > STALE_SECONDS:
            set_back += 1
            looked = loop.time()
            cluster.group.rebalance()
    return set_back


def _quiet(cluster: Cluster) -> bool:
    space = cluster.redis.space(SPACE)
    return lag(cluster) == 0 and not space.outbox and cluster.traffic.under_way == 0


def _trace(cluster: Cluster) -> str:
    """Records of one transaction stand in any order: sets have none."""
    told = sorted(
        (str(topic), record.key or b"", record.value or b"")
        for topic in Topic
        for record in cluster.kafka.records(topic)
    )
    return blake2b(repr(told).encode(), digest_size=16).hexdigest()
