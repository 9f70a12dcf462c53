"""The oracle's figures, on a customer small enough to add up by hand."""

from __future__ import annotations

from decimal import Decimal

from icustomer.core.model import RawName
from icustomer.core.observation import Observation
from icustomer.core.rules import DEFAULT_RULES
from oracle.clusters import clusters
from oracle.figures import figures
from worlds.observations import DAWN, KEYRING, SECOND, observation, order, ticket

EMAIL = ("email", "anna@x.example")


def figures_of(*told: Observation) -> dict:
    world = clusters(told, DEFAULT_RULES, KEYRING)
    (customer,) = world.customers
    return figures(world, customer)


def ordered(event_id: str, at: int, *said: str) -> Observation:
    return observation(event_id, [EMAIL], at=at, topic="orders", order=order(*said))


def test_an_order_counts_once_and_keeps_its_total_through_later_statuses():
    told = figures_of(ordered("e1", 1, "O1", "placed", "10.10"), ordered("e2", 2, "O1", "paid"))
    assert told["orders"]["count"] == 1
    assert told["orders"]["by_status"] == {"paid": 1}
    assert told["orders"]["totals"] == {"EUR": Decimal("10.10")}
    assert told["orders"]["first_at"] == DAWN + SECOND
    assert told["orders"]["last_at"] == DAWN + 2 * SECOND


def test_cancelled_orders_leave_the_total_and_equal_times_are_ranked_by_event_id():
    told = figures_of(
        ordered("e2", 1, "O1", "cancelled", "10"),
        ordered("e1", 1, "O1", "paid"),
        ordered("e3", 1, "O2", "paid", "0.1"),
        ordered("e4", 1, "O3", "paid", "0.2"),
    )
    assert told["orders"]["by_status"] == {"cancelled": 1, "paid": 2}
    assert told["orders"]["totals"] == {"EUR": Decimal("0.3")}


def test_open_tickets_are_those_whose_last_status_is_open():
    told = figures_of(
        observation("e1", [EMAIL], at=1, ticket=ticket("T1", "opened")),
        observation("e2", [EMAIL], at=2, ticket=ticket("T1", "solved")),
        observation("e3", [EMAIL], at=3, ticket=ticket("T2", "reopened")),
    )
    assert (told["support"]["count"], told["support"]["open"]) == (2, 1)


def test_attributes_are_of_the_latest_event_across_facets():
    told = figures_of(
        observation("e1", [EMAIL], at=5, name=RawName("Anna", "Berg"), cells={"locale": "de"}),
        observation("e2", [EMAIL], at=9, cells={"locale": "en"}, source="app"),
        observation("e3", [EMAIL], at=7, name=RawName("Anna", "Holt"), birth_date="1990-01-01"),
    )
    assert told["cells"]["locale"] == ("en", DAWN + 9 * SECOND, "app")
    assert told["name"] == RawName("Anna", "Holt")
    assert told["birth_date"] == "1990-01-01"
    (email,) = told["identifiers"].values()
    assert (email["use"], email["sources"]) == ("match", {"shop", "app"})


def test_a_customer_is_a_guest_until_one_event_makes_it_known():
    guest = observation("e1", [EMAIL], topic="orders", known=False, order=order("O1", "paid"))
    assert figures_of(guest)["status"] == "guest"
    assert figures_of(guest, observation("e2", [EMAIL]))["status"] == "active"


def test_an_identifier_of_two_customers_is_contested_in_both():
    told = [
        observation("e1", [("phone", "+491")], name=RawName("Anna")),
        observation("e2", [("phone", "+491")], name=RawName("Peter")),
    ]
    world = clusters(told, DEFAULT_RULES, KEYRING)
    uses = [u["use"] for c in world.customers for u in figures(world, c)["identifiers"].values()]
    assert uses == ["contested", "contested"]
