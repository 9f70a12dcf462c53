"""B-cubed precision, recall and F1: every record counts once, not every pair.

Pairs make one customer of a thousand records weigh as much as half a million of two. B-cubed asks
of each record which share of the records with its customer are of its person, and which share of
its person's records are with its customer, and takes the means (Bagga and Baldwin 1998;
Amigo, Gonzalo, Artiles and Verdejo 2009, section 4). The record itself is among them.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from icustomer.evaluation.overlap import Overlap


class BCubed(Struct, frozen=True):
    """Means over records, 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two; neither is ever 0."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def bcubed_of(counted: Overlap[Any, Any]) -> BCubed:
    """The means over the records that were counted; 1 if there are none."""
    if not counted.records:
        return BCubed(1.0, 1.0)
    precision = recall = 0.0
    for (person, customer), count in counted.cells.items():
        precision += count * count / counted.customers[customer]
        recall += count * count / counted.people[person]
    return BCubed(precision / counted.records, recall / counted.records)
