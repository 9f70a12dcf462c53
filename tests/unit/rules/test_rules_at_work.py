"""What single rules do to messages: kinds of one's own, block lists, canonical forms, parts."""

from __future__ import annotations

import json

import pytest

from icustomer.contracts.decode import decode
from icustomer.contracts.observe import Observed, observe
from icustomer.contracts.rejection import Reason
from icustomer.contracts.rules_reading import read_rules
from icustomer.contracts.topics import Topic
from icustomer.core.blocking import placeholders
from icustomer.core.canonical import Canonical, Rejected
from icustomer.core.identifiers import canonical
from icustomer.core.observation import Observation, Origin
from icustomer.core.patterns import PatternError, matcher
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.core.tallies import HASH_BYTES, KEPT, events_of, hash_of, with_tally
from worlds.observations import KEYRING
from worlds.play import Game

ORIGIN = Origin("orders/0", 0, 1_767_225_600_000_000)
POSTAL = """
[kinds.postal_code]
match = "never"
normalise = ["upper", "no_separators"]
from = ["address.postal_code", "shipping_address.postal_code"]
[composites.household]
parts = ["name", "postal_code"]
"""


def rules_of(text: str) -> Rules:
    return read_rules(text).rules()


def seen(rules: Rules, topic: Topic, **said: object) -> Observed:
    message = {"event_id": "e", "occurred_at": "2026-01-01T00:00:00Z", "source": "s", **said}
    return observe(decode(topic, json.dumps(message).encode()), topic, ORIGIN, rules, KEYRING)


def claimed(answer: Observed) -> list[tuple[str, str]]:
    assert isinstance(answer.item, Observation)
    return [(each.kind, each.value) for each in answer.item.identifiers]


def test_a_kind_of_ones_own_is_normalised_and_must_match_its_pattern():
    rules = rules_of("[kinds.card]\nnormalise=['no_separators','upper']\npattern='[A-Z]{2}[0-9]+'")
    said = [{"kind": "card", "value": " ab 12-34 "}, {"kind": "card", "value": "1234"}]
    answer = seen(rules, Topic.SIGNUPS, identifiers=said)
    assert claimed(answer) == [("card", "AB1234")]
    assert answer.rejected == (("card", "pattern"),)
    assert answer.unknown_kinds == ()
    assert canonical("card", "x", None, rules) == Rejected("pattern")


@pytest.mark.parametrize(
    ("steps", "raw", "value"),
    [
        ("digits", "No. ٤٢-7", "427"),
        ("letters_and_digits", "a_b-1", "ab1"),
        ("no_leading_zeros", "00120", "120"),
        ("lower", "ÄB", "äb"),
        ("no_separators", "1 2\u20133/4.5", "12345"),
    ],
)
def test_steps_of_normalisation(steps: str, raw: str, value: str):
    rules = rules_of(f"[kinds.card]\nnormalise=['{steps}']")
    assert canonical("card", raw, None, rules) == Canonical(value)
    assert canonical("card", value, None, rules) == Canonical(value)


def test_a_value_of_which_normalisation_leaves_nothing_is_rejected():
    rules = rules_of("[kinds.card]\nnormalise=['digits']")
    assert canonical("card", "none", None, rules) == Rejected("empty")


def test_a_notice_without_contact_data_finds_its_customer_by_the_order():
    notice = {"order_id": "O7", "status": "shipped"}
    bare = seen(DEFAULT_RULES, Topic.ORDERS, **notice)
    assert bare.rejection is not None
    assert bare.rejection.reason == Reason.NO_USABLE_IDENTIFIER
    rules = rules_of("[kinds.order]\nfrom = 'order_id'\ntransactional = true")
    order = seen(rules, Topic.ORDERS, order_id="O7", status="placed", email="a@b.com")
    shipped = seen(rules, Topic.ORDERS, **{**notice, "event_id": "f"})
    assert claimed(shipped) == [("order", "O7")]
    game = Game(rules)
    game.send(order.item, shipped.item)
    assert len(game.current()) == 1
    (record,) = game.state.published.values()
    assert record["orders"]["by_status"] == {"shipped": 1}


def test_a_customer_who_orders_often_is_no_crowd():
    rules = rules_of("[limits]\nmax_facets = 3\n[kinds.order]\nfrom='order_id'\ntransactional=true")
    game = Game(rules)
    for number in range(6):
        said = {"order_id": f"O{number}", "event_id": f"e{number}", "status": "paid"}
        game.send(seen(rules, Topic.ORDERS, email="a@b.com", **said).item)
    assert len(game.current()) == 1


def test_a_part_taken_from_a_field_identifies_nobody_by_itself():
    rules = rules_of(POSTAL)
    address = {"postal_code": "sw1a 1aa"}
    alone = seen(rules, Topic.SIGNUPS, address=address)
    assert alone.rejection is not None
    answer = seen(rules, Topic.SIGNUPS, address=address, name={"full": "Anna Berg"})
    assert claimed(answer) == [("postal_code", "SW1A1AA")]
    assert answer.item.digests[1:] == (KEYRING.derived("household", ("anna berg", "SW1A1AA")),)


def test_name_and_birth_date_alone_are_enough_where_the_rules_make_something_of_them():
    said = {"name": {"given": "Anna", "family": "Berg"}, "birth_date": "1984-02-29"}
    assert seen(DEFAULT_RULES, Topic.SIGNUPS, **said).rejection
    rules = rules_of("[composites.person]\nparts=['given','family','birth_date']")
    first, second = (
        seen(rules, Topic.SIGNUPS, **said, **more).item for more in ({}, {"email": "a@b.com"})
    )
    game = Game(rules)
    game.send(first, second)
    assert len(game.current()) == 1
    placeholder = seen(rules, Topic.SIGNUPS, **{**said, "birth_date": "1900-01-01"})
    assert placeholder.rejection


