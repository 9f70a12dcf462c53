"""Messages to what the core reads."""

import json

import pytest

from icustomer.contracts.decode import decode
from icustomer.contracts.examples import ANNA, EXAMPLES, RETIRED
from icustomer.contracts.observe import observe
from icustomer.contracts.rejection import Reason
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.model import NormalName, RawName
from icustomer.core.observation import (
    ForgetCommand,
    MergeCommand,
    Origin,
    SplitCommand,
    SuppressCommand,
    UnshareCommand,
)
from icustomer.core.rules import KindRule, Rules

KEYRING = Keyring(b"observe" * 8)
RECORDED_AT = 1_773_500_000_000_000
"""2026-03-14T14:53:20Z"""
ORIGIN = Origin("signups/3", 17, RECORDED_AT)
TOPICS = {
    "signup": Topic.SIGNUPS,
    "order": Topic.ORDERS,
    "support": Topic.SUPPORT,
    "command": Topic.COMMANDS,
}
BARE = {"event_id": "e1", "occurred_at": "2026-03-14T09:00:00.25+01:00", "source": "test"}


def observed(document: dict, topic: Topic = Topic.SIGNUPS, rules: Rules | None = None):
    message = decode(topic, json.dumps(document).encode())
    return observe(message, topic, ORIGIN, rules or Rules(), KEYRING)


def observed_example(name: str):
    message = name.partition("-")[0]
    return observed(EXAMPLES[message][name], TOPICS[message])


def signup(**fields):
    return observed({**BARE, **fields})


def pairs(answer) -> list[tuple[str, str]]:
    return [(each.kind, each.value) for each in answer.item.identifiers]


# -- who -------------------------------------------------------------------------------------


def test_identifiers_of_all_fields_come_canonical_and_sorted():
    item = observed_example("signup").item
    assert [(each.kind, each.value, each.verified) for each in item.identifiers] == [
        ("account", "shop/C-10017", False),
        ("email", "anna.berg@example.com", True),
        ("loyalty_card", "98-4471-220", True),
        ("phone", "+491701234567", False),
    ]
    assert item.identifiers[1].raw == "Anna.Berg@example.com"
    assert item.digests == tuple(
        KEYRING.identifier(each.kind, each.value) for each in item.identifiers
    )


def test_the_facet_key_is_that_of_identifiers_name_and_birth_date():
    item = observed_example("signup").item
    assert item.name == NormalName(("anna",), ("berg",))
    assert item.raw_name == RawName("Anna", "Berg")
    assert item.facet_key == KEYRING.facet(item.identifiers, item.name, "1984-02-29")


def test_the_same_identifier_told_twice_is_one_and_verified_once_is_verified():
    answer = signup(
        email="A@example.com",
        identifiers=[
            {"kind": "email", "value": "a@EXAMPLE.com", "verified": True},
            {"kind": "email", "value": " a@example.com"},
        ],
    )
    (identifier,) = answer.item.identifiers
    assert identifier.value == "a@example.com"
    assert identifier.verified
    assert identifier.raw == "A@example.com"


def test_listed_kinds_are_canonical_like_the_fields_of_their_own():
    answer = signup(
        country="DE",
        identifiers=[
            {"kind": "phone", "value": "0170 1234567"},
            {"kind": "account", "value": "shop/7"},
            {"kind": "email", "value": "B@Example.com"},
        ],
    )
    assert pairs(answer) == [
        ("account", "shop/7"),
        ("email", "b@example.com"),
        ("phone", "+491701234567"),
    ]
    assert answer.unknown_kinds == ()


def test_an_unknown_kind_is_kept_trimmed_and_told():
    answer = signup(identifiers=[{"kind": "card", "value": " Cafe\u0301 "}])
    assert pairs(answer) == [("card", "Caf\u00e9")]
    assert answer.unknown_kinds == ("card",)


def test_a_kind_that_the_rules_add_is_not_unknown():
    rules = Rules(kinds={**Rules().kinds, "card": KindRule()})
    answer = observed({**BARE, "identifiers": [{"kind": "card", "value": "1"}]}, rules=rules)
    assert answer.unknown_kinds == ()


