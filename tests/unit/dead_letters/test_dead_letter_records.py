"""What stands in the topic of dead letters is read as it was meant, and nothing else is."""

from __future__ import annotations

import pytest

from icustomer.contracts.topics import Topic
from icustomer.stream.dead_letters import (
    LETTER_HEADERS,
    Place,
    mark_headers,
    read_letter,
    read_mark,
    redriven,
)
from unit.dead_letters.letters import FAILED, FAILED_AT, HOME, Raw, letter, raw, record, refused

AT = "2026-03-15T00:00:00Z"
ODD = (("odd", b"\xff\x00"), ("none", None), ("", b"no name"), ("odd", b"again"))


def mark_of(found):
    return Raw(HOME, None, None, tuple(mark_headers(found, AT)))


def test_a_letter_tells_where_its_record_stood_and_why_it_was_refused():
    found = letter()
    assert (found.place, found.home) == (Place("customer.orders", 3, 14), HOME)
    assert (found.reason, found.detail) == ("not_json", "value: malformed")
    assert (found.failed, found.failed_at) == (FAILED, FAILED_AT)
    assert not found.truncated


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [(b"k", b"{", ()), (None, None, ODD), (b"", b"", ODD), (b"\xff", b"\x00", (ODD[1],))],
)
def test_a_record_goes_back_as_it_came_with_the_number_of_the_attempt(key, value, headers):
    again = redriven(letter(key=key, value=value, headers=headers))
    assert (again.letter.key, again.letter.value) == (key, value)
    assert again.headers == [*headers, ("icustomer-attempt", b"1")]


def test_the_attempt_is_counted_on_and_told_once():
    headers = (("icustomer-attempt", b"7"), ("a", b"b"), ("icustomer-attempt", b"2"))
    found = letter(headers=headers)
    assert found.attempts == 2
    assert redriven(found).headers == [("a", b"b"), ("icustomer-attempt", b"3")]


@pytest.mark.parametrize("told", [b"", b"-1", b"two", b"9" * 40, None, b"\xff"])
def test_an_attempt_that_is_no_number_is_none(told):
    assert letter(headers=(("icustomer-attempt", told),)).attempts == 0


def test_headers_that_the_record_brought_are_its_own_also_if_they_look_like_a_letter():
    inner = tuple(refused(record(offset=99), reason="invalid").headers)
    found = letter(headers=(*inner, ("icustomer-truncated", b"5")))
    assert (found.reason, found.place.offset, found.truncated) == ("not_json", 14, False)
    assert found.headers == (*inner, ("icustomer-truncated", b"5"))


def test_a_letter_that_was_cut_says_so():
    made = refused(record(value=b"x" * 5_000), size=1_000)
    assert len(made.value) < 1_000
    found = read_letter(raw(made))
    assert found.truncated
    assert found.headers == ()


def without(index):
    headers = list(raw(refused(record())).headers)
    del headers[index]
    return headers


def changed(name, value):
    return [
        (each, value if each == name else told) for each, told in raw(refused(record())).headers
    ]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        *(without(index) for index in range(len(LETTER_HEADERS))),
        changed("icustomer-offset", b"-3"),
        changed("icustomer-offset", "٣".encode()),
        changed("icustomer-partition", None),
        changed("icustomer-topic", b""),
        changed("icustomer-failed-at", b"yesterday"),
        changed("icustomer-failed-at", b"2026-03-14T09:26:53"),
        [*raw(refused(record())).headers, ("later", b"")],
    ],
)
def test_what_has_not_the_headers_of_a_letter_is_none(headers):
    assert read_letter(Raw(HOME, b"k", b"{", headers)) is None


def test_a_mark_names_its_letter_and_is_no_letter():
    mark = mark_of(letter())
    assert read_mark(mark).name == letter().name()
    assert read_mark(mark).at == AT
    assert read_letter(mark) is None


def test_a_letter_whose_record_brought_the_headers_of_a_mark_is_no_mark():
    headers = tuple(mark_headers(letter(), AT))
    made = raw(refused(record(value=None, headers=headers)))
    assert read_mark(made) is None
    assert read_letter(made).headers == headers


@pytest.mark.parametrize("digest", [b"", b"no digest", None])
def test_a_mark_whose_digest_is_none_names_no_letter(digest):
    headers = [
        (name, digest if name.endswith("digest") else value)
        for name, value in mark_headers(letter(), AT)
    ]
    mark = read_mark(Raw(HOME, None, None, headers))
    assert mark is None or mark.name != letter().name()


def test_a_repeated_letter_has_the_same_name_whenever_it_failed_and_whatever_is_told_of_it():
    assert letter(failed=FAILED + 1).name() == letter().name()
    assert letter(reason="invalid").name() == letter().name()


@pytest.mark.parametrize(
    "other",
    [
        {"topic": Topic.SIGNUPS},
        {"partition": 4},
        {"offset": 15},
        {"key": None},
        {"key": b"k{", "value": b""},
        {"value": b"{}"},
        {"value": None},
        {"headers": (("a", b"b"),)},
        {"headers": (("icustomer-attempt", b"1"),)},
    ],
)
def test_another_record_has_another_name(other):
    """Also one in the same place: the topic was made again."""
    assert letter(**other).name() != letter().name()


def test_headers_are_told_apart_by_name_and_value():
    one = letter(headers=(("ab", b"c"),))
    other = letter(headers=(("a", b"bc"),))
    nothing = letter(headers=(("a", None),))
    empty = letter(headers=(("a", b""),))
    assert len({each.name() for each in (one, other, nothing, empty)}) == 4
