"""`icustomer rebuild`: the working state anew from the whole changelog."""

from __future__ import annotations

import time

from icustomer.commands.output import people_console, print_json, tell
from icustomer.commands.recovery import Tools, open_means
from icustomer.settings import Settings
from icustomer.verification.repair import Repair


async def rebuild(settings: Settings, patience: float, *, as_json: bool) -> None:
    """Rebuild and print what was done. Raises the last error if it comes to nothing within
    `patience` seconds; meanwhile another rebuild is waited for."""
    async with open_means(settings, Tools(settings)) as means:
        started = time.monotonic()
        tell("rebuilding from the changelog; workers wait meanwhile")
        rebuilt = await Repair(means, patience).rebuild()
        seconds = time.monotonic() - started
        waiting = (await means.store.backlog()).entries
    if as_json:
        print_json(
            {
                "groups": rebuilt.groups,
                "seconds": round(seconds, 3),
                "way": str(rebuilt.way),
                "to_be_published": waiting,
            }
        )
        return
    console = people_console()
    console.print(f"{rebuilt.groups:,} groups in {seconds:.1f} s ({rebuilt.way})")
    if waiting:
        console.print(f"{waiting:,} changes wait to be published again: workers do that")
