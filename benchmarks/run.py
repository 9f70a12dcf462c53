"""What icustomer costs, measured in one run beside simpler workers on real Kafka and Redis.

python -m benchmarks.run [--quick] [--only uniform,zipf] [--plots]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import msgspec
from rich.console import Console

from benchmarks import latency
from benchmarks.cases import CASES, Scale, compare
from benchmarks.ground import Ground, prepared
from benchmarks.preload import Preload
from benchmarks.results import PATH, Results, add_latencies, add_runs, table
from benchmarks.side_by_side import events_per_second, redis_bytes_per_customer
from benchmarks.stream import Popularity, Stream, events
from icustomer.errors import IcustomerError

FULL = Scale(customers=40_000, events=20_000, repetitions=3, seed=4_711, latency_seconds=12.0)
QUICK = Scale(customers=6_000, events=5_000, repetitions=1, seed=4_711, latency_seconds=4.0)
"""The same shape in three minutes; its figures are rough."""
RATES = (500, 2_000)
"""Events a second of the open-loop load."""
LONGEST_LATENCY_SECONDS = 60
"""The load of one rate ends before that of the next begins, in the time that events tell."""
WORKERS = (1, 2)
PARTS = (*CASES, "memory", "latency", "workers")
LIBRARIES = ("icustomer", "faststream", "aiokafka", "redis", "pydantic", "msgspec", "uvloop")


class Run:
    """One run: the parts that were asked for, in their order."""

    def __init__(self, place: Ground, scale: Scale, console: Console) -> None:
        self._place = place
        self._scale = scale
        self._console = console
        self._preload = Preload(place.keyring, scale.customers)
        self.results = Results()

    def measure(self, parts: Sequence[str]) -> None:
        """Measure the parts."""
        self._preload.check(self._scale.seed)
        if cases := [part for part in parts if part in CASES]:
            runs = compare(self._place, cases, self._scale, self._preload.customers, self._tell)
            add_runs(self.results, runs)
        if "memory" in parts:
            self._memory()
        if "workers" in parts:
            self._workers()
        if "latency" in parts:
            self._latency()

    def _tell(self, line: str) -> None:
        self._console.print(f"{datetime.now(UTC):%H:%M:%S} {line}", highlight=False)

    def _memory(self) -> None:
        count = self._scale.customers
        used = redis_bytes_per_customer(self._place, count, self._preload.customers(count))
        self._tell(f"memory: {used:.0f} bytes of Redis a customer")
        self.results.redis_bytes_per_customer = used

    def _workers(self) -> None:
        for number in WORKERS:
            customers = self._preload.customers(self._scale.customers)
            rate = events_per_second(self._place, number, self._scale, customers)
            self._tell(f"workers, {number}: {rate:.0f} events/s")
            self.results.workers[str(number)] = rate

    def _latency(self) -> None:
        space = f"{self._place.prefix}-latency"
        customers = self._preload.customers(self._scale.customers)
        asyncio.run(self._place.fill_space(space, customers))
        for rate in RATES:
            hop = latency.hop(self._place, self._load(rate, "hop"), rate)
            passed, real = (
                latency.through_worker(self._place, worker, space, self._load(rate, worker), rate)
                for worker in ("transactional_pass_through", "icustomer")
            )
            add_latencies(self.results, rate, real, passed, hop)
            self._tell(f"latency at {rate}/s: {self.results.latency_ms[str(rate)]}")
        self._place.drop_space(space)

    def _load(self, rate: int, label: str) -> list[Any]:
        stream = Stream(
            popularity=Popularity.UNIFORM,
            customers=self._scale.customers,
            count=round(rate * (latency.WARM_SECONDS + self._scale.latency_seconds)),
            seed=self._scale.seed,
            label=f"latency/{rate}/{label}",
            first=rate * LONGEST_LATENCY_SECONDS,
        )
        return list(events(stream))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="rough figures in three minutes")
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}; writes no file")
    parser.add_argument("--customers", type=int, help="preloaded")
    parser.add_argument("--events", type=int, help="of one run")
    parser.add_argument("--repetitions", type=int, help="of each case; their median counts")
    parser.add_argument("--seed", type=int, help="of the streams")
    parser.add_argument("--plots", action="store_true", help="draw docs/plots/ from the figures")
    told = parser.parse_args()
    told.parts = told.only.split(",") if told.only else list(PARTS)
    if unknown := set(told.parts) - set(PARTS):
        parser.error(f"--only knows {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    return told


def scale_of(told: argparse.Namespace) -> Scale:
    """How much is measured, as the command line says."""
    names = ("customers", "events", "repetitions", "seed")
    changes = {name: value for name in names if (value := getattr(told, name)) is not None}
    return msgspec.structs.replace(QUICK if told.quick else FULL, **changes)


def surroundings(scale: Scale, origins: dict[str, str]) -> dict[str, Any]:
    """When, where and on what it is measured."""
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "servers": origins,
        "scale": msgspec.structs.asdict(scale),
    }


def main() -> None:
    """Measure, print and write."""
    told = parsed()
    console = Console()
    try:
        with prepared() as (place, origins):
            results = measured(place, scale_of(told), told.parts, origins, console)
    except IcustomerError as error:
        console.print(f"bench: {error}", soft_wrap=True, highlight=False)
        sys.exit(1)
    console.print(table(results))
    if not told.only:
        results.write()
        console.print(f"written to {PATH}")
    if told.plots:
        from benchmarks.plots import draw  # noqa: PLC0415 - slow to import, seldom asked for

        draw(results)


def measured(
    place: Ground,
    scale: Scale,
    parts: Sequence[str],
    origins: dict[str, str],
    console: Console,
) -> Results:
    """The results of one run, with what they were measured on."""
    run = Run(place, scale, console)
    run.results.taken = surroundings(scale, origins)
    console.print(run.results.taken)
    run.measure(parts)
    return run.results


if __name__ == "__main__":
    main()
