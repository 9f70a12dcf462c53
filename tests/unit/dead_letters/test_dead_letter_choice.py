"""Which letters are meant, each once, and which of them can go back."""

from __future__ import annotations

import pytest

from icustomer.contracts.topics import Topic
from icustomer.stream.dead_letters import Redriven, read_letter
from icustomer.stream.dead_letters_choice import Choice, InputTopic, Left, Terms, Wanted
from icustomer.stream.topics import RECORD_OVERHEAD_BYTES
from unit.dead_letters.letters import FAILED, letter, raw, record, refused

TERMS = Terms(3, {"customer.orders": InputTopic(4, 2_000)})


@pytest.mark.parametrize(
    ("wanted", "admitted"),
    [
        (Wanted(), True),
        (Wanted(reasons=frozenset({"not_json", "empty"})), True),
        (Wanted(reasons=frozenset({"empty"})), False),
        (Wanted(topics=frozenset({"customer.orders"})), True),
        (Wanted(topics=frozenset({"customer.signups"})), False),
        (Wanted(since=FAILED), True),
        (Wanted(since=FAILED + 1), False),
        (Wanted(until=FAILED + 1), True),
        (Wanted(until=FAILED), False),
        (Wanted(reasons=frozenset({"not_json"}), until=FAILED), False),
    ],
)
def test_all_that_was_said_must_fit(wanted, admitted):
    assert wanted.admits(letter()) is admitted


def test_a_repeated_letter_passes_once():
    choice = Choice(Wanted(), {})
    letters = [letter(), letter(failed=FAILED + 5), letter(offset=15), letter()]
    assert [choice.passes(each) for each in letters] == [True, False, True, False]


def test_a_letter_whose_first_copy_was_not_meant_passes_all_the_same():
    choice = Choice(Wanted(since=FAILED + 1), {})
    assert [choice.passes(letter()), choice.passes(letter(failed=FAILED + 5))] == [False, True]


def test_what_was_redriven_does_not_pass():
    choice = Choice(Wanted(), {letter().name(): "2026-03-15T00:00:00Z"})
    assert not choice.passes(letter(failed=FAILED + 5))
    assert choice.passes(letter(offset=15))


def test_a_letter_goes_back_until_it_was_tried_as_often_as_is_allowed():
    tried = [letter(headers=(("icustomer-attempt", str(n).encode()),)) for n in range(5)]
    verdicts = [TERMS.judge(each) for each in tried]
    assert [dict(each.headers)["icustomer-attempt"] for each in verdicts[:3]] == [b"1", b"2", b"3"]
    assert verdicts[3:] == [Left.ATTEMPTS, Left.ATTEMPTS]


@pytest.mark.parametrize("where", [{"topic": Topic.SIGNUPS}, {"partition": 4}])
def test_a_letter_whose_topic_or_partition_is_gone_stays(where):
    assert TERMS.judge(letter(**where)) is Left.NO_TOPIC


def test_a_letter_that_was_cut_stays():
    assert (
        TERMS.judge(read_letter(raw(refused(record(value=bytes(900)), size=500)))) is Left.TRUNCATED
    )


def test_a_letter_that_its_topic_does_not_take_stays():
    empty = TERMS.judge(letter(value=b""))
    assert isinstance(empty, Redriven)
    room = 2_000 - RECORD_OVERHEAD_BYTES - empty.size
    assert isinstance(TERMS.judge(letter(value=bytes(room))), Redriven)
    assert TERMS.judge(letter(value=bytes(room + 1))) is Left.TOO_LARGE
