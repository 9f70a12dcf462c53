"""When the next fault comes: kept for an await of a worker, or for whoever is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulation.coverage import Coverage, Phase, phase_of
from simulation.faults import CALLS, LURKING, Chance, Fault, Moment, Strike
from simulation.life import Life
from simulation.places import Chain

Incident = Callable[[Life], bool]
"""What befalls the worker of a life; False: there was nothing to do it to."""


class Strikes:
    """Lies in wait for the workers of a world."""

    def __init__(self, chance: Chance, story: list[str]) -> None:
        self._chance = chance
        self._story = story
        at_once = 1 if chance.plan.course else LURKING
        self._lurking = [strike for _ in range(at_once) if (strike := chance.strike(None))]
        self._victim: Life | None = None
        """Whom the course pursues, once it has struck somebody."""
        self.coverage = Coverage()
        self.incidents: dict[Fault, Incident] = {}

    def call_leaves(self) -> None:
        """One request more."""
        if self._chance.calm:
            return
        for strike in self._lurking:
            if strike.calls_left > 0:
                strike.calls_left -= 1
            else:
                strike.patience -= 1

    def at(self, life: Life, moment: Moment, where: Callable[[], Chain]) -> Fault | None:
        """A worker is there: strike it if it is what a fault waits for. A fault of a request is
        the caller's to bring about."""
        if self._chance.calm or life.dead:
            return None
        due = [strike for strike in self._lurking if strike.calls_left <= 0]
        chain = where() if due else ()
        for strike in due:
            if self._may_strike(strike, life) and _is_awaited(strike, life, moment, chain):
                return self._carry_out(strike, life, moment, chain)
        return None

    def _may_strike(self, strike: Strike, life: Life) -> bool:
        victim = self._victim
        return strike.place is None or victim in {None, life} or strike.patience < 0

    def _carry_out(self, strike: Strike, life: Life, moment: Moment, chain: Chain) -> Fault | None:
        self._lurking.remove(strike)
        if self._chance.plan.course and strike.place is not None:
            self._victim = life
        self._lurking += filter(None, [self._chance.strike(strike.fault)])
        if strike.fault in CALLS:
            self.told(strike.fault, life, chain)
            return strike.fault
        if self.incidents[strike.fault](life):
            self.told(strike.fault, life, chain, f" {moment}")
        return None

    def told(self, fault: Fault, life: Life, chain: Chain, moment: str = "") -> None:
        """A fault came about."""
        self.coverage.count(fault, chain)
        at = f"{moment} at {chain[0]}" if chain else ""
        now = asyncio.get_running_loop().time()
        self._story.append(f"{now:.3f} {life.name}: {fault}{at}")


def _is_awaited(strike: Strike, life: Life, moment: Moment, chain: Chain) -> bool:
    if not chain or (strike.fault in CALLS and moment is not Moment.LEAVING):
        return False
    if strike.patience < 0:
        return True
    if strike.place is None:
        return life.busy and moment is strike.moment
    # Who sends nothing only waits.
    return strike.place in chain and (moment is strike.moment or phase_of(chain) is Phase.PAUSE)
