"""How dead letters are shown: rows of a table, items of a JSON array, counts."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.table import Table
from rich.text import Text

from icustomer.commands.output import table
from icustomer.stream.dead_letters import Letter

Counts = Counter[tuple[str, str]]
"""Letters by reason and full name of the topic."""


class Array:
    """A JSON array on standard output, written item by item: it may be longer than memory."""

    def __init__(self) -> None:
        self._before = "["

    def add(self, item: Mapping[str, Any]) -> None:
        sys.stdout.write(self._before + json.dumps(item, ensure_ascii=False))
        self._before = ",\n "

    def end(self) -> None:
        sys.stdout.write("[]\n" if self._before == "[" else "]\n")


def item(letter: Letter) -> dict[str, Any]:
    """A letter as programs get it. No value, no key: they are personal data."""
    return {
        "reason": letter.reason,
        "topic": letter.place.topic,
        "partition": letter.place.partition,
        "offset": letter.place.offset,
        "failed_at": letter.failed_at,
        "detail": letter.detail,
    }


def counts_table(counts: Counts) -> Table:
    """The most first; the total above."""
    rows = table("reason", "topic", "letters")
    rows.columns[-1].justify = "right"
    rows.add_row("total", "", f"{counts.total():,}", style="bold")
    for (reason, topic), number in counts.most_common():
        rows.add_row(Text(reason), Text(topic), f"{number:,}")
    return rows


def counts_items(counts: Counts) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {"reason": reason, "topic": topic, "letters": number}
        for (reason, topic), number in counts.most_common()
    ]


def letters_table(items: Iterable[Mapping[str, Any]]) -> Table:
    """A row a letter, with the columns that its items have."""
    found = list(items)
    rows = table(*(name.replace("_", " ") for name in found[0]))
    for each in found:
        rows.add_row(*(_cell(name, value) for name, value in each.items()))
    return rows


def _cell(name: str, value: Any) -> Text:
    """All topics have the same prefix: the short name says enough where room is scarce."""
    text = "" if value is None else str(value)
    return Text(text.rpartition(".")[2] if name == "topic" else text)


@contextmanager
def pipe_may_close() -> Iterator[None]:
    """Who reads the output (`head`) may leave first: that is an end like another."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python writes what is left at its exit, and would tell that it cannot.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
