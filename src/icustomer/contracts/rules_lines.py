"""In which line of a TOML text each key is set.

The parser tells lines of syntax errors only. But a text that is cut after a whole statement is
TOML too: a key stands in the statement with which it first appears.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
"""Keys from the outermost table inwards; numbers count entries of an array."""


def lines_of(text: str) -> dict[Path, int]:
    """Line, counted from 1, of every key of a valid text. Takes time by the square of its
    lines: it is asked only when there is a mistake to be told."""
    lines = text.splitlines(keepends=True)
    found: dict[Path, int] = {}
    begins = 0
    for number in range(1, len(lines) + 1):
        try:
            document = tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        line = _first_statement(lines, begins, number)
        for path in _paths(document, ()):
            found.setdefault(path, line)
        begins = number
    return found


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """The line of a key, or of the innermost table around it that is written down; else 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _first_statement(lines: list[str], begins: int, end: int) -> int:
    """The first of the lines that is neither blank nor a comment."""
    for number in range(begins, end):
        text = lines[number].strip()
        if text and not text.startswith("#"):
            return number + 1
    return end


def _paths(value: Any, path: Path) -> Iterator[Path]:
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, inner in entries:
        yield (*path, key)
        yield from _paths(inner, (*path, key))
