"""All orders and tickets of a customer, as an export tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from icustomer.contracts.customer_export import Earlier, FoldedRecords, KeptOrder, KeptTicket
from icustomer.core.model import Facet, Folded, Record
from icustomer.core.records import (
    ITEM_FIELDS,
    MONEY_FIELDS,
    ORDER_FIELDS,
    PAYMENT_FIELDS,
    SHIPPING_FIELDS,
    TICKET_FIELDS,
    together,
)
from icustomer.core.times import microseconds, rfc3339
from icustomer.explanation.subject import Claims

Json = dict[str, Any]
Records = Mapping[str, Record]


def kept_orders(facets: Sequence[Facet], claims: Claims) -> Iterator[KeptOrder]:
    """Each order once, the newest first."""
    for number, record, tellers in _newest_first(facets, lambda facet: facet.orders):
        told = _told(record, ORDER_FIELDS) | _common(record, tellers, claims, ORDER_FIELDS)
        placed = rfc3339(microseconds(record.first_at))
        yield KeptOrder.model_validate({"order_id": number, "placed_at": placed, **told})


def kept_tickets(facets: Sequence[Facet], claims: Claims) -> Iterator[KeptTicket]:
    """Each ticket once, the newest first."""
    for number, record, tellers in _newest_first(facets, lambda facet: facet.tickets):
        told = dict(zip(TICKET_FIELDS, record.values(len(TICKET_FIELDS)), strict=True))
        told |= _common(record, tellers, claims, TICKET_FIELDS)
        opened = rfc3339(microseconds(record.first_at))
        yield KeptTicket.model_validate({"ticket_id": number, "opened_at": opened, **told})


def folded_records(
    facets: Sequence[Facet], of: Callable[[Facet], Folded | None], claims: Claims
) -> Iterator[FoldedRecords]:
    """The figures of what is no longer known one by one, by claim."""
    for facet in facets:
        folded = of(facet)
        if folded is not None:
            yield FoldedRecords(
                claim=claims.number(facet.key),
                count=folded.count,
                by_status=dict(sorted(folded.by_status.items())),
                totals=dict(sorted(folded.totals.items())),
                first_at=rfc3339(folded.first_at),
                last_at=rfc3339(folded.last_at),
            )


def _newest_first(
    facets: Sequence[Facet], of: Callable[[Facet], Records]
) -> list[tuple[str, Record, list[Facet]]]:
    """(number, record, facets that tell of it) of each order or ticket."""
    found: dict[str, tuple[Record, list[Facet]]] = {}
    for facet in facets:
        for number, record in of(facet).items():
            if number in found:
                known, tellers = found[number]
                found[number] = together(known, record), [*tellers, facet]
            else:
                found[number] = record, [facet]
    ordered = sorted(found, key=lambda number: (found[number][0].first_at, number), reverse=True)
    return [(number, *found[number]) for number in ordered]


def _common(record: Record, tellers: Sequence[Facet], claims: Claims, names: Sequence[str]) -> Json:
    return {
        "event_id": record.event_id,
        "updated_at": rfc3339(microseconds(record.last_at)),
        "claims": sorted(claims.number(facet.key) for facet in tellers),
        "earlier": [
            Earlier(field=names[place], at=rfc3339(cell.at), event_id=cell.event_id)
            for place, cell in sorted(record.older.items())
        ],
    }


def _told(record: Record, names: Sequence[str]) -> Json:
    """The fields of an order, put back into the form of messages."""
    fields = dict(zip(names, record.values(len(names)), strict=True))
    return {
        **fields,
        "total": _object(fields["total"], MONEY_FIELDS),
        "items": None if fields["items"] is None else _items(fields["items"]),
        "shipping": _object(fields["shipping"], SHIPPING_FIELDS),
        "payment": _object(fields["payment"], PAYMENT_FIELDS),
    }


def _object(values: Sequence[Any] | None, names: Sequence[str]) -> Json | None:
    """Fields by place as an object; what was cut at the end says nothing."""
    return None if values is None else dict(zip(names, values, strict=False))


def _items(packed: bytes) -> list[Json]:
    return [_item(values) for values in msgspec.msgpack.decode(packed)]


def _item(values: Sequence[Any]) -> Json:
    item = dict(zip(ITEM_FIELDS, values, strict=False))
    if isinstance(item.get("price"), list):
        item["price"] = _object(item["price"], MONEY_FIELDS)
    return item
