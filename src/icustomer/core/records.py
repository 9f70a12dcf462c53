"""Orders and tickets: what several events say of one, each field as last told."""

from __future__ import annotations

from typing import Any

import msgspec

from icustomer.core.model import Cell, Record


def beats(new: Cell, old: Cell) -> bool:
    """Last writer wins; equal stamps (one event sent twice with a difference) by value."""
    if new.stamp != old.stamp:
        return new.stamp > old.stamp
    return _greater(new.value, old.value)


def _greater(one: Any, other: Any) -> bool:
    return one != other and _order(one) > _order(other)


def _order(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def together(one: Record, other: Record) -> Record:
    """What two tellings of one order or ticket come to, whichever came first."""
    first_at = min(one.first_at, other.first_at)
    if (one.last_at, one.event_id) == (other.last_at, other.event_id):
        return _of_one_event(one, other, first_at)
    if (one.last_at, one.event_id) < (other.last_at, other.event_id):
        one, other = other, one
    older = one.older
    said = [
        (name, Cell(value, other.last_at, other.event_id)) for name, value in other.fields.items()
    ]
    for name, cell in (*said, *other.older.items()):
        if name not in one.fields and (name not in older or beats(cell, older[name])):
            older = {**older, name: cell}
    if older is one.older and first_at == one.first_at:
        return one
    return Record(first_at, one.last_at, one.event_id, one.fields, older)


def _of_one_event(one: Record, other: Record, first_at: int) -> Record:
    """The latest event was sent twice, perhaps with a difference."""
    fields = dict(one.fields)
    for name, value in other.fields.items():
        if name not in fields or _greater(value, fields[name]):
            fields[name] = value
    older = {name: cell for name, cell in one.older.items() if name not in fields}
    for name, cell in other.older.items():
        if name not in fields and (name not in older or beats(cell, older[name])):
            older[name] = cell
    return Record(first_at, one.last_at, one.event_id, fields, older)
