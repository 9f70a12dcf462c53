"""What explanations and exports say where the rules are not the usual ones."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from icustomer.contracts.explained_identifiers import Unused
from icustomer.contracts.rules_reading import read_rules
from icustomer.core.model import RawName
from icustomer.explanation.customer import explain_customer
from icustomer.explanation.everything import export_customer
from icustomer.explanation.page import page
from icustomer.explanation.pair import explain_pair
from icustomer.explanation.picture import picture
from icustomer.explanation.sentences import UNUSED
from icustomer.explanation.svg import svg
from icustomer.explanation.wording import sections
from unit.explanation.golden import HANDED_OUT, text
from unit.explanation.household import end, holder, merge
from worlds.observations import observation, under
from worlds.play import Game

ANNA = RawName("Anna", "Berg")
BORN = "1984-02-29"


def world(rules, *told):
    """Claims of (identifiers, name, birth date) by numbered events, under a rule file."""
    game = Game(read_rules(rules).rules())
    for number, (claimed, name, born) in enumerate(told):
        seen = observation(f"e{number}", list(claimed), name=name, birth_date=born, at=number)
        game.send(under(game.rules, seen))
    return game


def mail(number, *, verified=False):
    return ("email", f"m{number}@x.example", verified)


def card(number):
    return ("card", f"C{number}", False)


def pair(game, one, other):
    return explain_pair(end(game, one), end(game, other))


def explained(game, value):
    return explain_customer(*holder(game, value), value)


PERSON = """
[composites.person]
parts = ["given", "family", "birth_date"]
"""


def test_a_composite_identifier_is_told_by_its_parts():
    game = world(PERSON, ([mail(0)], ANNA, BORN), ([mail(1)], ANNA, BORN))
    told = explained(game, "m0@x.example")
    (join,) = told.joins
    parts = [("given", "anna"), ("family", "berg"), ("birth_date", BORN)]
    assert [(each.part, each.value) for each in join.identifier.parts] == parts
    assert join.identifier.value is None
    assert [[each.digest for each in claim.derived] for claim in told.claims] == [
        [join.identifier.digest]
    ] * 2
    assert "both state person (given anna, family berg, birth_date 1984-02-29)" in " ".join(
        text(told).split()
    )
    (box,) = (each for each in picture(told).boxes if each.title == f"anna, berg, {BORN}")
    assert box.line == "person of given, family, birth_date"
    (step,) = pair(game, "m0@x.example", "m1@x.example").chain
    assert step.identifier == join.identifier


def test_what_makes_no_composite_is_told_with_the_placeholder_in_it():
    born = "1900-01-01"
    game = world(PERSON, ([mail(0)], ANNA, born), ([mail(1)], ANNA, born))
    (claim,) = explained(game, "m0@x.example").claims
    (missing,) = claim.underived
    assert (missing.kind, missing.not_used.because) == ("person", "placeholder")
    assert missing.not_used.value == born
    assert missing.not_used.reason
    (obstacle,) = pair(game, "m0@x.example", "m1@x.example").between
    assert (obstacle.reason, obstacle.identifier.kind) == ("placeholder", "person")
    assert obstacle.not_used.value == born


def test_a_composite_that_lacks_a_part_is_not_told_of():
    game = world(PERSON, ([mail(0)], ANNA, None))
    (claim,) = explained(game, "m0@x.example").claims
    assert (claim.derived, claim.underived) == ((), ())


def test_a_claim_that_would_make_too_many_says_so():
    rules = """
    [composites.words]
    parts = ["name_word", "birth_year", "given_start"]
    """
    many = RawName("Anna Bela Cora Dora Ella", "Berg")
    (claim,) = explained(world(rules, ([mail(0)], many, BORN)), "m0@x.example").claims
    assert [(each.kind, each.not_used.because) for each in claim.underived] == [
        ("words", "too_many")
    ]


def test_a_limit_names_the_values_that_would_come_together():
    rules = "[kinds.card]\nmax_per_customer = 2"
    claims = [([mail(0), card(number)], ANNA, None) for number in range(3)]
    game = world(rules, *claims)
    (obstacle,) = pair(game, "C0", "C2").between
    assert (obstacle.reason, obstacle.identifier.value) == ("limit", "m0@x.example")
    assert (obstacle.limit.kind, obstacle.limit.most) == ("card", 2)
    assert {each.value for each in obstacle.limit.mine} == {"C0", "C1"}
    assert [each.value for each in obstacle.limit.yours] == ["C2"]
    turned = pair(game, "C2", "C0").between[0].limit
    assert (turned.mine, turned.yours) == (obstacle.limit.yours, obstacle.limit.mine)
    words = " ".join(text(pair(game, "C0", "C2")).split())
    assert "a customer has 2 of kind card at most; that would be 3" in words
    assert explained(game, "C0").refused[0].limit == obstacle.limit


def test_a_limit_keeps_a_nameless_claim_from_following():
    rules = "[kinds.email]\nveto = true\n[kinds.card]\nmax_per_customer = 1"
    game = world(rules, ([mail(0), card(0)], ANNA, None), ([mail(0), card(1)], RawName(), None))
    (obstacle,) = pair(game, "C0", "C1").between
    assert obstacle.reason == "limit"


def test_a_persons_word_that_goes_above_a_limit_is_what_joins():
    rules = "[kinds.card]\nmax_per_customer = 1"
    game = world(rules, *[([mail(0), card(number)], ANNA, None) for number in range(2)])
    ids = [holder(game, f"C{number}")[1].id for number in range(2)]
    game.send(merge(*ids))
    assert [each.rule for each in explained(game, "C0").joins] == ["must_link"]


@pytest.mark.parametrize(
    ("rules", "claimed", "because"),
    [
        ("", ("email", "test@test.com", False), "placeholder"),
        (
            "[[blocked]]\nkind='email'\npattern='info@.*'\nreason='the office'",
            ("email", "info@x.example", False),
            "blocked",
        ),
        ("[kinds.email]\nmatch='never'", mail(9), "never"),
        ("[kinds.email]\nmatch='verified'", mail(9), "unverified"),
        ("", ("passport", "P1", False), "unknown_kind"),
        (PERSON, ("person", "P1", False), "only_derived"),
    ],
)
def test_what_joins_nobody_says_why(rules, claimed, because):
    two = [([claimed, ("phone", f"+41{number}")], ANNA, None) for number in range(2)]
    game = world(rules, *two)
    (claim,) = explained(game, "+410").claims
    (mine,) = (each for each in claim.identifiers if each.kind == claimed[0])
    assert mine.not_used.because == because
    (obstacle,) = pair(game, "+410", "+411").between
    assert (obstacle.reason, obstacle.not_used.because) == (because, because)
    assert (obstacle.not_used.reason is not None) == (because in {"placeholder", "blocked"})
    assert sections(pair(game, "+410", "+411"))
    export = export_customer(*holder(game, "+410"), "x", HANDED_OUT)
    (kept,) = (each for each in export.identifiers if each.kind == claimed[0])
    assert kept.tellings[0].not_used.because == because
    assert UNUSED[because] in page([export])


def test_there_are_words_for_all_that_is_not_used():
    assert UNUSED.keys() == set(get_args(Unused))


def test_proof_on_one_side_alone_is_told_as_unproved():
    game = world(
        "[kinds.email]\nmatch='verified'",
        ([mail(0, verified=True), ("phone", "+410")], ANNA, None),
        ([mail(0), ("phone", "+411")], ANNA, None),
    )
    assert [each.reason for each in pair(game, "+410", "+411").between] == ["unverified"]


def test_a_shared_identifier_tells_its_limit_and_the_figures():
    given = ("Anna", "Peter", "Ines", "Omar", "Yuki")
    claims = [
        ([("phone", "+411"), mail(n)], RawName(name, "B"), None) for n, name in enumerate(given)
    ]
    game = world("", *claims)
    (shared,) = explained(game, "m0@x.example").shared
    assert (shared.rule, shared.limit) == ("max_names", 3)
    seen = shared.figures
    assert (seen.customers, seen.claims, seen.names, seen.incompatible_names) == (5, 5, 5, 5)
    assert (seen.linked, seen.complete) == ({"email": 5}, True)
    (obstacle,) = pair(game, "m0@x.example", "m4@x.example").between
    assert (obstacle.reason, obstacle.mark.figures) == ("shared", seen)
    assert "more than 3 people whose names are incompatible" in text(
        explained(game, "m0@x.example")
    )


def test_an_own_kind_is_told_as_written_and_as_compared():
    game = Game(read_rules("[kinds.card]\nnormalise=['no_separators','upper']").rules())
    seen = observation("e", [("card", "AB12", False)], name=ANNA)
    written = tuple(replace(each, raw="ab-12") for each in seen.identifiers)
    game.send(under(game.rules, replace(seen, identifiers=written)))
    told = explained(game, "AB12")
    assert [(each.value, each.written) for each in told.claims[0].identifiers] == [
        ("AB12", "ab-12")
    ]
    assert "card ab-12, compared as AB12" in text(told)


def test_events_that_choose_a_name_are_counted_and_not_shown_as_bytes():
    game = world("[survivorship]\nname='most_events'", ([mail(0)], ANNA, None))
    export = export_customer(*holder(game, "m0@x.example"), "x", HANDED_OUT)
    assert [(each.claim, each.events, each.exact) for each in export.event_counts] == [(1, 1, True)]
    assert export.others == ()
    assert "Events of each claim" in page([export])


def test_names_of_any_script_are_drawn_whole():
    names = (
        RawName("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0631\u0636\u0627"),
        RawName(full="山田\u3000太郎"),
        RawName("A" * 200, '<&">'),
    )
    for name in names:
        game = world("", ([mail(0)], name, None))
        told = explained(game, "m0@x.example")
        export = page([export_customer(*holder(game, "m0@x.example"), "x", HANDED_OUT)])
        for drawn in (svg(picture(told)), export):
            assert "\N{REPLACEMENT CHARACTER}" not in drawn
            assert 'dir="auto"' in export
