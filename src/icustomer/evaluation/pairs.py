"""Pairwise precision, recall and F1, by counting sizes: no pair is ever enumerated.

A pair is two records. It is true if both are of one person and were given one customer,
false if they are of two persons and were given one customer, missed if they are of one
person and were given two customers (Menestrina, Whang and Garcia-Molina 2010, section 2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from msgspec import Struct


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
    """Compare two labels of each record: who it really is, and the customer it was given.

    Time and memory grow with the number of records, not of pairs.
    """
    together = pairs_within(Counter(zip(people, customers, strict=True)).values())
    joined = pairs_within(Counter(customers).values())
    same_person = pairs_within(Counter(people).values())
    return Pairs(together, joined - together, same_person - together)


def pairs_within(sizes: Iterable[int]) -> int:
    """How many pairs there are within sets of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def _share(right: int, wrong: int) -> float:
    return right / (right + wrong) if right + wrong else 1.0
