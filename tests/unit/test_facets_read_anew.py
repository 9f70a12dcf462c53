"""Facets that new rules take for one claim: all of both, once, whatever comes first."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from icustomer.core import facets as evidence
from icustomer.core.emails import EmailForm
from icustomer.core.folding import Keep
from icustomer.core.model import RawName
from icustomer.core.observation import Origin
from icustomer.core.renewal import renewed, renewed_facet
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.core.uniting import united
from worlds.observations import KEYRING, observation, order
from worlds.play import Game

LOOSER = DEFAULT_RULES
STRICTER = Rules(emails=EmailForm(provider_rules=False))
"""Gmail's dots count: two spellings are two mailboxes."""
SPELLINGS = ("annaberg@gmail.com", "anna.berg@gmail.com")


def told(number, email, **said):
    one = observation(f"e{number}", [("email", email)], name=RawName("Anna", "Berg"), **said)
    return replace(one, origin=Origin("signups/0", number, 10**15 + number))


def folded(tellings):
    facet = None
    for one in tellings:
        facet = evidence.apply(facet, one, one.facet_key).facet
    return facet


def tellings(random, email, first):
    return [
        told(
            first + number,
            email,
            at=random.randrange(40),
            source=random.choice(("shop", "app")),
            known=random.random() < 0.5,
            cells={"locale": random.choice(("de", "fr", "it"))},
            order=order(f"O{random.randrange(4)}", random.choice(("placed", "paid"))),
        )
        for number in range(random.randrange(1, 6))
    ]


@pytest.mark.parametrize("seed", range(60))
def test_two_facets_together_are_the_facet_of_all_events(seed):
    random = Random(seed)
    first = tellings(random, SPELLINGS[0], 0)
    second = tellings(random, SPELLINGS[1], 10)
    ours = folded(first)
    # The second spelling in the first one's form, as it was written.
    written = [
        replace(each, identifiers=(replace(each.identifiers[0], value=SPELLINGS[0]),))
        for each in second
    ]
    theirs = replace(folded(written), key=ours.key)
    expected = folded([*first, *written])
    both = united(ours, theirs)
    # An event that tells one of them something may tell both nothing: it raises no mark then.
    assert both.applied["signups/0"] >= expected.applied["signups/0"]
    assert replace(both, applied=expected.applied) == replace(expected, key=ours.key)
    assert united(theirs, ours) == united(ours, theirs)


def test_more_orders_than_are_kept_are_added_up():
    def facet(first):
        return folded(
            told(n, SPELLINGS[0], at=n, order=order(f"O{n}", "paid", "1.00"))
            for n in range(first, first + Keep.ORDERS)
        )

    both = united(facet(0), facet(Keep.ORDERS))
    assert len(both.orders) == Keep.ORDERS
    assert both.folded_orders.count == Keep.ORDERS
    assert both.folded_orders.totals == {"EUR": "1000.00"}


def test_spellings_of_one_mailbox_become_one_facet_and_all_that_names_them_follows():
    game = Game(STRICTER)
    for number, email in enumerate(SPELLINGS):
        one = observation(
            f"e{number}",
            [("email", email), ("phone", "+4930123456")],
            name=RawName("Anna", "Berg"),
        )
        game.send(one)
    (group,) = game.state.all_groups()
    assert len(group.facets) == len(SPELLINGS)
    after = renewed(group, LOOSER, KEYRING)
    (facet,) = after.facets
    assert facet.identifiers[0].value == SPELLINGS[0]
    (customer,) = after.customers
    assert customer.facets == (facet.key,)
    assert customer.anchor == facet.key


def test_under_the_rules_that_it_was_made_by_a_facet_stays_what_it_is():
    game = Game(DEFAULT_RULES)
    game.send(observation("e1", [("email", SPELLINGS[0]), ("phone", "+4930123456")]))
    ((facet,),) = [group.facets for group in game.state.all_groups()]
    assert renewed_facet(facet, DEFAULT_RULES, KEYRING) is facet
