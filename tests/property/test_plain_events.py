"""The quick way in says what the models say, or nothing."""

import json
import os
from copy import deepcopy
from random import Random

import pytest

from icustomer.contracts.decode import judge
from icustomer.contracts.examples import EXAMPLES
from icustomer.contracts.observe import observe
from icustomer.contracts.plain import plain_event
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.observation import Origin
from icustomer.core.rules import Rules
from icustomer.local.generator import generate

KEYRING = Keyring(b"fuzz" * 8)
ORIGIN = Origin("signups/0", 0, 1_773_500_000_000_000)
TOPICS = {"signup": Topic.SIGNUPS, "order": Topic.ORDERS, "support": Topic.SUPPORT}
VALID = [
    (topic, example) for message, topic in TOPICS.items() for example in EXAMPLES[message].values()
]
ROUNDS = int(os.environ.get("ICUSTOMER_TEST_ROUNDS", "12000"))

TEXTS = (
    *("", " ", "\u3000", "\u00a0x", "\u0085", "\u2009", "\x1c", "\x00", "\ufeff", "x", " x", "x "),
    *("x" * 128, "x" * 129, "x" * 200, "x" * 201, "x" * 1000, "x" * 1001, "ü" * 128, "😀" * 129),
    *("Ünal", "カナ", "ئا", "\u1ebf", "DE", "de", "XX", "EUR", "eur", "placed", "opened", "in"),
    *(
        "12.50",
        "-0",
        "007",
        "1e3",
        "+1",
        "12.50000",
        "9" * 18,
        "9" * 19,
        "0.1",
        ".5",
        "1234",
        "١٢٣٤",
    ),
    *("2024-02-29", "2023-02-29", "2024-2-9", "2024-02-29T12:00:00Z", "2024-02-29t12:00:00z"),
    *(
        "2024-02-29 12:00:00Z",
        "2024-02-29T12:00:00",
        "2024-02-29T12:00:60Z",
        "2024-02-29T24:00:00Z",
    ),
    *("2024-02-29T12:00:00.5Z", "2024-02-29T12:00:00.123456Z", "2024-02-29T12:00:00.1234567Z"),
    *("2024-02-29T12:00:00.12345678901+02:00", "2024-02-29T12:00:00.9999999Z"),
    *("2024-02-29T12:00:00+00:00", "2024-02-29T12:00:00-00:00", "2024-02-29T12:00:00+14:00"),
    *(
        "2024-02-29T12:00:00+0200",
        "2024-02-29T12:00Z",
        "2024-02-29T12:00:00,5Z",
        "20240229T120000Z",
    ),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2024-02-29T12:00:00+24:00"),
    *("0000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "2024-W09-4T12:00:00Z"),
    *("anna@example.com", "+4930123456", "030 123456", "shop/1"),
)
NUMBERS = (0, 1, 5, 6, -1, 2**31, 2**53 - 1, 2**53, -(2**53), 2**63, 2**64, 10**30, 1.0, 2.5, 1e3)
OTHERS = (None, True, False, [], {}, [{}], {"x": 1}, [None], {"a": None}, {" ": "x"}, {"": "x"})
BYTES = (
    *(
        b"\xff",
        b"\xc0\x80",
        b"\\ud800",
        b"\\ud83d\\ude00",
        b"\\u00e9",
        b"\\u0020",
        b"\\",
        b'"',
        b" ",
    ),
    *(b"\n", b"[", b"]", b"{", b"}", b",", b":", b"NaN", b"1e", b"-", b"0", b"00", b"1.", b"1E+2"),
    *(
        b"\x00",
        b"\t",
        b"//",
        b"\xe3\x80\x80",
        b"\xe2\x80\x89",
        b"\xed\xa0\x80",
        b"tru",
        b"nul",
        b"'",
    ),
)


def places(value, found):
    """Every (container, key) of a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        found.append((value, key))
        if isinstance(inner, dict | list):
            places(inner, found)
    return found


def other_value(random: Random):
    pool = random.choices((TEXTS, NUMBERS, OTHERS), (6, 2, 2))[0]
    return deepcopy(random.choice(pool))


def changed(random: Random, example: dict) -> bytes:
    """A message with some values, keys or bytes exchanged."""
    document = json.loads(json.dumps(example))
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        container, key = random.choice(places(document, []))
        what = random.random()
        if what < 0.7 or isinstance(container, list):
            container[key] = other_value(random)
        elif what < 0.85:
            del container[key]
        else:
            container[random.choice(("identifiers", "country", "guest", "more", "birth_date"))] = (
                other_value(random)
            )
    value = json.dumps(
        document,
        ensure_ascii=random.random() < 0.5,
        separators=random.choice(((",", ":"), (", ", ": "))),
    ).encode("utf-8", "surrogatepass")
    while random.random() < 0.3:
        start = random.randrange(len(value))
        value = value[:start] + random.choice(BYTES) + value[start + random.randrange(3) :]
    return value


def told(topic, message):
    return observe(message, topic, ORIGIN, Rules(), KEYRING)


def test_what_is_plain_is_what_the_models_make_of_it() -> None:
    seed = int(os.environ.get("ICUSTOMER_TEST_SEED", "0")) or Random().randrange(10**6)
    random = Random(seed)
    plain = 0
    for number in range(ROUNDS):
        topic, example = random.choice(VALID)
        value = changed(random, example)
        event = plain_event(topic, value)
        if event is None:
            continue
        plain += 1
        judged = judge(topic, value)
        where = f"seed {seed}, round {number}: {value!r}"
        assert not isinstance(judged, Rejection), f"{where}: {judged}"
        assert told(topic, event) == told(topic, judged), where
    assert plain > ROUNDS / 10, f"seed {seed}: the quick way was hardly taken"


@pytest.mark.parametrize("topic", TOPICS.values())
def test_what_publishers_send_is_plain(topic: Topic) -> None:
    """Or the quick way would be of no use."""
    records = [record.value for record in generate(1, 500).records if record.topic == topic]
    plain = [value for value in records if plain_event(topic, value) is not None]
    assert len(plain) > 0.9 * len(records)
