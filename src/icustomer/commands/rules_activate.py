"""`icustomer rules activate`: other rules for a space, and all that is stored by them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from msgspec import Struct

from icustomer.activation import activation_of
from icustomer.app import microseconds
from icustomer.commands.output import people_console, print_json, tell
from icustomer.commands.recovery import Tools, open_whatever_rules
from icustomer.errors import OtherRulesError, RetryError
from icustomer.rebuild import Rebuilt
from icustomer.settings import Settings
from icustomer.store.port import Claim
from icustomer.verification.repair import PAUSE_SECONDS, Means


class Switched(Struct):
    """What became of the space."""

    fingerprint: str
    since: int
    """Number of the claim from which on the rules hold."""
    rebuilt: Rebuilt | None = None
    """None: they held before, and nothing was to be done."""
    seconds: float = 0.0
    waiting: int = 0
    """Changes that workers are to publish."""


async def activate(
    settings: Settings, path: Path, reason: str, patience: float, *, as_json: bool
) -> None:
    """Make the rules of the file hold, and print what was done. Raises the last error if it comes
    to nothing within `patience` seconds; meanwhile a rebuild of others is waited for."""
    settings = settings.model_copy(update={"rules": path})
    tools = Tools(settings)
    async with open_whatever_rules(settings, tools) as means:
        started = time.monotonic()
        switch = Switch(means, tools.rules.fingerprint, await means.log.highest_claim())
        switched = await switch.persist(patience)
        switched.seconds = time.monotonic() - started
        switched.waiting = (await means.store.backlog()).entries
    _report(switched, path, reason, as_json=as_json)


class Switch:
    """A switch and its repetitions, which are one: whoever is overtaken by a later one gives up."""

    def __init__(self, means: Means, fingerprint: str, before: Claim | None) -> None:
        """`before`: the claim with the highest number when it was asked for."""
        self._means = means
        self._fingerprint = fingerprint
        self._before = before.number if before else 0
        self._at = microseconds()

    async def persist(self, patience: float) -> Switched:
        """Try until it is done. Raises `OtherRulesError` if others were switched on since."""
        end = time.monotonic() + patience
        while True:
            try:
                rebuilt = await self._step()
                return Switched(self._fingerprint, await self._since(), rebuilt)
            except RetryError:
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def _step(self) -> Rebuilt | None:
        """Begin, or complete what was begun; None if there is nothing to do."""
        means = self._means
        active = activation_of(await means.log.highest_claim())
        if active is None or active.fingerprint != self._fingerprint:
            if active and active.since > self._before:
                raise OtherRulesError(
                    f"rules with the fingerprint {active.fingerprint} were switched on meanwhile, "
                    "and hold: compare both, and switch again if yours are to hold"
                )
            tell("working out all groups anew; workers with other rules stop, events wait")
            return await means.rebuild.switch(means.nonces(), self._at)
        fence = await means.store.read_fence()
        if fence and fence.claim == await means.log.last_claim():
            return None
        tell("completing what was begun")
        return await means.rebuild.run(means.nonces())

    async def _since(self) -> int:
        active = activation_of(await self._means.log.highest_claim())
        return active.since if active else 0


def _report(switched: Switched, path: Path, reason: str, *, as_json: bool) -> None:
    rebuilt = switched.rebuilt
    if as_json:
        print_json(
            {
                "fingerprint": switched.fingerprint,
                "since": switched.since,
                "reason": reason,
                "switched": rebuilt is not None,
                "groups": rebuilt.groups if rebuilt else 0,
                "converted": rebuilt.converted if rebuilt else 0,
                "seconds": round(switched.seconds, 3),
                "to_be_published": switched.waiting,
            }
        )
        return
    console = people_console()
    if rebuilt is None:
        console.print(f"the rules of {path} hold already; nothing was done", markup=False)
        return
    console.print(f"{rebuilt.converted:,} groups worked out anew in {switched.seconds:.1f} s")
    console.print(f"the rules of {path} hold ({switched.fingerprint}): {reason}", markup=False)
    console.print(
        f"start workers with ICUSTOMER_RULES={path}; they publish {switched.waiting:,} changes",
        markup=False,
    )
