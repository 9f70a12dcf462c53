"""CPU an event, case by case: who is compared on which stream, in turns."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from benchmarks.ground import Ground
from benchmarks.measuring import Figures, measure
from benchmarks.preload import Customer
from benchmarks.stream import Popularity, Stream, events

Runs = dict[str, dict[str, list[Figures]]]
"""Case and worker to the figures of each repetition."""


class Case(Struct, frozen=True):
    """A stream, and the workers that read it one after the other."""

    popularity: Popularity
    workers: tuple[str, ...]
    times_customers: int = 1


CASES = {
    "uniform": Case(Popularity.UNIFORM, ("pass_through", "icustomer")),
    "zipf": Case(Popularity.ZIPF, ("pass_through", "naive", "icustomer")),
    "uniform_10x": Case(Popularity.UNIFORM, ("pass_through", "icustomer"), 10),
}


class Scale(Struct, frozen=True):
    """How much is measured."""

    customers: int
    events: int
    """Of one run."""
    repetitions: int
    seed: int
    latency_seconds: float
    """Of load, at each rate, for each that is compared."""


def compare(
    ground: Ground,
    names: Sequence[str],
    scale: Scale,
    preload: Callable[[int], Iterator[Customer]],
    tell: Callable[[str], None],
) -> Runs:
    """All cases in turns, so that what else the machine does falls on all of them alike."""
    runs: Runs = {name: defaultdict(list) for name in names}
    large = [name for name in names if CASES[name].times_customers > 1]
    for name in large:
        # Filled once: one run changes a small part of it.
        _fill(ground, name, preload(scale.customers * CASES[name].times_customers))
    for repetition in range(scale.repetitions):
        for name in names:
            if name not in large:
                _fill(ground, name, preload(scale.customers))
            for worker, figures in _turn(ground, name, scale, repetition):
                runs[name][worker].append(figures)
                tell(f"{name}, {worker}: {figures.cpu:.1f} us CPU an event")
            if name not in large:
                ground.drop_space(_space(ground, name))
    for name in large:
        ground.drop_space(_space(ground, name))
    return runs


def _turn(
    ground: Ground, name: str, scale: Scale, repetition: int
) -> Iterator[tuple[str, Figures]]:
    """One stream, read by each worker in turn."""
    case = CASES[name]
    groups = {worker: f"{ground.prefix}-{name}-{worker}" for worker in case.workers}
    for group in groups.values():
        ground.place_group(group)
    stream = Stream(
        popularity=case.popularity,
        customers=scale.customers * case.times_customers,
        count=scale.events,
        seed=scale.seed,
        label=f"{name}/{repetition}",
        first=repetition * scale.events,
    )
    ground.send(events(stream))
    asyncio.run(ground.claim_space(_space(ground, name)))
    for worker, group in groups.items():
        yield worker, measure(ground, worker, _space(ground, name), group)


def _fill(ground: Ground, name: str, customers: Iterator[Customer]) -> None:
    asyncio.run(ground.fill_space(_space(ground, name), customers))


def _space(ground: Ground, name: str) -> str:
    return f"{ground.prefix}-{name.replace('_', '-')}"
