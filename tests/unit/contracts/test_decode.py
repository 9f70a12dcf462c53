"""Bytes to messages: what is no JSON, whatever its fields say."""

import json

import pytest
from documents import example, raw, refused

from icustomer.contracts.decode import MAX_BYTES, MAX_NESTING, decode
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic


@pytest.mark.parametrize("value", [None, b""])
def test_no_value_is_empty(value):
    assert refused(decode(Topic.ORDERS, value))[0] == "empty"


def test_one_mebibyte_is_read_and_one_byte_more_is_too_large():
    room = MAX_BYTES - len(raw('""'))
    assert not isinstance(decode(Topic.SIGNUPS, raw(f'"{"x" * room}"')), Rejection)
    assert refused(decode(Topic.SIGNUPS, raw(f'"{"x" * (room + 1)}"')))[0] == "too_large"


@pytest.mark.parametrize(
    "text",
    [
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'{"\xff": 1}',
        rb'"\ud800"',
        rb'"\udc00\ud800"',
        rb'{"\ud800": 1}',
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"[1, NaN]",
        b"1,",
        b"01",
        b"1.",
        b"'a'",
        b'"a\nb"',
        b"[" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000,
        b"[" * (MAX_BYTES - 1_000),
    ],
)
def test_what_no_json_reader_need_accept_is_not_json_even_in_an_ignored_field(text):
    assert refused(decode(Topic.SIGNUPS, raw(text)))[0] == "not_json"


@pytest.mark.parametrize(
    "value",
    [b" ", b"{", b"{}{}", b"\xef\xbb\xbf{}", b"[]", b"1", b"null", b'"text"', b"\x00", b"["],
)
def test_only_one_object_is_a_message(value):
    assert refused(decode(Topic.SIGNUPS, value))[0] == "not_json"


@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_nesting_at_the_limit_is_read_and_one_more_is_not_json(brackets):
    begin, end = brackets
    within = MAX_NESTING - 1

    def nested(depth: int) -> bytes:
        return raw(begin * depth + "1" + end * depth)

    assert not isinstance(decode(Topic.SIGNUPS, nested(within)), Rejection)
    assert refused(decode(Topic.SIGNUPS, nested(within + 1)))[0] == "not_json"


def test_many_flat_objects_are_not_deep():
    assert not isinstance(decode(Topic.SIGNUPS, raw(json.dumps([{"a": [1]}] * 500))), Rejection)


@pytest.mark.parametrize(
    "number",
    ["1e400", "-1e-400", "1e99999999999999999999", "9" * 20, "9" * 5_000, "0." + "1" * 5_000],
)
def test_numbers_of_any_size_are_read_in_ignored_fields(number):
    assert not isinstance(decode(Topic.SIGNUPS, raw(number)), Rejection)


@pytest.mark.parametrize("number", ["1e400", "1e99999999999999999999", "9" * 5_000, "NaN"])
def test_numbers_of_any_size_are_refused_in_fields_that_count(number):
    text = json.dumps(example("order-guest")).replace(": 42", f": {number}").encode()
    assert refused(decode(Topic.ORDERS, text))[0] in {"invalid", "not_json"}


def test_long_digits_in_a_text_stay_too_long_beside_a_long_number():
    value = raw("9" * 5_000)[:-1] + b', "locale": "' + b"7" * 5_000 + b'"}'
    assert refused(decode(Topic.SIGNUPS, value)) == (
        "invalid",
        "locale: must have at most 1000 characters",
    )


def test_of_equal_keys_the_last_counts():
    head = json.dumps(example("signup-least")).encode()[:-1]
    answer = decode(Topic.SIGNUPS, head + b', "locale": 7, "locale": "fr"}')
    assert answer.locale == "fr"
