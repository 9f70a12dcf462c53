"""Which faults there are, how often a seed draws each, and the account of those that came."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """One way in which things go wrong."""

    REFUSED_CALL = "refused call"
    """A request that never arrived; the caller is told so."""
    LOST_REPLY = "lost reply"
    """A request that was carried out; its caller thinks that it was not."""
    LATE_CALL = "late call"
    """A request that is carried out long after its caller gave it up."""
    SLOW_CALL = "slow call"
    """A request that takes seconds."""
    KILL = "kill"
    """A worker ends between two instructions; what it sent may still arrive."""
    PAUSE = "pause"
    """A worker stops, and goes on with what it had in hand."""
    REBALANCE = "rebalance"
    """Partitions go to others at once; the batch in hand is a stale owner's."""
    ANNOUNCED_REBALANCE = "announced rebalance"
    """Batches in hand are asked to end first."""
    REDELIVERY = "redelivery"
    """A worker reads from the committed offsets again, or from earlier ones."""
    COLLISION = "collision"
    """Somebody else initialises a slot in use."""
    FLUSH = "flush"
    """Redis is emptied."""
    RESTORE = "restore"
    """Redis comes back with an older state, on another server."""
    FAILBACK = "failback"
    """The server of before the last restart comes back as it was then, fence and all."""


CALLS = (Fault.REFUSED_CALL, Fault.LOST_REPLY, Fault.LATE_CALL, Fault.SLOW_CALL)
"""Faults of single requests."""
INCIDENTS = tuple(fault for fault in Fault if fault not in CALLS)
"""Faults that come at a time of their own."""
CUTS = (Fault.FLUSH, Fault.RESTORE, Fault.FAILBACK)
COMMON = 8
"""Of so many other incidents one is a cut of Redis: it stops all for half a minute."""
LEAST_INCIDENTS = 3
"""Kinds of incidents that every seed may draw from; together with single requests that fail,
no seed has fewer than five faults."""
CALL_RATES = (0.002, 0.005, 0.012)
"""Chances of one fault of a request. A rebuild needs some seventy requests in a row."""
CALLS_BETWEEN = (50, 100, 200)
"""A batch takes some twelve requests."""
LATENCIES = (0.01, 0.05, 0.15)
"""Virtual seconds. The longest makes batches of several workers overlap nearly always."""
BURSTS = 0.3
"""Chance that the next incident follows at once: it takes two to do harm."""
BURST_CALLS = 8
HEALTHY_SECONDS = 2.0
"""Until then nothing fails, so that there is something to be disturbed."""


@dataclass(frozen=True)
class Plan:
    """What a seed has in store."""

    seed: int
    events: int = 200
    call_rates: dict[Fault, float] = field(default_factory=dict)
    """Chance of each fault, for each request."""
    incidents: tuple[Fault, ...] = ()
    """Drawn from with equal chance."""
    calls_between: int = 60
    """Mean number of requests of busy workers between two incidents."""
    latency: float = 0.05
    """Virtual seconds of the longest way in one direction when nothing is wrong."""


def plan_of(seed: int) -> Plan:
    """Each seed mixes a part of the faults: with all at once some never get their chance."""
    random = Random(f"plan {seed}")
    calls = random.sample(CALLS, random.randint(2, len(CALLS)))
    incidents = random.sample(INCIDENTS, random.randint(LEAST_INCIDENTS, len(INCIDENTS)))
    return Plan(
        seed=seed,
        call_rates={fault: random.choice(CALL_RATES) for fault in calls},
        incidents=tuple(incidents),
        calls_between=random.choice(CALLS_BETWEEN),
        latency=random.choice(LATENCIES),
    )


class Chance:
    """The seed at work: every draw comes from it, every fault is counted."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.counted: Counter[Fault] = Counter()
        self.calm = True
        """No faults for now."""

    def of_call(self) -> Fault | None:
        """The fault of one request, or none."""
        if self.calm:
            return None
        drawn = self.random.random()
        for fault, rate in self.plan.call_rates.items():
            drawn -= rate
            if drawn < 0:
                self.counted[fault] += 1
                return fault
        return None

    def calls_until_incident(self) -> int:
        """How many requests of busy workers pass until then."""
        if self.random.random() < BURSTS:
            return self.random.randint(1, BURST_CALLS)
        return 1 + int(self.random.expovariate(1 / self.plan.calls_between))

    def incident(self) -> Fault:
        """The next incident; counted by the one who brings it about."""
        weights = [1 if fault in CUTS else COMMON for fault in self.plan.incidents]
        (fault,) = self.random.choices(self.plan.incidents, weights)
        return fault
