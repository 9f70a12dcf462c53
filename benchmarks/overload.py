"""Real workers under overload, each case beside an ordinary backlog in the same run.

python -m benchmarks.overload [--full] [--backlog N] [--count N] [CASE ...]

All records are there before the workers start. An overload case is the ordinary backlog with the
records of `overload_events` strewn in. `--full`: the backlog alone, of a million records.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from random import Random
from statistics import median

import redis
from msgspec import Struct
from rich.console import Console

from benchmarks.ground import Ground, prepared
from benchmarks.measuring import Child, running, together
from benchmarks.overload_core import ordinary
from benchmarks.overload_events import CASES, overload
from benchmarks.overload_worker import Sized
from benchmarks.people import Event
from icustomer.errors import IcustomerError, OperatorError

FULL = 1_000_000
BACKLOG = 100_000
"""Ordinary records whose working off is looked at by thirds."""
COUNT = 20_000
"""Ordinary records of a case."""
HOT_SHARE = 0.1
"""Of all records, those of one hot customer."""
HUB_SHARE = 0.5
"""Of all records, those of another case."""
TWICE = ("hot orders", "names and e-mails on a phone")
"""Cases that two workers share as well: both write what hangs on one identifier."""
SECONDS_A_RECORD = 0.02
"""A run that takes longer has failed."""
POLL_SECONDS = 0.25
THIRDS = 3
MEGABYTE = 1_000_000
SETTLED = 0.2
"""Share of the batches after which caches are filled and memory should stand still."""
SCANNED = 1_000
"""Keys that Redis is asked for at a time."""


class Outcome(Struct, frozen=True):
    """What a run cost."""

    rates: list[float]
    """Events a second of the whole run's beginning, middle and end."""
    rate: float
    cpu: float
    """Microseconds of the workers' CPU an event."""
    resident: tuple[float, float, float]
    """Megabytes of the largest worker: when settled, at the end, at the most."""
    redis_mb: float
    largest_value: int
    """Bytes of the largest value, or entries of the largest collection."""
    outcomes: dict[str, int]


def run(ground: Ground, label: str, workers: int, records: Iterator[Event]) -> Outcome:
    """Send the records, let so many workers work them off, and look at what they left."""
    space = group = f"{ground.prefix}-{label}-{workers}".replace(" ", "-").lower()[-32:].strip("-")
    asyncio.run(ground.fill_space(space, iter(())))
    ground.place_group(group)
    before = sum(ground.ends.values())
    ground.send(records)
    count = sum(ground.ends.values()) - before
    try:
        with ExitStack() as stack:
            settings = ground.settings(space, group)
            children = [
                stack.enter_context(running("benchmarks.overload_worker", (), settings))
                for _ in range(workers)
            ]
            _wait(ground, group, children, count)
            accounts = [child.told(Sized) for child in children]
        return _outcome(ground, space, accounts, count)
    finally:
        ground.drop_space(space)


def _wait(ground: Ground, group: str, children: Sequence[Child], count: int) -> None:
    deadline = time.monotonic() + 60 + count * SECONDS_A_RECORD
    with ground.progress(group) as left:
        while remaining := left():
            for child in children:
                child.check()
            if time.monotonic() > deadline:
                raise OperatorError(f"{remaining} of {count} records were not done in time")
            time.sleep(POLL_SECONDS)


def _outcome(ground: Ground, space: str, accounts: Sequence[Sized], count: int) -> Outcome:
    busy = [each for each in accounts if len(each.marks) > THIRDS]
    outcomes: Counter[str] = Counter()
    for each in accounts:
        outcomes.update(each.outcomes)
    if sum(outcomes.values()) < count:
        raise OperatorError(f"{count} records had only these outcomes: {dict(outcomes)}")
    largest = max(busy, key=lambda each: max(each.resident))
    settled = round(len(largest.resident) * SETTLED)
    used, value = _kept(ground, space)
    cpu = sum(each.marks[-1].cpu - each.marks[0].cpu for each in busy)
    done = sum(each.marks[-1].events - each.marks[0].events for each in busy)
    return Outcome(
        rates=[together([_third(each, number) for each in busy]) for number in range(THIRDS)],
        rate=together(busy),
        cpu=cpu / done / 1_000,
        resident=(
            largest.resident[settled] / MEGABYTE,
            median(largest.resident[-settled or -1 :]) / MEGABYTE,
            max(largest.resident) / MEGABYTE,
        ),
        redis_mb=used / MEGABYTE,
        largest_value=value,
        outcomes=dict(outcomes),
    )


