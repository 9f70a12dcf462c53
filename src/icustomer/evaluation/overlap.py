"""How the true people and the found customers overlap: the counts that all figures come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

Person = TypeVar("Person", bound=Hashable)
Customer = TypeVar("Customer", bound=Hashable)


class Overlap(Struct, Generic[Person, Customer], frozen=True):
    """Records counted by who they are of, by the customer they were given, and by both."""

    people: Counter[Person]
    customers: Counter[Customer]
    cells: Counter[tuple[Person, Customer]]

    @property
    def records(self) -> int:
        """How many records were counted."""
        return self.people.total()


def overlap(people: Sequence[Person], customers: Sequence[Customer]) -> Overlap[Person, Customer]:
    """Count two labels of each record; time and memory grow with the records, not with pairs."""
    return Overlap(
        people=Counter(people),
        customers=Counter(customers),
        cells=Counter(zip(people, customers, strict=True)),
    )


def pairs_within(sizes: Iterable[int]) -> int:
    """How many pairs there are within sets of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)
