"""Only what every look sees in the same words is a problem."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from icustomer.verification.looks import LOOKS, persisting
from icustomer.verification.problem import Concern, Kind, Law, Problem


def seen(name: bytes, detail: str) -> Problem:
    return Problem(Law.UNPUBLISHED, name.hex(), detail, Concern(Kind.GROUP, name))


class Space:
    """Answers each look by its number, and remembers where it looked."""

    def __init__(self, answer: Callable[[int], list[Problem]]) -> None:
        self.answer = answer
        self.asked: list[set[Concern]] = []
        self.pauses: list[float] = []

    async def look(self, concerns: Collection[Concern]) -> list[Problem]:
        self.asked.append(set(concerns))
        return [each for each in self.answer(len(self.asked)) if each.concern in concerns]

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def judge(self, suspicions: list[Problem]) -> list[Problem]:
        return asyncio.run(persisting(suspicions, self.look, 10, self.pause))


FIRST = [seen(b"a", "as first read")]


def test_what_stays_as_it_is_is_a_problem() -> None:
    space = Space(lambda _: [seen(b"a", "now")])
    assert space.judge(FIRST) == [seen(b"a", "now")]
    assert space.pauses == [10 / LOOKS] * LOOKS


def test_what_comes_right_is_none_and_is_looked_at_no_more() -> None:
    space = Space(lambda look: [seen(b"a", "now")] if look < 2 else [])
    assert space.judge(FIRST) == []
    assert len(space.asked) == 2


def test_what_moves_on_each_time_is_none() -> None:
    space = Space(lambda look: [seen(b"a", f"version {look}")])
    assert space.judge(FIRST) == []


def test_only_what_differed_is_looked_at_again() -> None:
    space = Space(lambda look: [seen(b"a", "now"), *([seen(b"b", "now")] if look < 2 else [])])
    assert space.judge([*FIRST, seen(b"b", "as first read")]) == [seen(b"a", "now")]
    assert [len(asked) for asked in space.asked] == [2, 2, 1, 1]


def test_without_suspicions_nobody_waits() -> None:
    space = Space(lambda _: [])
    assert space.judge([]) == []
    assert space.pauses == []
