"""Which faults there are, how often a seed draws each, and where the next one is aimed at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from simulation.places import Place, all_places

DAY_SECONDS = 24 * 60 * 60


class Fault(StrEnum):
    """One way in which things go wrong."""

    REFUSED_CALL = "refused call"
    """A request that never arrived; the caller is told so."""
    LOST_REPLY = "lost reply"
    """A request that was carried out; its caller thinks that it was not."""
    LATE_CALL = "late call"
    """A request that is carried out long after its caller gave it up."""
    REPEATED_CALL = "repeated call"
    """A request that is carried out twice; a script perhaps the second time long after."""
    SLOW_CALL = "slow call"
    """A request that takes seconds."""
    KILL = "kill"
    """A worker ends between two instructions; what it sent may still arrive."""
    STOP = "stop"
    """A worker is asked to end: it gives up its batch, its slot and its partitions."""
    PAUSE = "pause"
    """A worker stops, and goes on with what it had in hand."""
    REBALANCE = "rebalance"
    """Partitions go to others at once; the batch in hand is a stale owner's."""
    ANNOUNCED_REBALANCE = "announced rebalance"
    """Batches in hand are asked to end first."""
    REDELIVERY = "redelivery"
    """A worker reads from the committed offsets again, or from earlier ones."""
    COLLISION = "collision"
    """Somebody else initialises a slot in use, or the broker's patience with a transaction
    ends."""
    COMPACTION = "compaction"
    """The compacted topics lose what is old enough."""
    FLUSH = "flush"
    """Redis is emptied."""
    RESTORE = "restore"
    """Redis comes back with an older state, on another server."""
    FAILBACK = "failback"
    """The server of before the last restart comes back as it was then, fence and all."""


class Moment(StrEnum):
    """Of an await, as the world sees it."""

    LEAVING = "leaving"
    """Nothing was sent yet."""
    WAITING = "waiting"
    """The worker waits; its request is under way, and will be carried out."""
    CARRIED_OUT = "carried out"
    """The request was carried out, its answer is under way."""
    ANSWERED = "answered"
    """The answer is there, and nothing was made of it."""


CALLS = (
    Fault.REFUSED_CALL,
    Fault.LOST_REPLY,
    Fault.LATE_CALL,
    Fault.REPEATED_CALL,
    Fault.SLOW_CALL,
)
"""Faults of single requests."""
INCIDENTS = tuple(fault for fault in Fault if fault not in CALLS)
"""Faults that befall a worker or a server."""
CUTS = (Fault.FLUSH, Fault.RESTORE, Fault.FAILBACK)
WEIGHTS = {Fault.FLUSH: 1, Fault.RESTORE: 1}
COMMON = 2
"""Weight of all others, so of how often they come."""
RARE = ("_portions", "records", "sleep", "changelog_end", "raise_checkpoint")
"""Awaits of phases that pass quickly; faults are kept for them more often."""
RARE_WEIGHT = 3
LEAST_INCIDENTS = 4
"""Kinds of incidents that every seed may draw from."""
CALL_RATES = (0.001, 0.003, 0.008)
"""Chances of one fault of a request. A rebuild needs some thirty requests in a row."""
CALLS_BETWEEN = (8, 15, 30)
"""A batch takes some twelve requests."""
LATENCIES = (0.01, 0.05, 0.15)
"""Virtual seconds. The longest makes batches of several workers overlap nearly always."""
WORKERS = (2, 3, 4)
BURSTS = 0.3
"""Chance that the next fault follows at once: it takes two to do harm."""
BURST_CALLS = 8
AIMED = 0.7
"""Chance that a fault is kept for a certain await of a worker."""
AIMED_AFTER_CUT = 0.7
"""Chance that the fault after a cut is kept for the rebuild."""
LURKING = 2
"""Faults that wait for their places at the same time."""
PATIENCE_CALLS = 120
"""Requests of all workers until a fault that was kept for a place comes wherever it may."""
HEALTHY_SECONDS = (0.0, 2.0, 2.0)
"""Until then nothing fails, so that there is something to be disturbed; in one seed of three
not even the first start goes well."""
NIGHTS = (0, 0, 1, 2)
"""How often in a seed days pass."""
LONGEST_PAUSE_SECONDS = 100.0
"""Beyond the lease of a slot, and beyond the session."""
NIGHT_SECONDS = (1 * DAY_SECONDS, 16 * DAY_SECONDS)
"""Too short for anything to be compacted, or long enough for tombstones to go."""
LAGGING = 0.5
CLOCKS_OFF_SECONDS = 600.0
"""The clocks of two workers are up to twice as far apart."""


