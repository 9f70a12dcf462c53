"""What `icustomer dead-letters list` prints of letters that were read."""

from __future__ import annotations

import json

import pytest

from icustomer.commands.dead_letters_list import Scope, View, _list, _listing
from icustomer.stream.dead_letters_choice import Wanted
from unit.dead_letters.letters import FAILED, FAILED_AT, letter

AT = "2026-03-15T00:00:00Z"
SECRET = b'{"email": "ann@example.org"}'


class Reader:
    """Letters and marks in memory."""

    def __init__(self, letters, redriven=()):
        self._letters = letters
        self._marks = {each.name(): AT for each in redriven}

    async def marks(self):
        return self._marks

    async def letters(self):
        for each in self._letters:
            yield each


LETTERS = [letter(offset=offset, failed=FAILED + offset * 1_000_000) for offset in (3, 1, 2)]
REDRIVEN = letter(offset=9, reason="invalid", value=SECRET)
READER = Reader([*LETTERS, REDRIVEN, LETTERS[0]], [REDRIVEN])


@pytest.fixture
def shown(capsys):
    async def run(view, limit=None, scope=Scope.WAITING, reader=READER):
        await _list(reader, Wanted(), scope, _listing(view, limit))
        return capsys.readouterr().out

    return run


async def test_programs_get_each_letter_once_with_these_fields(shown):
    told = json.loads(await shown(View.JSON))
    assert sorted(each["offset"] for each in told) == [1, 2, 3]
    (only,) = json.loads(await shown(View.JSON, reader=Reader([letter()])))
    assert only == {
        "reason": "not_json",
        "topic": "customer.orders",
        "partition": 3,
        "offset": 14,
        "failed_at": FAILED_AT,
        "detail": "value: malformed",
    }


async def test_a_limit_leaves_the_newest_the_oldest_of_them_first(shown):
    told = json.loads(await shown(View.JSON, limit=2))
    assert [each["offset"] for each in told] == [2, 3]


async def test_no_letters_are_an_empty_array(shown):
    for limit in (None, 5):
        assert json.loads(await shown(View.JSON, limit, reader=Reader([]))) == []
    assert await shown(View.TABLE, reader=Reader([])) == "no dead letters\n"
    assert json.loads(await shown(View.COUNTS_AS_JSON, reader=Reader([]))) == []


async def test_with_all_redriven_ones_are_told_with_when(shown):
    told = json.loads(await shown(View.JSON, scope=Scope.ALL))
    assert {each["offset"]: each["redriven_at"] for each in told} == {
        1: None,
        2: None,
        3: None,
        9: AT,
    }


async def test_people_get_rows_and_counts_and_never_a_value(shown):
    text = await shown(View.TABLE, limit=2, scope=Scope.ALL)
    assert "... the newest 2 of 4" in text
    assert "redriven at" in text
    assert "ann@example.org" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


async def test_details_are_shown_as_they_are(shown):
    """Brackets are no markup."""
    found = letter()
    detail = "items[0].sku[bold]: too long"
    text = await shown(
        View.TABLE, reader=Reader([type(found)(**{**fields(found), "detail": detail})])
    )
    assert "items[0].sku[bold]:" in "".join(text.split("\n")[1].split()).replace(" ", "")


def fields(found):
    return {name: getattr(found, name) for name in found.__struct_fields__}


async def test_counts_tell_of_each_reason_and_topic(shown):
    assert json.loads(await shown(View.COUNTS_AS_JSON, scope=Scope.ALL)) == [
        {"reason": "not_json", "topic": "customer.orders", "letters": 3},
        {"reason": "invalid", "topic": "customer.orders", "letters": 1},
    ]
    text = await shown(View.COUNTS)
    assert text.splitlines()[1].split() == ["total", "3"]
    assert "offset" not in text
