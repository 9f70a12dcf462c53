"""What the models accept and refuse: every limit at the limit and one beyond."""

import json

import pytest
from documents import SECRET, TOPICS, decoded, example, refused, topic
from pydantic import TypeAdapter, ValidationError

from icustomer.contracts.decode import decode
from icustomer.contracts.examples import EXAMPLES
from icustomer.contracts.explain import explain
from icustomer.contracts.rejection import Reason, Rejection


@pytest.mark.parametrize("name", [name for message in TOPICS for name in EXAMPLES[message]])
def test_every_example_is_accepted(name):
    assert not isinstance(decoded(name, {}), Rejection)


def test_unknown_fields_are_ignored():
    assert not hasattr(decoded("signup", {"truth_id": SECRET}), "truth_id")


REQUIRED = [
    ("signup", ("event_id", "occurred_at", "source")),
    ("order", ("event_id", "occurred_at", "source", "order_id", "status")),
    ("support", ("event_id", "occurred_at", "source", "ticket_id", "status")),
    (
        "command-merge",
        ("event_id", "occurred_at", "requested_by", "reason", "command", "customer_ids"),
    ),
    ("command-split", ("event_id", "customer_id")),
    ("command-forget", ("customer_id",)),
    ("command-unshare", ("identifier",)),
    ("command-suppress", ("identifier",)),
]


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, fields in REQUIRED for field in fields]
)
def test_a_required_field_must_be_there_with_its_type(name, field):
    for value in (None, "", " \t\u00a0", 7, True, [], {}):
        reason, detail = refused(decoded(name, {field: value}))
        assert reason == "invalid", value
        assert detail.startswith(field), value
    lacking = {key: value for key, value in example(name).items() if key != field}
    answer = decode(topic(name), json.dumps(lacking).encode())
    assert refused(answer) == ("invalid", f"{field}: is required")


OPTIONAL_TEXTS = {
    "signup": ("email", "phone", "country", "birth_date", "locale"),
    "support": ("channel", "direction", "subject"),
}


@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field) for name, fields in OPTIONAL_TEXTS.items() for field in fields],
)
def test_blank_text_in_an_optional_field_is_absent(name, field):
    for blank in (None, "", "  ", "\u3000\n"):
        assert getattr(decoded(name, {field: blank}), field) is None


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("signup", "account"),
        ("signup", "name"),
        ("signup", "address"),
        ("signup", "loyalty"),
        ("order", "total"),
        ("order", "payment"),
        ("order", "shipping"),
        ("order", "shipping_address"),
    ],
)
def test_an_object_that_says_nothing_is_absent(name, field):
    for nothing in (None, {}, "", {"number": "", "amount": None, "given": " "}):
        assert getattr(decoded(name, {field: nothing}), field) is None


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("signup", "email_verified"),
        ("signup", "phone_verified"),
        ("order", "guest"),
        ("command-split", "all"),
    ],
)
def test_only_true_and_false_are_booleans(name, field):
    for value in ("true", "", 1, 0, "yes", [], {}):
        answer = decoded(name, {field: value})
        assert refused(answer) == ("invalid", f"{field}: must be true or false")


LIMITS = [
    ("signup", ("event_id",), 128),
    ("signup", ("source",), 128),
    ("signup", ("email",), 128),
    ("signup", ("phone",), 128),
    ("signup", ("account", "number"), 128),
    ("signup", ("account", "service"), 128),
    ("signup", ("identifiers", 0, "value"), 128),
    ("signup", ("identifiers", 0, "kind"), 128),
    ("signup", ("name", "given"), 200),
    ("signup", ("name", "family"), 200),
    ("signup", ("address", "street"), 1_000),
    ("signup", ("locale",), 1_000),
    ("signup", ("loyalty", "program"), 128),
    ("order", ("order_id",), 128),
    ("order", ("items", 0, "sku"), 128),
    ("order", ("items", 0, "name"), 1_000),
    ("order-shipped", ("shipping", "tracking_url"), 1_000),
    ("support", ("ticket_id",), 128),
    ("support", ("subject",), 1_000),
    ("support", ("name", "full"), 200),
    ("command-merge", ("requested_by",), 128),
    ("command-merge", ("reason",), 1_000),
    ("command-merge", ("customer_ids", 0), 128),
    ("command-unshare", ("identifier", "value"), 128),
]


def put(document: dict, path: tuple, value) -> dict:
    *way, last = path
    place = document
    for step in way:
        place = place[step]
    place[last] = value
    return document


@pytest.mark.parametrize(("name", "path", "limit"), LIMITS)
def test_a_text_may_be_as_long_as_its_limit(name, path, limit):
    field = ".".join(map(str, path))
    at_limit = decoded(name, put(example(name), path, "ä" * limit))
    assert not isinstance(at_limit, Rejection)
    reason, detail = refused(decoded(name, put(example(name), path, "x" * (limit + 1))))
    assert reason == "invalid"
    assert detail.startswith(f"{field}: must have at most {limit} characters")


