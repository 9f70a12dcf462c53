"""The figures by where records come from: within each source, and across each two.

A source that spoils identifiers or never tells a name is seen here before it is seen in the whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

from msgspec import Struct

from icustomer.evaluation.overlap import Overlap, overlap
from icustomer.evaluation.pairs import Pairs, pairs_across, pairs_of

SOURCES_TOLD = 8
"""The largest sources, each on its own: the pairs of so many still fit a page."""
OTHERS = "(all others)"
"""Stands for the rest of them together."""


class WithinSource(Struct, frozen=True):
    """The pairs whose records both come from one source."""

    source: str
    records: int
    pairs: Pairs


class AcrossSources(Struct, frozen=True):
    """The pairs with one record from each of two sources."""

    sources: tuple[str, str]
    pairs: Pairs


class BySource(Struct, frozen=True):
    """The figures of each source, largest first, and of each two."""

    within: list[WithinSource]
    across: list[AcrossSources]


def by_source(sources: Sequence[str], people: Sequence[str], customers: Sequence[str]) -> BySource:
    """The figures by source, given three labels of each record."""
    counted = _overlaps(sources, people, customers)
    return BySource(
        within=[
            WithinSource(source, each.records, pairs_of(each)) for source, each in counted.items()
        ],
        across=[
            AcrossSources((one, other), pairs_across(counted[one], counted[other]))
            for one, other in combinations(counted, 2)
        ],
    )


def _overlaps(
    sources: Sequence[str], people: Sequence[str], customers: Sequence[str]
) -> dict[str, Overlap[str, str]]:
    sizes = Counter(sources)
    ranked = sorted(sizes, key=lambda source: (-sizes[source], source))
    names = dict.fromkeys(ranked, OTHERS) | {name: name for name in ranked[:SOURCES_TOLD]}
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        numbers[names[source]].append(number)
    return {
        name: overlap([people[each] for each in mine], [customers[each] for each in mine])
        for name in dict.fromkeys(names[source] for source in ranked)
        if (mine := numbers[name])
    }
