"""A redrive in memory: portions, limits, what stays, and what an interruption leaves."""

from __future__ import annotations

import pytest

from icustomer.contracts.topics import Topic
from icustomer.errors import UnavailableError
from icustomer.stream import dead_letters_redrive
from icustomer.stream.dead_letters_choice import Choice, InputTopic, Left, Terms, Wanted
from icustomer.stream.dead_letters_redrive import PORTION_BYTES, Redrive, Tally, transactional_id
from unit.dead_letters.letters import letter

MIB = 1024 * 1024
TERMS = Terms(3, {"customer.orders": InputTopic(12, 2 * MIB)})


class Letters:
    """Letters, marks and what was sent, in memory; may fail at a portion."""

    def __init__(self, letters, fails_at=None):
        self.letters = letters
        self.marks = {}
        self.portions = []
        self.left = []
        self._fails_at = fails_at

    async def send(self, portion):
        if len(self.portions) == self._fails_at:
            self._fails_at = None
            raise UnavailableError("away")
        self.portions.append([each.letter.place.offset for each in portion])
        self.marks |= {each.letter.name(): "now" for each in portion}

    async def read(self):
        for each in self.letters:
            yield each

    async def redrive(self, limit=None, size=2):
        tally = Tally(lambda each, why: self.left.append((each.place.offset, why)))
        choice = Choice(Wanted(), dict(self.marks))
        try:
            await Redrive(choice, TERMS, tally, limit).run(self.read(), self.send, size)
        finally:
            self.tally = tally

    @property
    def sent(self):
        return [offset for portion in self.portions for offset in portion]


def letters(*offsets, **changed):
    return [letter(offset=offset, **changed) for offset in offsets]


async def test_letters_go_back_in_their_order_in_portions():
    topic = Letters(letters(*range(5)))
    await topic.redrive()
    assert topic.portions == [[0, 1], [2, 3], [4]]
    assert topic.tally.redriven == {("not_json", "customer.orders"): 5}


async def test_a_portion_ends_before_it_is_too_large_to_hold():
    large = PORTION_BYTES // 3
    topic = Letters(letters(*range(5), value=bytes(large)))
    await topic.redrive(size=100)
    assert topic.portions == [[0, 1], [2, 3], [4]]


async def test_no_letters_are_no_portion():
    topic = Letters([])
    await topic.redrive()
    assert topic.portions == []


async def test_a_limit_counts_what_goes_back():
    cut = letters(7, topic=Topic.SIGNUPS)
    topic = Letters([*cut, *letters(0, 1, 1, 2, 3)])
    await topic.redrive(limit=3)
    assert topic.portions == [[0, 1], [2]]
    await topic.redrive(limit=3)
    assert topic.sent == [0, 1, 2, 3]


async def test_what_stays_is_told_once_and_holds_nothing_up():
    gone = letters(7, topic=Topic.SIGNUPS)
    topic = Letters([*gone, *letters(0), *gone, *letters(1)])
    await topic.redrive()
    assert topic.left == [(7, Left.NO_TOPIC)]
    assert topic.tally.left == {Left.NO_TOPIC: 1}
    assert topic.sent == [0, 1]


@pytest.mark.parametrize("fails_at", range(3))
async def test_an_interrupted_redrive_is_gone_on_with_and_nothing_is_doubled(fails_at):
    topic = Letters(letters(*range(5), 0, 3), fails_at)
    with pytest.raises(UnavailableError):
        await topic.redrive()
    assert topic.tally.redriven.total() == len(topic.sent)
    await topic.redrive()
    assert topic.sent == [0, 1, 2, 3, 4]
    await topic.redrive()
    assert topic.sent == [0, 1, 2, 3, 4]


def test_the_transactional_id_is_no_workers():
    told = transactional_id("default", "customer")
    assert told.startswith("icustomer.default.")
    assert not told.removeprefix("icustomer.default.").isdigit()
    assert dead_letters_redrive.TRANSACTION_TIMEOUT_MS < 60_000
