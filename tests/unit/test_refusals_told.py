"""Whoever goes, it is told of those who are left that what they both claim did not join them."""

from __future__ import annotations

from icustomer.core.guests import Guests
from icustomer.core.model import RawName
from icustomer.core.observation import (
    ForgetCommand,
    Item,
    Observation,
    SuppressCommand,
)
from icustomer.core.rules import DEFAULT_RULES
from worlds.comparison import assert_as_oracle
from worlds.erasing import graves_of, left_of, suppressed_of
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation, order
from worlds.play import Game

ANNA, PETER, OMAR = (RawName(given, "Berg") for given in ("Anna", "Peter", "Omar"))
PHONE, EMAIL = ("phone", "+41446681800"), ("email", "anna@x.example")
DIGEST = KEYRING.identifier(*PHONE)
OTHERS = (observation("p", [PHONE], name=PETER, at=3), observation("o", [PHONE], name=OMAR, at=4))


def send(game: Game, *items: Item) -> None:
    """One record after the other."""
    for item in items:
        game.send(item)


def named(game: Game, given: str) -> list[str]:
    """IDs of those who bear a name, oldest first."""
    found = [
        (customer.founded_at, customer.id)
        for group in game.state.all_groups()
        for customer in group.customers
        if game.state.published[customer.id]["name"]["given"] == given
    ]
    return [name for _, name in sorted(found)]


def forget(customer_id: str, at: int) -> ForgetCommand:
    return ForgetCommand(f"f{at}", DAWN + at * SECOND, NOWHERE, customer_id)


def assert_told_apart(game: Game) -> None:
    """It is told of Peter and Omar, who are left, and Anna is gone."""
    (peter,), (omar,) = named(game, "Peter"), named(game, "Omar")
    pairs = {
        frozenset({decision.customer_id, *decision.others})
        for group in game.state.all_groups()
        for decision in group.decisions
        if (decision.type, decision.digest) == ("merge_refused", DIGEST)
    }
    assert frozenset({peter, omar}) in pairs
    assert not named(game, "Anna")


def assert_as_if_never_told(game: Game, *told: Observation) -> None:
    groups = game.state.all_groups()
    left = left_of(told, graves_of(groups), suppressed_of(groups), DEFAULT_RULES, KEYRING)
    assert_as_oracle(game.state, left, DEFAULT_RULES, KEYRING)


def test_once_the_oldest_is_forgotten():
    game = Game(DEFAULT_RULES)
    told = [observation("a", [PHONE], name=ANNA, at=1), *OTHERS]
    send(game, *told)
    (anna,) = named(game, "Anna")
    send(game, forget(anna, 6))
    assert_told_apart(game)
    assert_as_if_never_told(game, *told)


def test_once_nothing_is_left_of_the_oldest_without_what_is_suppressed():
    """Without the address it is a claim that was forgotten."""
    game = Game(DEFAULT_RULES)
    told = [
        observation("a1", [PHONE], name=ANNA, at=1),
        observation("a2", [EMAIL, PHONE], name=ANNA, at=0),
        *OTHERS,
    ]
    send(game, told[0])
    (anna,) = named(game, "Anna")
    send(game, forget(anna, 2), *told[1:])
    digest = KEYRING.identifier(*EMAIL)
    send(game, SuppressCommand("s", DAWN + 5 * SECOND, NOWHERE, digest))
    assert_told_apart(game)
    assert_as_if_never_told(game, *told)


def test_once_the_oldest_was_a_guest_whose_time_is_over():
    game = Game(DEFAULT_RULES)
    retention = 10 * SECOND
    game.state.guests = Guests(retention)
    bought = order("1", "placed")
    send(
        game,
        observation("a", [PHONE], name=ANNA, topic="orders", known=False, order=bought),
        *OTHERS,
    )
    assert named(game, "Anna")
    game.state.guests = Guests(retention, DAWN + 60 * SECOND)
    game.worker.sweep()
    assert_told_apart(game)
