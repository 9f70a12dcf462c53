"""Customers with more orders or tickets than are kept in detail."""

from __future__ import annotations

from icustomer.core.facets import apply
from icustomer.core.folding import Keep
from icustomer.core.model import Facet
from icustomer.core.observation import Observation, RecordUpdate
from worlds.observations import SECOND, observation

CLAIMED = [("email", "busy@example.com")]
MORE = 37
"""Records beyond those that are kept."""


def told(updates: list[Observation]) -> Facet:
    facet = None
    for each in updates:
        facet = apply(facet, each, each.facet_key).facet
    assert facet is not None
    return facet


def ticket(number: int, status: str = "opened", at: int = 0) -> Observation:
    update = RecordUpdate(f"T-{number:05}", {"status": status, "channel": "email"})
    return observation(f"t{number}-{status}", CLAIMED, at=at or number, ticket=update)


def order(number: int, status: str = "paid", at: int = 0) -> Observation:
    total = {"amount": f"{number}.10", "currency": "EUR" if number % 2 else "USD"}
    update = RecordUpdate(f"O-{number:05}", {"status": status, "total": total})
    return observation(f"o{number}-{status}", CLAIMED, at=at or number, order=update)


def test_of_many_tickets_the_oldest_are_folded() -> None:
    facet = told([ticket(number) for number in range(1, Keep.TICKETS + MORE + 1)])
    assert len(facet.tickets) == Keep.TICKETS
    folded = facet.folded_tickets
    assert folded is not None
    assert (folded.count, folded.by_status, folded.totals) == (MORE, {"opened": MORE}, {})
    assert folded.last_at - folded.first_at == (MORE - 1) * SECOND


def test_of_many_orders_the_oldest_are_added_up_exactly() -> None:
    facet = told([order(number) for number in range(1, Keep.ORDERS + MORE + 1)])
    assert len(facet.orders) == Keep.ORDERS
    folded = facet.folded_orders
    assert folded is not None
    odd = [number for number in range(1, MORE + 1) if number % 2]
    even = [number for number in range(1, MORE + 1) if not number % 2]
    assert folded.count == MORE
    assert folded.totals == {
        "EUR": f"{sum(odd) + len(odd) // 10}.{len(odd) % 10}0",
        "USD": f"{sum(even) + len(even) // 10}.{len(even) % 10}0",
    }


def test_a_late_word_on_a_folded_record_changes_nothing() -> None:
    facet = told([ticket(number) for number in range(1, Keep.TICKETS + MORE + 1)])
    late = apply(facet, ticket(1, "closed", at=2), facet.key)
    assert late.too_old
    assert late.facet.tickets == facet.tickets
    assert late.facet.folded_tickets == facet.folded_tickets


def test_cancelled_orders_count_but_not_in_the_totals() -> None:
    numbers = range(1, Keep.ORDERS + MORE + 1)
    facet = told([order(number, "cancelled" if number <= MORE else "paid") for number in numbers])
    folded = facet.folded_orders
    assert folded is not None
    assert (folded.by_status, folded.totals) == ({"cancelled": MORE}, {})