@pytest.mark.parametrize(
    ("name", "field", "fill", "limit"),
    [
        (
            "signup",
            "identifiers",
            lambda n: [{"kind": "card", "value": str(i)} for i in range(n)],
            20,
        ),
        ("signup", "preferences", lambda n: {str(i): i for i in range(n)}, 100),
        ("signup", "consents", lambda n: {str(i): True for i in range(n)}, 100),
        ("order", "items", lambda n: [{"sku": str(i)} for i in range(n)], 100),
        ("command-merge", "customer_ids", lambda n: ["ic_"] * n, 100),
        ("command-split", "identifiers", lambda n: [{"kind": "card", "value": "1"}] * n, 20),
    ],
)
def test_a_list_may_be_as_long_as_its_limit(name, field, fill, limit):
    assert not isinstance(decoded(name, {field: fill(limit)}), Rejection)
    assert refused(decoded(name, {field: fill(limit + 1)})) == (
        "invalid",
        f"{field}: must have at most {limit} entries",
    )


@pytest.mark.parametrize(
    ("name", "changed", "detail"),
    [
        ("signup", {"country": "UK"}, "country: must be a country code"),
        ("signup", {"country": "de"}, "country: must be a country code"),
        ("signup", {"birth_date": "1984-02-30"}, "birth_date: must be a calendar date"),
        ("signup", {"birth_date": "19840229"}, "birth_date: must be a calendar date"),
        ("signup", {"consents": {SECRET: "yes"}}, "consents.*: must be true or false"),
        ("signup", {"preferences": {SECRET: []}}, "preferences.*: must be a text of at most"),
        ("signup", {"preferences": {"a": 2**53}}, "preferences.*: must be a text of at most"),
        ("signup", {"preferences": "x"}, "preferences: must be an object"),
        ("signup", {"account": {"service": "shop"}}, "account.number: is required"),
        ("signup", {"account": "shop/1"}, "account: must be an object"),
        ("signup", {"identifiers": {}}, "identifiers: must be a list"),
        ("signup", {"identifiers": [1]}, "identifiers.0: must be an object"),
        (
            "signup",
            {"identifiers": [{"kind": "", "value": "1"}]},
            "identifiers.0.kind: must not be empty",
        ),
        ("signup", {"loyalty": {"program": "m", "points": 1.5}}, "loyalty.points: must be a whole"),
        (
            "signup",
            {"loyalty": {"program": "m", "points": 2**53}},
            "loyalty.points: must be 9007199",
        ),
        ("order", {"status": "lost"}, "status: must be 'placed', 'paid'"),
        ("order", {"items": [{"quantity": -1}]}, "items.0.quantity: must be 0 or more"),
        ("order", {"items": [{"quantity": "1"}]}, "items.0.quantity: must be a whole number"),
        ("order", {"total": {"amount": "1"}}, "total.currency: is required"),
        (
            "order",
            {"total": {"amount": "1", "currency": "eur"}},
            "total.currency: must be a currency",
        ),
        (
            "order",
            {"payment": {"last4": "4242424242424242"}},
            "payment.last4: must match ^[0-9]{4}$",
        ),
        ("support", {"satisfaction": 6}, "satisfaction: must be 5 or less"),
        ("support", {"satisfaction": 0}, "satisfaction: must be 1 or more"),
        ("support", {"satisfaction": True}, "satisfaction: must be a whole number"),
        ("support", {"channel": "fax"}, "channel: must be 'email', 'phone'"),
        ("command-merge", {"customer_ids": ["a"]}, "customer_ids: must have at least 2 entries"),
        ("command-merge", {"command": SECRET}, "command: must be 'merge', 'split'"),
        (
            "command-split-identifiers",
            {"all": True},
            "message: must be split by identifiers or all",
        ),
        ("command-split", {"identifiers": []}, "identifiers: must have at least 1 entries"),
    ],
)
def test_the_detail_names_field_and_rule(name, changed, detail):
    reason, told = refused(decoded(name, changed))
    assert reason == "invalid"
    assert told.startswith(detail)
    assert SECRET not in told


def test_whole_numbers_may_be_written_with_a_point():
    assert decoded("support", {"satisfaction": 5.0}).satisfaction == 5


def test_preferences_keep_the_type_of_their_value():
    given = {"a": "x", "b": True, "c": 3, "d": 0.5, "e": None, "f": ""}
    read = decoded("signup", {"preferences": given}).preferences
    assert read == {**given, "f": None}
    assert [type(value) for value in read.values()][:4] == [str, bool, int, float]


def test_a_long_list_of_faults_is_cut_short():
    faults = [{"kind": 1, "value": SECRET} for _ in range(20)]
    _, detail = refused(decoded("signup", {"identifiers": faults}))
    assert detail.endswith("and 15 more")
    assert SECRET not in detail


def test_messages_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        decoded("signup", {}).email = "other@example.com"


def test_reasons_are_the_published_ones():
    assert {reason.value for reason in Reason} == {
        "empty",
        "not_json",
        "invalid",
        "too_large",
        "no_usable_identifier",
        "refused_command",
        "internal_error",
    }


def test_a_rule_without_words_of_our_own_is_told_by_its_name():
    with pytest.raises(ValidationError) as error:
        TypeAdapter(bytes).validate_python(1)
    assert explain(error.value) == "message: breaks the rule bytes_type"
