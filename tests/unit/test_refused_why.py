"""A refusal in the history names the rule that forbade the join, as an explanation does."""

from __future__ import annotations

from icustomer.contracts.rules_reading import read_rules
from icustomer.core.model import RawName
from icustomer.explanation.pair import explain_pair
from unit.explanation.household import end, holder, split
from worlds.observations import observation, under
from worlds.play import Game

ANNA, PETER, NOBODY = RawName("Anna", "Berg"), RawName("Peter", "Berg"), RawName()
MAIL = ("email", "m@x.example", False)
PHONE = ("phone", "+41446681800")
CARD = "[kinds.card]\nmax_per_customer = {most}\n"


def world(rules, *told):
    """Claims of (identifiers, name) by numbered events, under a rule file."""
    game = Game(read_rules(rules).rules())
    for number, (claimed, name) in enumerate(told):
        game.send(under(game.rules, observation(f"e{number}", claimed, name=name, at=number)))
    return game


def card(number):
    return ("card", f"C{number}", False)


def refusals(game):
    return {
        (each.kind, each.rule)
        for group in game.state.all_groups()
        for each in group.decisions
        if each.type == "merge_refused"
    }


def test_a_veto_by_names_is_told_as_one():
    game = world("", ([PHONE, MAIL], ANNA), ([PHONE], PETER))
    assert refusals(game) == {("phone", "veto")}


def test_a_limit_is_not_told_as_a_veto():
    game = world(CARD.format(most=1), ([MAIL, card(0)], ANNA), ([MAIL, card(1)], ANNA))
    assert refusals(game) == {("email", "max_per_customer")}
    assert explain_pair(end(game, "C0"), end(game, "C1")).between[0].reason == "limit"


def test_a_persons_word_is_not_told_as_a_veto():
    game = world(CARD.format(most=0), ([MAIL, card(0)], ANNA), ([MAIL, card(1)], ANNA))
    anna = holder(game, "C0")[1].id
    game.send(split(anna, everything=True))
    assert refusals(game) == {("email", "cannot_link")}


def test_a_claim_without_a_name_that_is_no_bridge_is_told_as_one():
    proved, other = ("phone", "+41446681801", True), PHONE
    game = world("", ([proved], ANNA), ([other, MAIL], PETER), ([proved, other], NOBODY))
    assert refusals(game) == {("phone", "nameless")}
    assert explain_pair(end(game, proved[1]), end(game, MAIL[1])).between[0].reason == "nameless"


def test_each_decision_of_a_batch_names_an_event_that_tells_of_its_identifier():
    game = Game(read_rules(CARD.format(most=1)).rules())
    shared = ("phone", "+41446681802")
    crowd = [
        observation(f"x{number}", [shared, ("email", f"x{number}@x.example")], name=RawName(given))
        for number, given in enumerate(("Ines", "Omar", "Yuki", "Jan"))
    ]
    told = [
        observation("a1", [MAIL, PHONE, card(0)], name=ANNA),
        observation("a2", [MAIL, card(1)], name=ANNA, at=1),
        observation("p1", [PHONE], name=PETER, at=2),
        *crowd,
        observation("n", [("account", "shop/9")], name=PETER, at=3),
    ]
    game.send(*(under(game.rules, each) for each in told))
    said = {
        (each.type, each.kind): each.event_id
        for group in game.state.all_groups()
        for each in group.decisions
        if each.type in {"merge_refused", "identifier_shared"}
    }
    assert said == {
        ("merge_refused", "email"): "a2",
        ("merge_refused", "phone"): "p1",
        ("identifier_shared", "phone"): "x3",
    }
