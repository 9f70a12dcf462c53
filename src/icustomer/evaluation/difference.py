"""What other rules would change: which customers would be one, and which would be several.

Compared are two answers to the same question, the customer of each unit: a record of a file, or a
claim that is stored. A unit that is nobody's counts with no customer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from icustomer.evaluation.assignment import labels
from icustomer.evaluation.pairs import Pairs, measure

Labels = Sequence[str | None]
"""The customer of each unit; None: nobody's."""


class Units(Struct):
    """What is compared, unit by unit."""

    before: list[str | None] = field(default_factory=list)
    after: list[str | None] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    """Key of the facet under the new rules; None: refused by them."""
    people: list[str] = field(default_factory=list)
    """The truth, where it is known; else empty."""
    refused_before: int = 0
    refused_after: int = 0


class Knot(Struct, frozen=True):
    """Customers of one side that are one customer on the other side."""

    customer: str
    """The one."""
    others: tuple[str, ...]
    """The several, those with the most units first."""
    units: int
    """Of the one."""


class Accuracy(Struct, frozen=True):
    """How well both do, judged by the truth."""

    before: Pairs
    after: Pairs


class Difference(Struct, frozen=True):
    """What changes."""

    units: int
    customers_before: int
    customers_after: int
    unchanged: int
    """Customers that consist of the same units on both sides."""
    joins: list[Knot]
    """Customers to come that are made of several of today's, the largest first."""
    partings: list[Knot]
    """Customers of today of whom several would come, the largest first."""
    found: int
    """Units that are nobody's today and would be somebody's."""
    lost: int
    """The other way about."""
    refused_before: int
    """Units that no worker could use."""
    refused_after: int
    largest_before: int
    """Units of the largest customer."""
    largest_after: int
    accuracy: Accuracy | None

    @property
    def joining(self) -> int:
        """Customers of today that would be one with others."""
        return len({each for knot in self.joins for each in knot.others})

    @property
    def differs(self) -> bool:
        """Whether anything changes."""
        return bool(self.joins or self.partings or self.found or self.lost)


def difference(units: Units) -> Difference:
    """Compare. Time and memory grow with the units, not with pairs of them."""
    before, after = _sizes(units.before), _sizes(units.after)
    cells = Counter(zip(units.before, units.after, strict=True))
    pairs = [(old, new, count) for (old, new), count in cells.items() if old and new]
    return Difference(
        units=len(units.before),
        customers_before=len(before),
        customers_after=len(after),
        unchanged=sum(before[old] == after[new] == count for old, new, count in pairs),
        joins=_knots(((new, old, count) for old, new, count in pairs), after),
        partings=_knots(pairs, before),
        found=sum(count for (old, new), count in cells.items() if new and not old),
        lost=sum(count for (old, new), count in cells.items() if old and not new),
        refused_before=units.refused_before,
        refused_after=units.refused_after,
        largest_before=max(before.values(), default=0),
        largest_after=max(after.values(), default=0),
        accuracy=_accuracy(units),
    )


def _sizes(customers: Labels) -> Counter[str]:
    return Counter(each for each in customers if each)


def _knots(pairs: Iterable[tuple[str, str, int]], sizes: Counter[str]) -> list[Knot]:
    """(one, other, units in common) to those ones that have several others."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one, other, count in pairs:
        found[one].append((-count, other))
    knots = [
        Knot(one, tuple(other for _, other in sorted(others)), sizes[one])
        for one, others in found.items()
        if len(others) > 1
    ]
    return sorted(knots, key=lambda knot: (-len(knot.others), -knot.units, knot.customer))


def _accuracy(units: Units) -> Accuracy | None:
    if not units.people:
        return None
    return Accuracy(
        measure(units.people, labels(units.before)), measure(units.people, labels(units.after))
    )
