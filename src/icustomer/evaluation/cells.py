"""CSV cells as the values of a message: dotted columns nested, texts typed as the model asks."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from icustomer.errors import OperatorError

DELIMITERS = ",;\t"

BOOLEANS = frozenset({"email_verified", "phone_verified", "guest"})
BOOLEAN_OBJECT = "consents."
"""Every column that begins so is a purpose and whether the person agrees."""
INTEGERS = frozenset({"satisfaction", "loyalty.points"})
LISTS = frozenset({"identifiers", "items"})
"""Written as JSON within the cell."""
TRUE, FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


def csv_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, event) of each row; comma, semicolon or tabulator, whichever the header has.

    Raises `OperatorError`, naming the line, for a row that does not fit the header, and for a
    header with two columns for one field.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        rows = csv.reader(file, delimiter=max(DELIMITERS, key=header.count), strict=True)
        titles = next(rows, [])
        _require_places(path, titles)
        columns = [_column(name) for name in titles]
        for row in rows:
            if len(row) == len(columns):
                yield rows.line_num, _nested(columns, row)
            elif row:
                raise OperatorError(
                    f"{path}, line {rows.line_num}: not as many cells as the header has"
                )


def _require_places(path: Path, titles: Sequence[str]) -> None:
    """Raises `OperatorError` unless every column has a field of its own."""
    for title in filter(None, titles):
        if titles.count(title) > 1:
            raise OperatorError(f"{path}, line 1: the column {title} stands there twice")
        if any(other.startswith(f"{title}.") for other in titles):
            raise OperatorError(
                f"{path}, line 1: the column {title} cannot hold both a text and the columns "
                f"{title}...: name it otherwise"
            )


class _Column(NamedTuple):
    """Where the cells of a column go, and as what."""

    parents: list[str]
    name: str
    typed: Callable[[str], Any] | None
    """None: the cell is a text."""


def _column(title: str) -> _Column:
    *parents, name = title.split(".")
    if title in BOOLEANS or title.startswith(BOOLEAN_OBJECT):
        return _Column(parents, name, _boolean)
    return _Column(parents, name, _json if title in INTEGERS or title in LISTS else None)


def _nested(columns: Sequence[_Column], row: Sequence[str]) -> dict[str, Any]:
    """The row as an event: `name.given` becomes `given` within `name`; empty cells are absent.

    A cell that cannot be typed as its field asks stays text, for the contract to refuse.
    """
    body: dict[str, Any] = {}
    for (parents, name, typed), cell in zip(columns, row, strict=True):
        if cell and not cell.isspace():
            place = body
            for parent in parents:
                place = place.setdefault(parent, {})
            place[name] = cell if typed is None else typed(cell)
    return body


def _boolean(cell: str) -> bool | str:
    word = cell.strip().lower()
    return word in TRUE if word in TRUE | FALSE else cell


def _json(cell: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except msgspec.DecodeError:
        return cell