@dataclass(frozen=True)
class Plan:
    """What a seed has in store."""

    seed: int
    events: int = 200
    """At least: more are sent until `faults` have come."""
    faults: int = 10
    workers: int = 3
    call_rates: dict[Fault, float] = field(default_factory=dict)
    """Chance of each fault, for each request."""
    strikes: tuple[Fault, ...] = ()
    """Drawn from with equal chance, cuts more rarely."""
    aims: tuple[str, ...] = ()
    """Names of the awaits that every strike is kept for; empty: most are, for any."""
    course: tuple[tuple[Fault, str], ...] = ()
    """Instead: these strikes, one after the other, and no more, each kept for awaits of this name
    ("": for whoever is busy), after the first of these only of the same worker. What a cut of
    Redis has spoiled, the rebuild after another mends."""
    patience: int = PATIENCE_CALLS
    calls_between: int = 60
    """Mean number of requests of all workers between two strikes."""
    latency: float = 0.05
    """Virtual seconds of the longest way in one direction when nothing is wrong."""
    healthy_seconds: float = 2.0
    nights: int = 0
    longest_pause: float = LONGEST_PAUSE_SECONDS
    night_seconds: tuple[float, float] = NIGHT_SECONDS
    calm_days: int = 0
    """Days in which no fault comes."""
    lagging: float = LAGGING
    """Chance that what a cut brings back lacks only the last few scripts."""
    clocks_off: float = CLOCKS_OFF_SECONDS


def plan_of(seed: int) -> Plan:
    """Each seed mixes a part of the faults: with all at once some never get their chance."""
    random = Random(f"plan {seed}")
    calls = random.sample(CALLS, random.randint(2, len(CALLS)))
    incidents = random.sample(INCIDENTS, random.randint(LEAST_INCIDENTS, len(INCIDENTS)))
    return Plan(
        seed=seed,
        workers=random.choice(WORKERS),
        call_rates={fault: random.choice(CALL_RATES) for fault in calls},
        strikes=(*incidents, Fault.KILL, *random.sample(CALLS, 2)),
        calls_between=random.choice(CALLS_BETWEEN),
        latency=random.choice(LATENCIES),
        healthy_seconds=random.choice(HEALTHY_SECONDS),
        nights=random.choice(NIGHTS),
    )


@dataclass(eq=False)
class Strike:
    """A fault that is about to come."""

    fault: Fault
    place: Place | None
    """Who waits here is struck; None: whoever has a batch in hand."""
    moment: Moment
    calls_left: int
    """Until it may come."""
    patience: int
    """Requests from then on until it comes wherever it may."""


class Chance:
    """The seed at work: every draw comes from it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.calm = True
        """No faults for now."""
        self._places = [
            each
            for each in all_places()
            if self._is_aimed_at(each)
            for _ in range(RARE_WEIGHT if each.awaited in RARE else 1)
        ]
        self._of_rebuild = [each for each in self._places if each.of_rebuild]
        self._course = iter(plan.course)

    def _is_aimed_at(self, place: Place) -> bool:
        if self.plan.aims:
            return any(map(place.is_called, self.plan.aims))
        return not place.of_rebuild or not set(CUTS).isdisjoint(self.plan.strikes)

    def of_call(self) -> Fault | None:
        """The fault of one request, or none."""
        if self.calm:
            return None
        drawn = self.random.random()
        for fault, rate in self.plan.call_rates.items():
            drawn -= rate
            if drawn < 0:
                return fault
        return None

    def strike(self, former: Fault | None) -> Strike | None:
        """The next, after another."""
        plan = self.plan
        if plan.course:
            fault, name = next(self._course, (None, ""))
            places = [each for each in all_places() if each.is_called(name)]
            return self._strike(fault, self.random.choice(places or [None])) if fault else None
        if not plan.strikes:
            return None
        weights = [WEIGHTS.get(fault, COMMON) for fault in plan.strikes]
        (fault,) = self.random.choices(plan.strikes, weights)
        return self._strike(fault, self._place(former))

    def _strike(self, fault: Fault, place: Place | None) -> Strike:
        moment = Moment.LEAVING if fault in CALLS else self.random.choice(list(Moment))
        in_rebuild = place is not None and place.of_rebuild
        calls_left = 0 if in_rebuild else self._calls_until_strike()
        return Strike(fault, place, moment, calls_left, self.plan.patience)

    def _place(self, former: Fault | None) -> Place | None:
        if former in CUTS and self._of_rebuild and self.random.random() < AIMED_AFTER_CUT:
            return self.random.choice(self._of_rebuild)
        if self._places and (self.plan.aims or self.random.random() < AIMED):
            return self.random.choice(self._places)
        return None

    def _calls_until_strike(self) -> int:
        if self.random.random() < BURSTS:
            return self.random.randint(1, BURST_CALLS)
        return 1 + int(self.random.expovariate(1 / self.plan.calls_between))
