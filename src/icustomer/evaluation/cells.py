"""CSV cells as the values of a message: dotted columns nested, texts typed as the model asks."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
    """(line number, event) of each row. Raises `OperatorError`, naming the line, for a row that
    does not fit the header; comma, semicolon or tabulator, whichever the header has."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        rows = csv.DictReader(file, delimiter=max(DELIMITERS, key=header.count), strict=True)
        for row in rows:
            if None in row or None in row.values():
                raise OperatorError(
                    f"{path}, line {rows.line_num}: not as many cells as the header has"
                )
            yield rows.line_num, nested(row)


def nested(row: Mapping[str, str]) -> dict[str, Any]:
    """The row as an event: `name.given` becomes `given` within `name`; empty cells are absent.

    A cell that cannot be typed as its field asks stays text, for the contract to refuse.
    """
    body: dict[str, Any] = {}
    for column, cell in row.items():
        if cell.strip():
            *parents, name = column.split(".")
            place = body
            for parent in parents:
                place = place.setdefault(parent, {})
            place[name] = _typed(column, cell)
    return body


def _typed(column: str, cell: str) -> Any:
    if column in BOOLEANS or column.startswith(BOOLEAN_OBJECT):
        return _boolean(cell)
    if column in INTEGERS or column in LISTS:
        return _json(cell)
    return cell


def _boolean(cell: str) -> bool | str:
    word = cell.strip().lower()
    return word in TRUE if word in TRUE | FALSE else cell


def _json(cell: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except msgspec.DecodeError:
        return cell