def test_a_bad_identifier_is_rejected_alone():
    answer = signup(email="nobody", phone="+49 170 1234567", account={"service": "s", "number": ""})
    assert pairs(answer) == [("phone", "+491701234567")]
    assert {kind for kind, _ in answer.rejected} == {"account", "email"}
    assert all(reason for _, reason in answer.rejected)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": {"full": "Anna Berg"}},
        {"email": "nobody"},
        {"identifiers": []},
        {"identifiers": [{"kind": "card", "value": " "}]},
    ],
)
def test_an_event_that_names_nobody_is_rejected(fields):
    answer = signup(**fields)
    assert answer.item is None
    assert answer.rejection.reason is Reason.NO_USABLE_IDENTIFIER


def test_what_was_rejected_is_told_without_values_and_without_words_of_the_sender():
    answer = signup(email="hunter2", identifiers=[{"kind": "hunter2", "value": " "}])
    assert answer.rejected[1] == ("other", "empty")
    assert answer.rejection.detail.startswith("email: ")
    assert "hunter2" not in answer.rejection.detail


def test_an_order_number_alone_is_no_identifier():
    answer = observed({**BARE, "order_id": "A", "status": "paid"}, Topic.ORDERS)
    assert answer.rejection.reason is Reason.NO_USABLE_IDENTIFIER


def test_the_country_is_the_region_of_the_phone():
    assert signup(phone="030 901820").item is None
    assert pairs(signup(phone="030 901820", country="DE")) == [("phone", "+4930901820")]


# -- when ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read", "clamped"),
    [
        ("2026-03-14T09:00:00.25+01:00", 1_773_475_200_250_000, False),
        ("1969-12-31T23:59:59.999999Z", -1, False),
        ("2026-03-15T14:53:20Z", RECORDED_AT + 86_400_000_000, False),
        ("2026-03-15T14:53:20.000001Z", RECORDED_AT, True),
        ("9999-12-31T23:59:59Z", RECORDED_AT, True),
    ],
)
def test_a_time_far_ahead_of_the_log_is_replaced_by_its_time(written, read, clamped):
    answer = signup(email="a@example.com", occurred_at=written)
    assert (answer.item.occurred_at, answer.clock_clamped) == (read, clamped)


def test_the_clock_of_what_is_rejected_is_told_too():
    assert signup(occurred_at="9999-01-01T00:00:00Z").clock_clamped


# -- what ------------------------------------------------------------------------------------


def test_a_signup_states_attributes():
    item = observed_example("signup").item
    assert item.cells == {
        "address:home": {
            "street": "Lindenstr. 5",
            "postal_code": "10969",
            "city": "Berlin",
            "country": "DE",
        },
        "locale": "de-DE",
        "preference:newsletter": "weekly",
        "preference:dark_mode": True,
        "preference:max_price": 250,
        "consent:marketing_email": True,
        "consent:profiling": False,
        "loyalty:miles": {"tier": "gold", "points": 1250},
    }
    assert (item.topic, item.known, item.order, item.ticket) == ("signups", True, None, None)
    assert item.origin is ORIGIN


def test_what_is_not_said_is_no_attribute():
    answer = signup(
        email="a@example.com",
        address={"floor": 3},
        preferences={"a": None, "b": ""},
        consents={"c": None},
        locale=" ",
    )
    assert answer.item.cells == {}


def test_an_order_states_its_fields_as_plain_values():
    item = observed_example("order").item
    assert item.order.number == "A-100234"
    assert item.order.fields == {
        "status": "placed",
        "total": {"amount": "129.90", "currency": "EUR"},
        "items": [
            {"sku": "SKU-4711", "name": "Walking boots", "quantity": 1, "price": "119.90"},
            {"sku": "SKU-0815", "name": "Laces", "quantity": 2, "price": "5.00"},
        ],
        "payment": {"brand": "visa", "last4": "4242"},
    }
    assert item.cells == {"address:shipping": EXAMPLES["order"]["order"]["shipping_address"]}


def test_a_later_status_states_only_what_it_says():
    item = observed_example("order-shipped").item
    assert item.order.fields == {
        "status": "shipped",
        "shipping": EXAMPLES["order"]["order-shipped"]["shipping"],
    }


def test_a_price_in_another_currency_is_kept_with_it():
    price = {"amount": "5.00", "currency": "SEK"}
    document = {**EXAMPLES["order"]["order"], "items": [{"sku": "1", "price": price}]}
    item = observed(document, Topic.ORDERS).item
    assert item.order.fields["items"] == [{"sku": "1", "price": price}]


def test_only_a_guest_order_is_no_evidence_of_a_customer():
    assert not observed_example("order-guest").item.known
    assert observed_example("order").item.known
    assert observed_example("support").item.known