def _third(account: Sized, number: int) -> Sized:
    """The marks of a third of the batches, counted from its beginning."""
    size = len(account.marks) // THIRDS
    marks = account.marks[number * size : (number + 1) * size + 1]
    return Sized(marks=marks)


def _kept(ground: Ground, space: str) -> tuple[int, int]:
    """Bytes of Redis' memory that the space takes, and its largest value or collection."""
    used = largest = 0
    with redis.Redis.from_url(ground.redis) as client:
        keys: list[bytes] = list(client.scan_iter(f"{{{space}}}:*", count=SCANNED))
        for first in range(0, len(keys), SCANNED):
            asked = client.pipeline(transaction=False)
            for key in keys[first : first + SCANNED]:
                asked.memory_usage(key, samples=1)
            sizes = [size or 0 for size in asked.execute()]
            used += sum(sizes)
            largest = max(largest, *sizes)
    return used, largest


def strewn(name: str, count: int) -> Iterator[Event]:
    """The ordinary backlog with the records of a case among it."""
    share = HOT_SHARE if name.startswith("hot") else HUB_SHARE
    random = Random(name)  # noqa: S311 - the same on every run
    others = overload(name, count * 20)
    for event in ordinary(count):
        yield event
        while random.random() < share:
            yield next(others)


def line(name: str, workers: int, was: Outcome, baseline: Outcome | None) -> str:
    """A run as a line to be read."""
    beside = f" ({was.rate / baseline.rate:.2f} of ordinary)" if baseline else ""
    rates = "/".join(f"{each:.0f}" for each in was.rates)
    memory = "/".join(f"{each:.0f}" for each in was.resident)
    return (
        f"{name}, {workers} worker(s): {was.rate:.0f} events/s{beside}, by thirds {rates}; "
        f"CPU {was.cpu:.0f} us; resident settled/end/most {memory} MB; "
        f"Redis {was.redis_mb:.1f} MB, largest {was.largest_value:,} B; {was.outcomes}"
    )


def backlog(place: Ground, count: int, console: Console) -> None:
    """Nothing but ordinary records, many of them."""
    was = run(place, "backlog", 1, ordinary(count))
    console.print(line(f"backlog of {count:,}", 1, was, None), soft_wrap=True)


def measure(place: Ground, names: Sequence[str], count: int, console: Console) -> None:
    """The ordinary backlog, then each case beside it."""
    baselines: dict[int, Outcome] = {}
    for workers in (1, 2):
        cases = [name for name in names if workers == 1 or name in TWICE]
        if not cases:
            continue
        baselines[workers] = run(place, "ordinary", workers, ordinary(count))
        console.print(line("ordinary", workers, baselines[workers], None), soft_wrap=True)
        for name in cases:
            was = run(place, name, workers, strewn(name, count))
            console.print(line(name, workers, was, baselines[workers]), soft_wrap=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} ordinary records alone")
    parser.add_argument("--backlog", type=int, default=BACKLOG, help="records of the backlog")
    parser.add_argument("--count", type=int, default=COUNT, help="ordinary records of a case")
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE")
    told = parser.parse_args()
    console = Console(highlight=False)
    unknown = [name for name in told.cases if name not in CASES]
    if unknown:
        parser.error(f"unknown cases {unknown}, known: {', '.join(CASES)}")
    try:
        with prepared() as (place, _):
            backlog(place, FULL if told.full else told.backlog, console)
            if not told.full:
                measure(place, told.cases, told.count, console)
    except IcustomerError as error:
        console.print(f"overload: {error}", soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