def test_what_the_rules_make_changes_no_facet():
    said = {"name": {"given": "Anna", "family": "Berg"}, "birth_date": "1984-02-29"}
    rules = rules_of("[composites.person]\nparts=['given','family','birth_date']")
    ours, plain = (
        seen(each, Topic.SIGNUPS, email="a@b.com", **said).item for each in (rules, DEFAULT_RULES)
    )
    assert ours.facet_key == plain.facet_key
    assert ours.identifiers == plain.identifiers
    assert len(ours.digests) == len(plain.digests) + 1


def test_what_would_make_too_many_identifiers_makes_none():
    rules = rules_of("[composites.x]\nparts=['given','email']")
    emails = [{"kind": "email", "value": f"a{n}@b.com"} for n in range(9)]
    name = {"given": "Anna Maria", "family": "Berg"}
    many = seen(rules, Topic.SIGNUPS, name=name, identifiers=emails).item
    assert len(many.digests) == 9
    fewer = seen(rules, Topic.SIGNUPS, name=name, identifiers=emails[:8]).item
    assert len(fewer.digests) == 8 + 16


def test_nobody_can_state_an_identifier_of_a_kind_that_the_rules_make():
    rules = rules_of("[composites.person]\nparts=['name','birth_date']")
    said = [{"kind": "person", "value": "anna berg 1984-02-29"}]
    items = [
        seen(rules, Topic.SIGNUPS, event_id=f"e{n}", identifiers=said, email=f"a{n}@b.com").item
        for n in range(2)
    ]
    game = Game(rules)
    game.send(*items)
    assert len(game.current()) == 2
    uses = {one["use"] for r in game.state.published.values() for one in r["identifiers"]}
    assert uses == {"blocked"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "test@test.com"),
        ("email", "none@none.com"),
        ("email", "noreply@shop.example"),
        ("email", "no-reply+7@shop.example"),
        ("email", "do-not-reply@x.org"),
        ("phone", "+10000000000"),
        ("phone", "+11234567890"),
        ("phone", "+4900000000"),
        ("phone", "+49123456789"),
    ],
)
def test_placeholders_join_nobody(kind: str, value: str):
    assert not DEFAULT_RULES.connects(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "anna.test@gmail.com"),
        ("email", "noreplyson@gmail.com"),
        ("email", "testa@example.com"),
        ("email", "anna@none.com"),
        ("phone", "+4930123456"),
        ("phone", "+14155552671"),
        ("phone", "+33612345678"),
        ("phone", "+447700900123"),
    ],
)
def test_what_a_person_may_have_is_no_placeholder(kind: str, value: str):
    assert DEFAULT_RULES.connects(kind, value)


def test_every_placeholder_has_a_reason_and_a_canonical_value():
    for entry in placeholders():
        assert entry.reason
        assert bool(entry.value) != bool(entry.pattern)


def test_a_blocked_identifier_is_kept_as_evidence_and_joins_nobody():
    said = {"email": "test@test.com"}
    names = ("Anna", "Anna")
    items = [
        seen(
            DEFAULT_RULES,
            Topic.SIGNUPS,
            event_id=f"e{n}",
            name={"given": name, "family": f"B{n}"},
            **said,
        ).item
        for n, name in enumerate(names)
    ]
    game = Game(DEFAULT_RULES)
    game.send(*items)
    assert len(game.current()) == 2
    uses = {one["use"] for r in game.state.published.values() for one in r["emails"]}
    assert uses == {"blocked"}


def test_provider_rules_and_tags_are_chosen():
    plain = rules_of("[kinds.email]\nprovider_rules = false\ntag_domains = ['firm.example']")
    for raw, by_default, chosen in (
        ("A.B+x@googlemail.com", "ab@gmail.com", "a.b+x@googlemail.com"),
        ("a+x@firm.example", "a+x@firm.example", "a@firm.example"),
    ):
        assert canonical("email", raw, None) == Canonical(by_default)
        assert canonical("email", raw, None, plain) == Canonical(chosen)


def test_a_customer_holds_no_more_values_than_the_limit():
    rules = rules_of("[kinds.card]\nmax_per_customer = 2")
    game = Game(rules)
    for number in range(3):
        said = [{"kind": "card", "value": str(number)}]
        name = {"given": "Anna", "family": "Berg"}
        event = seen(
            rules,
            Topic.SIGNUPS,
            event_id=f"e{number}",
            email="a@b.com",
            identifiers=said,
            name=name,
        )
        game.send(event.item)
    assert sorted(len(facets) for facets in game.current().values()) == [1, 2]


def test_a_pattern_matches_the_whole_text_in_linear_time():
    matches = matcher(["(a+)+b", "x|y"])
    assert not matches("a" * 200)
    assert matches("aab")
    assert matches("y")
    assert not matches("xy")
    assert not matches("x\n")
    with pytest.raises(PatternError, match="unopened group"):
        matcher(["a)|(b"])


def test_events_are_counted_once_whatever_their_order_and_estimated_when_they_are_many():
    hashes = [hash_of(f"e{number}") for number in range(1_000)]
    forwards, backwards = [], []
    for one in [*hashes[:KEPT], hashes[0]]:
        forwards = with_tally(forwards, one)
    assert events_of(forwards) == KEPT
    for one in hashes:
        forwards = with_tally(forwards, one)
    for one in reversed(hashes):
        backwards = with_tally(backwards, one)
    assert forwards == backwards
    assert len(forwards[0].value) == KEPT * HASH_BYTES
    assert 700 < events_of(forwards) < 1_400
