"""Whatever the bytes: one answer, no exception; and the same JSON as an independent reader."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from icustomer.contracts.decode import MAX_BYTES, MAX_NESTING, decode
from icustomer.contracts.examples import EXAMPLES
from icustomer.contracts.observe import Observed, observe
from icustomer.contracts.rejection import Reason, Rejection
from icustomer.contracts.topics import INPUTS, Topic
from icustomer.core.keys import Keyring
from icustomer.core.observation import Origin
from icustomer.core.rules import Rules

KEYRING = Keyring(b"fuzz" * 8)
ORIGIN = Origin("signups/0", 0, 1_773_500_000_000_000)
TOPICS = {
    "signup": Topic.SIGNUPS,
    "order": Topic.ORDERS,
    "support": Topic.SUPPORT,
    "command": Topic.COMMANDS,
}
VALID = [
    (topic, example) for message, topic in TOPICS.items() for example in EXAMPLES[message].values()
]
DECODE_REASONS = {Reason.EMPTY, Reason.TOO_LARGE, Reason.NOT_JSON, Reason.INVALID}
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXTS,
    st.sampled_from(["", " ", 2**53, -(2**64), 10**40, "\ud800", "x" * 1_001, 1e308]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
QUICK = settings(max_examples=120, deadline=None)


def outcome(topic: Topic, value: bytes):
    """The one answer, followed to its end."""
    answer = decode(topic, value)
    if isinstance(answer, Rejection):
        assert answer.reason in DECODE_REASONS
        assert answer.detail
        return answer
    observed = observe(answer, topic, ORIGIN, Rules(), KEYRING)
    assert (observed.item is None) != (observed.rejection is None)
    return observed


@QUICK
@given(st.sampled_from(INPUTS), st.binary(max_size=200))
def test_arbitrary_bytes_have_one_answer(topic, value):
    assert isinstance(outcome(topic, value), Rejection)


@QUICK
@given(st.sampled_from(INPUTS), st.text('[]{}",:0123456789.eE+-\\u d8NaInfityrulse\n', max_size=80))
def test_almost_json_has_one_answer(topic, text):
    outcome(topic, text.encode())


@QUICK
@given(st.data(), st.sampled_from(VALID), VALUES)
def test_a_message_with_one_value_replaced_has_one_answer(data, valid, value):
    topic, example = valid
    broken = json.loads(json.dumps(example))
    place: dict | list = broken
    while True:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(steps))
        inner = place[step]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[step] = value
    answer = outcome(topic, json.dumps(broken).encode())
    assert isinstance(answer, Rejection | Observed)


@QUICK
@given(st.data(), st.sampled_from(VALID), st.binary(max_size=4))
def test_a_message_with_bytes_replaced_has_one_answer(data, valid, replacement):
    topic, example = valid
    value = json.dumps(example, ensure_ascii=False).encode()
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(start + 4, len(value))))
    outcome(topic, value[:start] + replacement + value[end:])


class _RefusedError(Exception):
    pass


def _refuse(_: str):
    raise _RefusedError


def _depth(value) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(_depth, inner), default=0)
    return 0


def is_json(value: bytes) -> bool:
    """The rules for bytes, by the standard library: slow, and written another way."""
    try:
        document = json.loads(value.decode("utf-8"), parse_constant=_refuse)
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError, _RefusedError):
        return False
    return isinstance(document, dict) and _depth(document) <= MAX_NESTING


FRAGMENTS = st.one_of(
    VALUES.map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")),
    st.binary(max_size=12),
    st.integers(1, 40).map(lambda depth: b"[" * depth + b"]" * depth),
    st.sampled_from(
        [rb'"\ud83d\ude00"', rb'"\ude00\ud83d"', b'"\xc0\x80"', b"-", b"1e", b"-0", b"1E+2"]
    ),
)


@QUICK
@given(FRAGMENTS, st.booleans())
def test_not_json_is_what_the_standard_library_refuses_too(fragment, as_key):
    head = json.dumps(EXAMPLES["signup"]["signup-least"]).encode()[:-1]
    member = fragment + b": 1" if as_key else b'"ignored": ' + fragment
    value = head + b", " + member + b"}"
    assert len(value) < MAX_BYTES
    answer = decode(Topic.SIGNUPS, value)
    refused = isinstance(answer, Rejection) and answer.reason is Reason.NOT_JSON
    assert refused != is_json(value)
