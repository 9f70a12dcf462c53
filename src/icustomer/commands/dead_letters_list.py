"""`icustomer dead-letters list`: which records were refused, and why; never what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from heapq import heappush, heappushpop
from typing import Any, Protocol

from icustomer.commands.dead_letters_filters import Filters, utc_now, wanted
from icustomer.commands.dead_letters_output import (
    Array,
    Counts,
    counts_items,
    counts_table,
    item,
    letters_table,
    pipe_may_close,
)
from icustomer.commands.output import people_console, print_json, tell
from icustomer.kafka_access import connection
from icustomer.settings import Settings
from icustomer.stream.dead_letters import Letter
from icustomer.stream.dead_letters_choice import Choice, Wanted
from icustomer.stream.dead_letters_reader import LetterReader, open_letters
from icustomer.stream.dead_letters_topics import letters_topic

ROWS = 50
"""Of the table, if no limit is told: what one can look through. The counts tell of all."""

Item = Mapping[str, Any]


class Scope(StrEnum):
    """Which letters are listed."""

    WAITING = "waiting"
    """Those that were not redriven."""
    ALL = "all"
    """Those too, with the time when."""


class View(StrEnum):
    """What is printed."""

    TABLE = "table"
    JSON = "json"
    COUNTS = "counts"
    COUNTS_AS_JSON = "counts as JSON"

    @classmethod
    def of(cls, *, counts: bool, as_json: bool) -> View:
        """The view that the options ask for."""
        if counts:
            return cls.COUNTS_AS_JSON if as_json else cls.COUNTS
        return cls.JSON if as_json else cls.TABLE


class Listing(Protocol):
    """Takes the letters one by one, and prints what is wanted of them."""

    def add(self, failed: int, shown: Item) -> None:
        """`failed`: when it was refused, microseconds since the epoch."""
        ...

    def end(self, counts: Counts) -> None: ...


async def list_letters(
    settings: Settings, filters: Filters, scope: Scope, view: View, limit: int | None
) -> None:
    """Print the letters that the filters admit, each once; of more than `limit` the newest."""
    selected = wanted(filters, settings.topic_prefix, utc_now())
    access = connection(settings)
    topic = await letters_topic(access, settings.topic_prefix)
    async with open_letters(access, topic) as reader:
        with pipe_may_close():
            await _list(reader, selected, scope, _listing(view, limit))
    if reader.strange:
        tell(f"{reader.strange:,} records in {topic} are no dead letters of icustomer")


async def _list(reader: LetterReader, selected: Wanted, scope: Scope, listing: Listing) -> None:
    marks = await reader.marks()
    choice = Choice(selected, {} if scope is Scope.ALL else marks)
    counts: Counts = Counter()
    async for letter in reader.letters():
        if choice.passes(letter):
            counts[letter.reason, letter.place.topic] += 1
            listing.add(letter.failed, _item(letter, marks, scope))
    listing.end(counts)


def _item(letter: Letter, marks: Mapping[bytes, str], scope: Scope) -> Item:
    if scope is Scope.WAITING:
        return item(letter)
    return item(letter) | {"redriven_at": marks.get(letter.name())}


def _listing(view: View, limit: int | None) -> Listing:
    match view:
        case View.TABLE:
            return _Page(limit or ROWS)
        case View.JSON:
            return _EachAsJson() if limit is None else _NewestAsJson(limit)
        case View.COUNTS:
            return _CountsForPeople()
        case View.COUNTS_AS_JSON:
            return _CountsAsJson()


class _Newest:
    """The last letters to be refused, of those that came by."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._came = 0
        self._heap: list[tuple[int, int, Item]] = []

    def add(self, failed: int, shown: Item) -> None:
        self._came += 1
        entry = (failed, self._came, shown)
        if len(self._heap) < self._limit:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def items(self) -> list[Item]:
        """The oldest of them first."""
        return [shown for _, _, shown in sorted(self._heap, key=lambda entry: entry[:2])]


class _Page(_Newest):
    def end(self, counts: Counts) -> None:
        console, items = people_console(), self.items()
        if not items:
            console.print("no dead letters")
            return
        console.print(letters_table(items))
        if counts.total() > len(items):
            console.print(f"... the newest {len(items):,} of {counts.total():,}")
        console.print()
        console.print(counts_table(counts))


class _NewestAsJson(_Newest):
    def end(self, counts: Counts) -> None:  # noqa: ARG002 - programs count the items
        array = Array()
        for shown in self.items():
            array.add(shown)
        array.end()


class _EachAsJson:
    def __init__(self) -> None:
        self._array = Array()

    def add(self, failed: int, shown: Item) -> None:  # noqa: ARG002 - each as it comes
        self._array.add(shown)

    def end(self, counts: Counts) -> None:  # noqa: ARG002 - programs count the items
        self._array.end()


class _Counting:
    def add(self, failed: int, shown: Item) -> None:
        """The counts tell of it."""


class _CountsForPeople(_Counting):
    def end(self, counts: Counts) -> None:
        people_console().print(counts_table(counts))


class _CountsAsJson(_Counting):
    def end(self, counts: Counts) -> None:
        print_json(counts_items(counts))
