"""The figures of a worker at one moment, as a value that is sent between processes and added up."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

from icustomer.ops.metrics_families import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    Gauge,
    Histogram,
    Labels,
    Union,
)

MILLISECONDS = 1_000
"""In a second."""


class Distribution(Struct):
    """How many values fell into each bucket of a histogram, and their sum."""

    counts: list[int]
    """One for each bound of the family, and the last for what is above them all."""
    total: float = 0.0

    def observe(self, value: float, bounds: Sequence[float]) -> None:
        """Take one value in."""
        self.counts[bisect_left(bounds, value)] += 1
        self.total += value

    def observe_ages(self, moments: list[int], now: int, bounds: Sequence[float]) -> None:
        """Take in how long ago each moment was; bounds are in seconds.

        `moments`, rising, and `now` are milliseconds. One search a bucket instead of one a
        moment. What lies after `now` (a clock that runs ahead of ours) has the age 0.
        """
        older = len(moments)
        for place, bound in enumerate(bounds):
            first = bisect_left(moments, now - round(bound * MILLISECONDS), 0, older)
            self.counts[place] += older - first
            older = first
        self.counts[-1] += older
        past = bisect_right(moments, now)
        self.total += (past * now - sum(moments[:past])) / MILLISECONDS


class Reading(Struct, frozen=True):
    """A gauge's value and when it was read, in seconds since the epoch."""

    value: float = 0.0
    at: float = 0.0


class Snapshot(Struct):
    """Counts and distributions since the start, and the gauges' last readings, by family name."""

    counters: dict[str, dict[Labels, int]]
    distributions: dict[str, dict[Labels, Distribution]]
    readings: dict[str, Reading]


def beginning() -> Snapshot:
    """Nothing has happened: every label value that is known beforehand stands at 0."""
    return Snapshot(
        {family.name: dict.fromkeys(family.known, 0) for family in COUNTERS},
        {family.name: {each: empty(family) for each in family.known} for family in HISTOGRAMS},
        {family.name: Reading() for family in GAUGES},
    )


def empty(family: Histogram) -> Distribution:
    """A distribution of nothing."""
    return Distribution([0] * (len(family.bounds) + 1))


def together(snapshots: Iterable[Snapshot]) -> Snapshot:
    """All of them as one: counts and distributions are sums, gauges follow their rule."""
    result = beginning()
    for snapshot in snapshots:
        _add_counters(result, snapshot)
        _add_distributions(result, snapshot)
        for gauge in GAUGES:
            result.readings[gauge.name] = _united(
                gauge, result.readings[gauge.name], snapshot.readings[gauge.name]
            )
    return result


def history(snapshot: Snapshot) -> Snapshot:
    """What stays of a worker that ended: its counts; of how things stand it tells nothing."""
    return Snapshot(
        snapshot.counters, snapshot.distributions, {family.name: Reading() for family in GAUGES}
    )


def _add_counters(result: Snapshot, other: Snapshot) -> None:
    for name, counts in other.counters.items():
        sums = result.counters[name]
        for labels, count in counts.items():
            sums[labels] = sums.get(labels, 0) + count


def _add_distributions(result: Snapshot, other: Snapshot) -> None:
    for name, distributions in other.distributions.items():
        sums = result.distributions[name]
        for labels, each in distributions.items():
            known = sums.get(labels)
            counts = each.counts if known is None else _sum(known.counts, each.counts)
            total = each.total + (known.total if known else 0.0)
            sums[labels] = Distribution(list(counts), total)


def _sum(some: list[int], others: list[int]) -> list[int]:
    return [one + other for one, other in zip(some, others, strict=True)]


def _united(gauge: Gauge, one: Reading, other: Reading) -> Reading:
    if gauge.union is Union.NEWEST:
        return max(one, other, key=lambda reading: reading.at)
    return max(one, other, key=lambda reading: reading.value)
