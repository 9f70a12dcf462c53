"""`icustomer verify`: whether Redis, changelog and profiles say the same, and every law holds."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from msgspec import Struct

from icustomer.commands.output import people_console, print_json, table, tell
from icustomer.commands.recovery import Tools, open_means
from icustomer.core.guests import Guests
from icustomer.kafka_access import connection
from icustomer.settings import Settings
from icustomer.store.connection import ClusterServer, SingleServer
from icustomer.store.inspection import Inspection
from icustomer.stream.published import Published
from icustomer.verification.plan import NOTHING, plan_for
from icustomer.verification.problem import Problem
from icustomer.verification.repair import Means, Repair, Repaired
from icustomer.verification.sources import Sources
from icustomer.verification.sweep import MOST_PROBLEMS, Sweep
from icustomer.verification.verify import Verification, Verified

REPAIRS = 4
"""What was published, then what was rebuilt, then profiles of nobody, and one to spare."""
PATIENCE_SECONDS = 90.0
"""How long a repair waits for others: a worker's lease runs out in 30, and a rebuild of a large
space takes its time."""
PROBLEMS_SHOWN = 20
"""To people: what a screen holds. The JSON has all of them."""
TOLD_EVERY_SECONDS = 5.0


class Outcome(Struct):
    """What a run of the command came to."""

    groups: int
    problems: list[Problem]
    """Those that remain."""
    found: list[Problem]
    """Those of the first verification."""
    repaired: Repaired | None
    complete: bool


async def verify(settings: Settings, seconds: float, *, repair: bool, as_json: bool) -> bool:
    """Print what differs; False if anything does, or still does after a repair."""
    progress = Progress()
    outcome = await (mended if repair else verified)(settings, seconds, progress)
    if as_json:
        print_json(_document(outcome))
    else:
        _print(outcome)
    return not outcome.problems


async def verified(settings: Settings, seconds: float, progress: Progress) -> Outcome:
    """Look at everything, write nothing."""
    tools = Tools(settings)
    async with open_means(settings, tools) as means:
        result, _ = await _look(settings, tools, means, seconds, progress)
    return Outcome(result.groups, result.problems, result.problems, None, result.complete)


async def mended(settings: Settings, seconds: float, progress: Progress) -> Outcome:
    """Look at everything, mend what differs, and look again, until nothing can be mended."""
    tools, done = Tools(settings), Repaired()
    async with open_means(settings, tools) as means:
        workshop = Repair(means, PATIENCE_SECONDS)
        result, sources = await _look(settings, tools, means, seconds, progress)
        found = result.problems
        for _ in range(REPAIRS):
            plan = plan_for(result.problems)
            if plan == NOTHING:
                break
            progress.mending(result.problems)
            done += await workshop.carry_out(plan, sources.profiles)
            before = result.problems
            result, sources = await _look(settings, tools, means, seconds, progress)
            if result.problems == before:
                break
        await workshop.close()
    return Outcome(result.groups, result.problems, found, done, result.complete)


async def _look(
    settings: Settings, tools: Tools, means: Means, seconds: float, progress: Progress
) -> tuple[Verified, Sources]:
    retention = settings.guest_retention // timedelta(microseconds=1)
    guests = Guests(retention, await means.store.clock())
    async with _sources(settings, tools, guests) as sources:
        sweep = Sweep(sources, progress)
        verification = Verification(means.store, means.log, sweep, seconds)
        return await verification.run(), sources


@asynccontextmanager
async def _sources(settings: Settings, tools: Tools, guests: Guests) -> AsyncIterator[Sources]:
    url, space = settings.redis_url.get_secret_value(), settings.space
    published = Published(connection(settings), settings.topic_prefix)
    server = ClusterServer(url, f"{{{space}}}:fence") if settings.redis_cluster else None
    inspection = Inspection(server or SingleServer(url), space)
    try:
        async with published:
            yield Sources(inspection, published, tools.maker, tools.rules, tools.keyring, guests)
    finally:
        await inspection.close()


class Progress:
    """Tells on standard error how far it has come: not to files, and not too often."""

    def __init__(self) -> None:
        self._next = time.monotonic() + TOLD_EVERY_SECONDS

    def told(self, keys: int) -> None:
        """Both topics were read."""
        self._tell(f"{keys:,} keys in changelog and profiles")

    def looked(self, groups: int, problems: int) -> None:
        """Some more groups were looked at."""
        self._tell(f"{groups:,} groups looked at, {problems:,} to be looked at again")

    def mending(self, problems: Sequence[Problem]) -> None:
        """A repair begins."""
        tell(f"repairing {len(problems):,} problems")

    def _tell(self, text: str) -> None:
        if sys.stderr.isatty() and time.monotonic() >= self._next:
            self._next = time.monotonic() + TOLD_EVERY_SECONDS
            tell(text)


def _document(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = {
        "groups": outcome.groups,
        "problems": [_told(each) for each in outcome.problems],
        "complete": outcome.complete,
    }
    if outcome.repaired is not None:
        done = outcome.repaired
        document["found"] = [_told(each) for each in outcome.found]
        document["repaired"] = {name: getattr(done, name) for name in done.__struct_fields__}
    return document


def _told(problem: Problem) -> dict[str, str | None]:
    return {"law": problem.law, "group": problem.group or None, "detail": problem.detail}


def _print(outcome: Outcome) -> None:
    console = people_console()
    if outcome.repaired is not None:
        done = outcome.repaired
        console.print(
            f"found {len(outcome.found):,} problems; published {done.published:,} groups, "
            f"settled {done.settled:,} entries, erased {done.erased:,} profiles of nobody, "
            f"{done.rebuilds} rebuilds"
        )
    if not outcome.problems:
        console.print(f"{outcome.groups:,} groups: all as it should be")
        return
    _print_problems(outcome.problems)
    if not outcome.complete:
        tell(f"stopped looking at {MOST_PROBLEMS:,} differences: there may be more")
    if outcome.repaired is None:
        tell("mend it with: icustomer verify --repair")


def _print_problems(problems: Sequence[Problem]) -> None:
    console = people_console()
    counts = table("law", "problems")
    for law, count in Counter(each.law for each in problems).most_common():
        counts.add_row(law, str(count))
    console.print(counts)
    console.print()
    rows = table("law", "group", "detail")
    for each in problems[:PROBLEMS_SHOWN]:
        rows.add_row(each.law, each.group, each.detail)
    console.print(rows)
    if len(problems) > PROBLEMS_SHOWN:
        console.print(f"and {len(problems) - PROBLEMS_SHOWN:,} more: see them with --json")
