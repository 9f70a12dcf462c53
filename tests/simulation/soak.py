"""Many seeds, in several processes: `python -m simulation.soak --seeds 10000 [--from N]`, with
`tests` on the path. Tells of every seed that fails, and at the end of all that was met."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from simulation.coverage import Coverage
from simulation.faults import plan_of
from simulation.town import LawBrokenError, Result, simulate

TOLD_EVERY = 100
"""Seeds between two words of progress."""
AHEAD = 4
"""Seeds that wait for each process."""


def pool() -> ProcessPoolExecutor:
    """A process for each core; each begins with nothing of this one."""
    return ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))


def lived(seed: int) -> Result | str:
    """What a seed went through, or which law it broke."""
    try:
        return simulate(plan_of(seed))
    except LawBrokenError as error:
        return str(error)


@dataclass
class Totals:
    """Of all seeds so far."""

    seeds: int = 0
    events: int = 0
    requests: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    broken: list[int] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, seed: int, result: Result | str) -> None:
        self.seeds += 1
        if isinstance(result, str):
            self.broken.append(seed)
            return
        self.events += result.events
        self.requests += result.calls
        self.coverage.add(result.coverage)

    def line(self) -> str:
        seconds = time.monotonic() - self.began
        return (
            f"{self.seeds} seeds, {self.events} events, {self.requests} requests, "
            f"{self.coverage.faults.total()} faults, {len(self.broken)} seeds broke a law, "
            f"{seconds:.0f} s"
        )


def results(seeds: Iterable[int]) -> Iterator[tuple[int, Result | str]]:
    """Of each seed, in their order."""
    left = iter(seeds)
    with pool() as processes:
        waiting: dict[int, Future[Result | str]] = {}
        while True:
            room = AHEAD * (os.cpu_count() or 1) - len(waiting)
            waiting |= {seed: processes.submit(lived, seed) for seed in islice(left, room)}
            if not waiting:
                return
            seed = next(iter(waiting))
            yield seed, waiting.pop(seed).result()


def main(arguments: list[str]) -> int:
    """0: no seed broke a law."""
    parser = argparse.ArgumentParser("python -m simulation.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    wanted = parser.parse_args(arguments)
    totals = Totals()
    for seed, result in results(range(wanted.first, wanted.first + wanted.seeds)):
        totals.add(seed, result)
        if isinstance(result, str):
            tell(result)
        if totals.seeds % TOLD_EVERY == 0:
            tell(totals.line())
    tell(totals.coverage.table())
    spared = (f"no crash at {place}" for place in totals.coverage.spared())
    tell("\n".join(["never met:", *totals.coverage.gaps(), *spared]))
    tell(totals.line())
    return 1 if totals.broken else 0


def tell(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - for people


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
