"""Which customer each event ended in, judged by the groups as they stand at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from icustomer.core.model import Group

UNRESOLVED = "unresolved"


def customers_by_facet(groups: Iterable[Group]) -> dict[bytes, str]:
    """Key of each facet to the ID of its customer; evidence that is nobody's is left out."""
    return {
        key: customer.id
        for group in groups
        for customer in group.customers
        if customer.status != UNRESOLVED
        for key in customer.facets
    }


def assign(facet_keys: Sequence[bytes | None], groups: Iterable[Group]) -> list[str | None]:
    """The customer ID of each event, given the key of its facet; None: it is nobody's."""
    customers = customers_by_facet(groups)
    return [None if key is None else customers.get(key) for key in facet_keys]


def labels(assigned: Sequence[str | None]) -> list[str]:
    """The same as labels to be counted: an event that is nobody's is alone."""
    return [customer or f"event {number}" for number, customer in enumerate(assigned)]
