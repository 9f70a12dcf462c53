"""The rule that an identity change names where an identifier did not join two customers."""

from __future__ import annotations

from icustomer.contracts.rules_reading import read_rules
from icustomer.core.model import RawName
from icustomer.core.observation import SplitCommand
from icustomer.core.rules import DEFAULT_RULES, Rules
from worlds.observations import DAWN, NOWHERE, observation
from worlds.play import Game

EMAIL = ("email", "anna@x.example")
ANNA, BERT = RawName("Anna", "Berg"), RawName("Bert", "Ober")


def refused(game: Game) -> set[str]:
    decisions = [each for group in game.state.all_groups() for each in group.decisions]
    return {each.rule for each in decisions if each.type == "merge_refused"}


def of_two_claims(rules: Rules = DEFAULT_RULES) -> tuple[Game, str]:
    """One customer of two claims that state one address."""
    game = Game(rules)
    game.send(observation("e1", [EMAIL, ("phone", "+41446681800")], name=ANNA))
    game.send(observation("e2", [EMAIL, ("phone", "+41446681801")], name=ANNA))
    (customer_id,) = game.current()
    return game, customer_id


def test_names_that_cannot_be_one_persons_are_a_veto():
    game = Game(DEFAULT_RULES)
    phone = ("phone", "+41446681800")
    game.send(observation("e1", [phone], name=ANNA), observation("e2", [phone], name=BERT))
    assert refused(game) == {"veto"}


def test_a_persons_split_is_told_as_cannot_link():
    game, customer_id = of_two_claims()
    game.send(SplitCommand("s", DAWN, NOWHERE, customer_id, everything=True))
    assert refused(game) == {"cannot_link"}


def test_a_merge_that_was_undone_is_told_as_cannot_link():
    game = Game(DEFAULT_RULES)
    game.send(observation("e1", [EMAIL], name=ANNA), observation("e2", [("account", "s/1")]))
    game.send(observation("e3", [EMAIL, ("account", "s/1")], name=ANNA))
    (retired,) = game.redirects()
    game.send(SplitCommand("s", DAWN, NOWHERE, retired))
    assert refused(game) == {"cannot_link"}


def test_too_many_values_of_a_kind_are_told_as_that_limit():
    game = Game(read_rules("[kinds.card]\nmax_per_customer = 1").rules())
    game.send(observation("e1", [EMAIL, ("card", "1")], name=ANNA))
    game.send(observation("e2", [EMAIL, ("card", "2")], name=ANNA))
    assert refused(game) == {"max_per_customer"}
