"""What explanations and exports say of the story, and what they leave out."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from icustomer.contracts.explanation import JoinRule, Reason
from icustomer.contracts.outputs import ChangeType
from icustomer.core.folding import Keep
from icustomer.core.model import Folded
from icustomer.core.rules import DEFAULT_RULES, KindRule, Rules
from icustomer.explanation.customer import explain_customer
from icustomer.explanation.everything import export_customer
from icustomer.explanation.pair import explain_pair
from icustomer.explanation.picture import beneath, picture
from icustomer.explanation.subject import Evidence
from icustomer.explanation.svg import shortened
from icustomer.explanation.wording import CHANGED, JOINED, REFUSED, headline, sections
from unit.explanation.golden import HANDED_OUT
from unit.explanation.household import corrected, end, holder, lived, parted
from worlds.observations import KEYRING, observation, order, ticket
from worlds.play import Game

LIVED, CORRECTED, PARTED = lived(), corrected(), parted()


def explained(game, value="ana@example.org"):
    return explain_customer(*holder(game, value), value)


def exported(game, value="ana@example.org"):
    return export_customer(*holder(game, value), value, HANDED_OUT)


def between(game, one, other):
    told = explain_pair(end(game, one), end(game, other))
    assert not told.one
    return [(each.reason, each.identifier and each.identifier.value) for each in told.between]


def test_a_merge_is_told_with_identifier_event_and_time():
    (first, *_) = explained(LIVED).joins
    assert (first.claims, first.rule, first.verified) == ((1, 2), "identifier", True)
    assert first.identifier.value == "ana@example.org"
    assert (first.told.source, first.told.event_id) == ("shop", "a3")
    assert first.at == "2026-01-01T00:00:03Z"


def test_a_persons_word_is_told_only_where_it_decides():
    rules = [each.rule for each in explained(CORRECTED).joins]
    assert sorted(rules) == ["identifier", "identifier", "must_link"]
    (word,) = (each for each in explained(CORRECTED).joins if each.rule == "must_link")
    assert word.told.event_id == "merge-1000"


def test_who_calls_without_a_name_follows_the_one_customer_it_can_be():
    game = Game(DEFAULT_RULES)
    game.send(observation("a", [("phone", "+411")], name=name("Ana"), source="shop"))
    game.send(observation("b", [("phone", "+411")], source="desk", topic="support"))
    (join,) = explained(game, "+411").joins
    assert (join.rule, join.told.source, join.told.event_id) == ("follows", "desk", "b")


def name(given):
    return replace(observation("x", []).raw_name, given=given)


def test_a_claim_that_could_be_two_peoples_waits():
    told = explained(LIVED)
    (waiting,) = told.unresolved
    ben = holder(LIVED, "ben@example.org")[1].id
    assert set(waiting.leads_to) == {told.customer_id, ben}
    claim = told.claims[waiting.claim - 1]
    assert claim.customer_id is None
    assert claim.founded_by.event_id == "a2"


def test_two_on_one_phone_are_kept_apart_by_their_names():
    assert between(LIVED, "ana@example.org", "ben@example.org") == [("names", "+41446681800")]
    mine, yours = explain_pair(*(end(LIVED, each) for each in pair())).between[0].names
    assert mine == "Ana Lima"
    assert yours.startswith("Ben Lima")


def pair():
    return ("ana@example.org", "ben@example.org")


def test_a_shared_identifier_joins_nobody_and_says_so():
    told = between(LIVED, "ana@example.org", "peter@office.example")
    assert told == [("shared", "info@office.example")]
    (shared,) = explained(LIVED).shared
    assert shared.identifier.value == "info@office.example"


def test_a_split_by_a_person_is_named_with_its_command():
    assert between(PARTED, "+41446681800", "shop/7") == [("cannot_link", "ana@example.org")]
    told = explain_pair(end(PARTED, "+41446681800"), end(PARTED, "shop/7"))
    assert told.between[0].command.event_id == "split-1003"
    assert told.between[0].command.command == "split"


def test_strangers_have_nothing_in_common():
    told = between(LIVED, "ben@example.org", "peter@office.example")
    assert told == [("no_common_identifier", None)]


def test_rules_that_changed_since_are_told():
    evidence, customer = holder(LIVED, "ana@example.org")
    assert explain_customer(evidence, customer, "x").current
    others = Rules(kinds={"phone": KindRule()})
    told = explain_customer(Evidence(evidence.group, others, KEYRING), customer, "x")
    assert not told.current
    assert sections(told)[0].title == "Mind"


def test_two_whom_the_rules_in_force_would_join_are_told_as_such():
    one, other = (end(LIVED, each) for each in pair())
    lenient = Evidence(one.evidence.group, Rules(kinds={"phone": KindRule()}), KEYRING)
    two = [each._replace(evidence=lenient) for each in (one, other)]
    told = explain_pair(*two)
    assert [each.reason for each in told.between] == ["rules_changed"]
    assert not told.current


def test_an_identifier_that_the_rules_do_not_match_is_no_reason():
    game = Game(DEFAULT_RULES)
    for number, given in enumerate(("Ana", "Ben")):
        claims = [("email", f"{number}@x.example"), ("passport", "P1")]
        game.send(observation(str(number), claims, name=name(given)))
    assert between(game, "0@x.example", "1@x.example") == [("unknown_kind", "P1")]


@pytest.mark.parametrize(
    ("words", "table"), [(JoinRule, JOINED), (Reason, REFUSED), (ChangeType, CHANGED)]
)
def test_there_are_words_for_all_that_can_happen(words, table):
    assert set(get_args(words)) == table.keys()


def test_the_headline_answers():
    assert headline(explained(LIVED)).endswith("is made of 3 claims")
    two = explain_pair(*(end(LIVED, each) for each in pair()))
    assert headline(two).endswith("are two customers")


# -- export --------------------------------------------------------------------------------


def test_an_export_tells_all_that_was_said_and_by_whom():
    told = exported(LIVED)
    assert {each.value for each in told.identifiers} == {
        *("ana@example.org", "+41446681800", "shop/7", "info@office.example")
    }
    assert [each.name.family for each in told.names] == ["Holt", "Roth", "Lima"]
    assert [each.birth_date for each in told.birth_dates] == ["1984-02-29"]
    said = [(each.name, each.value, each.event_id, each.source) for each in told.consents]
    assert said == [("news", False, "a4", "stock"), ("news", True, "a1", "shop")]
    assert [each.name for each in told.addresses] == ["home"]
    assert [(each.name, each.value["points"]) for each in told.loyalty] == [("gold", 7)]
    assert told.profile["consents"]["news"]["granted"] is False


def test_an_order_is_told_once_with_every_field_and_who_told_it():
    (told,) = exported(LIVED).orders
    assert (told.order_id, told.status, told.event_id) == ("O1", "shipped", "a4")
    assert [item.name or item.price.amount for item in told.items] == ["Lamp", "20.00"]
    assert told.items[0].price == "19.90"
    assert told.payment.last4 == "4242"
    events = {each.field: each.event_id for each in told.earlier}
    assert events == dict.fromkeys(("items", "shipping", "payment"), "a3")


def test_an_order_that_two_claims_tell_of_is_told_once():
    game = Game(DEFAULT_RULES)
    mail = ("email", "two@x.example")
    for event, given, at, status in (("late", "Ana", 9, "paid"), ("early", "Anna", 1, "placed")):
        told = order("O1", status, "5.00")
        game.send(observation(event, [mail], name=name(given), at=at, topic="orders", order=told))
    (told,) = exported(game, "two@x.example").orders
    assert (told.status, told.event_id, told.claims) == ("paid", "late", (1, 2))
    assert (told.placed_at, told.updated_at) == ("2026-01-01T00:00:01Z", "2026-01-01T00:00:09Z")


def test_all_orders_are_told_and_what_was_added_up_is_told_as_such():
    game = Game(DEFAULT_RULES)
    mail = ("email", "much@x.example")
    numbers = range(Keep.TICKETS + 3)
    orders = [("orders", "order", order(f"{number}", "paid")) for number in numbers]
    tickets = [("support", "ticket", ticket(f"{number}", "opened")) for number in numbers]
    game.send(
        *(
            observation(f"{topic}{number}", [mail], at=number, topic=topic, **{what: told})
            for topic_of in (orders, tickets)
            for number, (topic, what, told) in enumerate(topic_of)
        )
    )
    told = exported(game, "much@x.example")
    assert len(told.orders) == Keep.TICKETS + 3
    assert told.folded_orders == ()
    assert len(told.tickets) == Keep.TICKETS
    assert [each.count for each in told.folded_tickets] == [3]


def test_figures_of_folded_orders_are_told_by_claim():
    evidence, customer = holder(LIVED, "ana@example.org")
    group = evidence.group
    folded = Folded(7, {"paid": 7}, {"EUR": "70.00"}, 1_000_000, 2_000_000)
    facets = [
        replace(each, folded_orders=folded if each.key == customer.anchor else None)
        for each in group.facets
    ]
    changed = Evidence(replace(group, facets=facets), DEFAULT_RULES, KEYRING)
    (told,) = export_customer(changed, customer, "x", HANDED_OUT).folded_orders
    assert (told.claim, told.count, told.totals) == (1, 7, {"EUR": "70.00"})


def test_an_export_tells_nothing_of_other_people():
    told = exported(LIVED).model_dump_json()
    assert "Ben" not in told
    assert "Peter" not in told
    assert holder(LIVED, "ben@example.org")[1].id not in told


def test_a_retired_id_is_told_as_leading_here():
    yuki = holder(CORRECTED, "yuki@office.example")[1].id
    (redirect,) = exported(CORRECTED).identity.redirects
    assert redirect.merged_into == yuki


# -- pictures ------------------------------------------------------------------------------


def test_several_pictures_stand_beneath_each_other():
    one, other = picture(explained(LIVED)), picture(explained(LIVED, "ben@example.org"))
    both = beneath([one, other])
    assert both.height == one.height + other.height
    assert len(both.boxes) == len(one.boxes) + len(other.boxes)
    assert min(box.top for box in both.boxes[len(one.boxes) :]) > one.height
    assert beneath([one]) == one


@pytest.mark.parametrize(
    ("text", "short"), [("abcd", "abcd"), ("abcde", "abc…"), ("日本語", "日…"), ("", "")]
)
def test_texts_are_cut_to_the_box(text, short):
    assert shortened(text, 4) == short
