"""Pairwise precision, recall and F1, by counting sizes: no pair is ever enumerated.

A pair is two records. It is true if both are of one person and were given one customer,
false if they are of two persons and were given one customer, missed if they are of one
person and were given two customers (Menestrina, Whang and Garcia-Molina 2010, section 2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from msgspec import Struct

from icustomer.evaluation.overlap import Overlap, overlap, pairs_within


class Pairs(Struct, frozen=True):
    """How many pairs of records were judged rightly and wrongly."""

    true_pairs: int
    false_pairs: int
    missed_pairs: int

    @property
    def precision(self) -> float:
        """Share of the joined pairs that are true, 0 to 1; 1 if nothing was joined."""
        return _share(self.true_pairs, self.false_pairs)

    @property
    def recall(self) -> float:
        """Share of the pairs to be joined that were, 0 to 1; 1 if there are none."""
        return _share(self.true_pairs, self.missed_pairs)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1."""
        wrong = self.false_pairs + self.missed_pairs
        return _share(2 * self.true_pairs, wrong)


def measure(people: Sequence[Hashable], customers: Sequence[Hashable]) -> Pairs:
    """Compare two labels of each record: who it really is, and the customer it was given."""
    return pairs_of(overlap(people, customers))


def pairs_of(counted: Overlap[Any, Any]) -> Pairs:
    """The pairs of records that were counted."""
    return _pairs(
        together=pairs_within(counted.cells.values()),
        joined=pairs_within(counted.customers.values()),
        same_person=pairs_within(counted.people.values()),
    )


def pairs_across(one: Overlap[Any, Any], other: Overlap[Any, Any]) -> Pairs:
    """The pairs that have one record of each."""
    return _pairs(
        together=_products(one.cells, other.cells),
        joined=_products(one.customers, other.customers),
        same_person=_products(one.people, other.people),
    )


def _pairs(together: int, joined: int, same_person: int) -> Pairs:
    return Pairs(together, joined - together, same_person - together)


def _products(one: Counter[Any], other: Counter[Any]) -> int:
    fewer, more = sorted((one, other), key=len)
    return sum(count * more[label] for label, count in fewer.items())


def _share(right: int, wrong: int) -> float:
    return right / (right + wrong) if right + wrong else 1.0
