"""A verification from its beginning to its end: the fence, everything once, suspicions again."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from icustomer.errors import UnavailableError
from icustomer.store.port import Claim, Fence, Store
from icustomer.stream.port import Log
from icustomer.verification.looks import persisting
from icustomer.verification.problem import Broken, Kind, Law, Problem, problem
from icustomer.verification.sweep import Sweep

BEGINNINGS = 3
"""Sweeps that rebuilds may spoil before that is called a disturbance."""


class Verified(Struct, frozen=True):
    """What a verification found."""

    groups: int
    """Groups looked at."""
    problems: list[Problem]
    complete: bool = True
    """False: there were so many that the rest was left out."""


class Verification:
    """Verifies a space; `sweep` reads both sides, `store` and `log` tell of their history."""

    def __init__(self, store: Store, log: Log, sweep: Sweep, seconds: float) -> None:
        """`seconds`: how long what differs has to come right."""
        self._store = store
        self._log = log
        self._sweep = sweep
        self._seconds = seconds

    async def run(self) -> Verified:
        """Everything once, and what differs again and again.

        Without a fence that stands nothing is compared: the state waits for a rebuild. Raises
        `UnavailableError` if the state was rebuilt each time meanwhile.
        """
        for _ in range(BEGINNINGS):
            before = await persisting(
                await self._fence(), self._fence_again, self._seconds, asyncio.sleep
            )
            if before:
                return Verified(0, before)
            claim = await self._log.last_claim()
            verified = await self._compared()
            if await self._log.last_claim() == claim:
                return verified
        raise UnavailableError("the working state is rebuilt again and again: try later")

    async def _compared(self) -> Verified:
        swept = await self._sweep.everything()
        problems = await persisting(swept.problems, self._sweep.again, self._seconds, asyncio.sleep)
        return Verified(swept.groups, problems, not swept.is_full)

    async def _fence_again(self, concerns: object) -> list[Problem]:
        del concerns
        return await self._fence()

    async def _fence(self) -> list[Problem]:
        fence = await self._store.read_fence()
        broken = _against_claim(fence, await self._log.last_claim())
        return [problem(broken, Kind.FENCE, b"")] if broken else []


def _against_claim(fence: Fence | None, claim: Claim | None) -> Broken | None:
    if fence is None:
        return Broken(Law.FENCE, "there is none, or it names another server: a rebuild is due")
    if fence.claim != claim:
        last = claim.number if claim else "none"
        return Broken(Law.FENCE, f"it is of claim {fence.claim.number}, the last claim is {last}")
    return None
