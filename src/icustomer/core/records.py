"""Orders and tickets as they are kept: fields by their place, each as last told.

What is kept by place needs no names, which are most of what an order would take. A new field
gets the next place.
"""

from __future__ import annotations

from typing import Any

import msgspec

from icustomer.core.model import Cell, Record
from icustomer.core.observation import RecordUpdate
from icustomer.core.times import MICROSECOND, microseconds, moment

STATUS = 0
TOTAL, ITEMS, SHIPPING, PAYMENT = 1, 2, 3, 4
CHANNEL, DIRECTION, SUBJECT, SATISFACTION = 1, 2, 3, 4

ORDER_FIELDS = ("status", "total", "items", "shipping", "payment")
TICKET_FIELDS = ("status", "channel", "direction", "subject", "satisfaction")
MONEY_FIELDS = ("amount", "currency")
ITEM_FIELDS = ("sku", "name", "quantity", "price")
SHIPPING_FIELDS = ("carrier", "tracking_number", "tracking_url")
PAYMENT_FIELDS = ("brand", "last4")
"""Names in the order of their places."""

_pack = msgspec.msgpack.Encoder().encode
"""Items are kept packed: they are many, and nothing looks at them but who asks for the order."""


def order_told(update: RecordUpdate, at: int, event_id: str) -> Record:
    """What one event says of an order."""
    get = update.fields.get
    items = get("items")
    fields = [
        get("status"),
        _kept(get("total"), MONEY_FIELDS),
        None if items is None else _pack([_item(each) for each in items]),
        _kept(get("shipping"), SHIPPING_FIELDS),
        _kept(get("payment"), PAYMENT_FIELDS),
    ]
    return Record(event_id, moment(at), 0, _cut(fields))


def ticket_told(update: RecordUpdate, at: int, event_id: str) -> Record:
    """What one event says of a ticket."""
    get = update.fields.get
    return Record(event_id, moment(at), 0, _cut([get(name) for name in TICKET_FIELDS]))


def _kept(value: dict[str, Any] | None, names: tuple[str, ...]) -> list[Any] | None:
    return None if value is None else _cut([value.get(name) for name in names])


def _item(item: dict[str, Any]) -> list[Any]:
    kept = [item.get(name) for name in ITEM_FIELDS]
    if isinstance(kept[-1], dict):
        kept[-1] = _kept(kept[-1], MONEY_FIELDS)
    return _cut(kept)


def _cut(fields: list[Any]) -> list[Any]:
    """Without what says nothing at the end."""
    while fields and fields[-1] is None:
        fields.pop()
    return fields


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
    ours, theirs = (one.last_at, one.event_id), (other.last_at, other.event_id)
    if ours == theirs:
        return _of_one_event(one, other)
    if ours < theirs:
        one, other = other, one
    older = one.older
    for place, cell in _cells(other).items():
        stated = place < len(one.fields) and one.fields[place] is not None
        if not stated and (place not in older or beats(cell, older[place])):
            older = {**older, place: cell}
    if older is one.older and one.first_at <= other.first_at:
        return one
    return _since(one, other, one.fields, older)


def _of_one_event(one: Record, other: Record) -> Record:
    """The latest event was sent twice, perhaps with a difference."""
    length = max(len(one.fields), len(other.fields))
    fields: list[Any] = [None] * length
    for record in (one, other):
        for place, value in enumerate(record.fields):
            if value is not None and (fields[place] is None or _greater(value, fields[place])):
                fields[place] = value
    older: dict[int, Cell] = {}
    for record in (one, other):
        for place, cell in record.older.items():
            stated = place < length and fields[place] is not None
            if not stated and (place not in older or beats(cell, older[place])):
                older[place] = cell
    return _since(one, other, fields, older)


def _since(one: Record, other: Record, fields: list[Any], older: dict[int, Cell]) -> Record:
    """The later record, from the earlier beginning of the two."""
    first_at = min(one.first_at, other.first_at)
    lasted = (one.last_at - first_at) // MICROSECOND
    return Record(one.event_id, first_at, lasted, fields, older)


def _cells(record: Record) -> dict[int, Cell]:
    """Every field with its stamp."""
    at, event_id = microseconds(record.last_at), record.event_id
    latest = {
        place: Cell(value, at, event_id)
        for place, value in enumerate(record.fields)
        if value is not None
    }
    return {**record.older, **latest}
