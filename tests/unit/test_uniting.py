"""Two facets as one come to what one facet would hold that had been told everything."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from icustomer.core.facets import apply
from icustomer.core.model import Facet, Folded
from icustomer.core.observation import Observation, Origin
from icustomer.core.uniting import united
from worlds.observations import DAWN, NAMELESS, observation, order, ticket

SEEDS = range(40)
STATUSES = ("placed", "paid", "cancelled")


def told(random: Random, number: int) -> Observation:
    """An event of one claim: about an order, a ticket, or what somebody prefers."""
    event = observation(
        f"e{random.randrange(12):02}",
        [("email", "a@x.example", random.random() < 0.5)],
        at=random.randrange(9),
        name=NAMELESS,
        source=random.choice(("shop", "app", "till")),
        known=random.random() < 0.5,
        cells={"locale": random.choice(("de", "en")), "preference:colour": random.randrange(3)},
        order=order(f"O{random.randrange(3)}", random.choice(STATUSES), "5"),
        ticket=None,
    )
    if number % 3 == 0:
        event = replace(event, order=None, ticket=ticket(f"T{random.randrange(2)}", "opened"))
    place = Origin(f"orders/{random.randrange(2)}", number, DAWN + number)
    return replace(event, origin=place, tally=b"%08d" % int(event.event_id[1:]))


def facet_of(events: list[Observation]) -> Facet:
    facet = None
    for event in events:
        facet = apply(facet, event, event.facet_key).facet
    assert facet is not None
    return facet


@pytest.mark.parametrize("seed", SEEDS)
def test_it_makes_no_difference_which_facet_was_told_what(seed: int):
    print(f"seed {seed}")  # noqa: T201 - to run it again
    random = Random(seed)
    events = [told(random, number) for number in range(random.randint(2, 12))]
    cut = random.randint(1, len(events) - 1)
    one, other = facet_of(events[:cut]), facet_of(events[cut:])
    whole = facet_of(events)
    for made in (united(one, other), united(other, one)):
        # What brought nothing new raises no mark; told apart, more of it is new.
        assert all(made.applied[place] >= offset for place, offset in whole.applied.items())
        assert replace(made, applied={}) == replace(whole, applied={})


def test_figures_of_what_was_folded_are_added_up():
    facet = facet_of([told(Random(1), 1)])
    one = replace(facet, folded_orders=Folded(2, {"paid": 2}, {"EUR": "5.10"}, 3, 9, b"a" * 16))
    other = replace(facet, folded_orders=Folded(1, {"placed": 1}, {"EUR": "1"}, 2, 4, b"b" * 8))
    assert united(one, other).folded_orders == Folded(
        3, {"paid": 2, "placed": 1}, {"EUR": "6.10"}, 2, 9, b"a" * 16 + b"b" * 8
    )
    assert united(one, facet).folded_orders == one.folded_orders