def test_a_ticket_states_its_fields():
    assert observed_example("support").item.ticket.fields == {
        "status": "opened",
        "channel": "phone",
        "direction": "in",
        "subject": "Boots are too small",
    }
    solved = observed_example("support-solved").item
    assert solved.ticket.fields == {"status": "solved", "satisfaction": 5}


# -- commands --------------------------------------------------------------------------------


def command(name: str, **changed):
    return observed({**EXAMPLES["command"][name], **changed}, Topic.COMMANDS)


def test_a_merge_names_customers_in_their_published_form():
    answer = command("command-merge", customer_ids=[ANNA.lower().replace("-", " "), RETIRED, ANNA])
    assert isinstance(answer.item, MergeCommand)
    assert answer.item.customer_ids == (ANNA, RETIRED)
    assert answer.item.event_id == "cmd-merge-1"
    assert answer.item.origin is ORIGIN


def test_a_split_by_identifiers_names_their_digests():
    identifiers = [
        {"kind": "phone", "value": "+49 170 1234567"},
        {"kind": "email", "value": "A@example.com"},
        {"kind": "phone", "value": "0049 170 1234567"},
    ]
    answer = command("command-split", identifiers=identifiers)
    assert isinstance(answer.item, SplitCommand)
    assert answer.item.customer_id == RETIRED
    assert answer.item.identifiers == (
        KEYRING.identifier("phone", "+491701234567"),
        KEYRING.identifier("email", "a@example.com"),
    )
    assert not answer.item.everything


def test_a_forget_names_the_customer_in_its_published_form():
    answer = command("command-forget", customer_id=ANNA.lower())
    assert isinstance(answer.item, ForgetCommand)
    assert answer.item.customer_id == ANNA


def test_a_suppress_names_the_digest_of_the_canonical_form():
    identifier = {"kind": "email", "value": "A.Berg@GoogleMail.com"}
    answer = command("command-suppress", identifier=identifier)
    assert isinstance(answer.item, SuppressCommand)
    assert answer.item.digest == KEYRING.identifier("email", "aberg@gmail.com")


def test_a_split_of_all_and_a_bare_split_are_told_apart():
    assert command("command-split-all").item.everything
    bare = command("command-split").item
    assert not bare.everything
    assert bare.identifiers == ()


def test_an_unshare_names_kind_and_digest():
    answer = command("command-unshare", identifier={"kind": "phone", "value": "0049 170 123 45 67"})
    assert isinstance(answer.item, UnshareCommand)
    assert answer.item.kind == "phone"
    assert answer.item.digest == KEYRING.identifier("phone", "+491701234567")


@pytest.mark.parametrize(
    ("name", "changed", "detail"),
    [
        ("command-merge", {"customer_ids": [ANNA, "hunter2"]}, "customer_ids.1: no customer ID"),
        ("command-merge", {"customer_ids": [ANNA, ANNA.lower()]}, "customer_ids: all the same"),
        ("command-split", {"customer_id": "hunter2"}, "customer_id: no customer ID"),
        (
            "command-split",
            {"identifiers": [{"kind": "email", "value": "hunter2"}]},
            "identifiers.0: email",
        ),
        ("command-forget", {"customer_id": "hunter2"}, "customer_id: no customer ID"),
        (
            "command-unshare",
            {"identifier": {"kind": "email", "value": "hunter2"}},
            "identifier: email",
        ),
        (
            "command-unshare",
            {"identifier": {"kind": "hunter2", "value": "1"}},
            "identifier: the rules do not match it",
        ),
        (
            "command-unshare",
            {"identifier": {"kind": "email", "value": "test@test.com"}},
            "identifier: the rules do not match it",
        ),
        (
            "command-suppress",
            {"identifier": {"kind": "phone", "value": "030 1234"}},
            "identifier: phone_no_region",
        ),
        (
            "command-suppress",
            {"identifier": {"kind": "email", "value": "noreply@example.com"}},
            "identifier: the rules match nobody by it",
        ),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused(name, changed, detail):
    answer = command(name, **changed)
    assert answer.item is None
    assert answer.rejection.reason is Reason.REFUSED_COMMAND
    assert answer.rejection.detail.startswith(detail)
    assert "hunter2" not in answer.rejection.detail


def test_a_command_from_the_future_is_clamped_too():
    answer = command("command-merge", occurred_at="2030-01-01T00:00:00Z")
    assert answer.clock_clamped
    assert answer.item.occurred_at == RECORDED_AT
