"""What a profile shows of a customer's orders and tickets: figures, and the newest in detail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from icustomer.core.folding import Totals
from icustomer.core.model import Facet, Folded, Record
from icustomer.core.records import ORDER_FIELDS, STATUS, TICKET_FIELDS, together
from icustomer.core.shown import (
    ShownMoney,
    ShownOrder,
    ShownOrders,
    ShownPayment,
    ShownShipping,
    ShownSupport,
    ShownTicket,
)
from icustomer.core.times import moment

RECENT = 10
"""Orders and tickets that a profile shows in detail."""
OPEN = ("opened", "pending", "reopened")
"""Ticket states that count as open."""
ORDER_PLACES, TICKET_PLACES = len(ORDER_FIELDS), len(TICKET_FIELDS)


def shown_orders(facets: Sequence[Facet]) -> ShownOrders:
    """All orders that the facets tell of, each once."""
    records = _each_once([facet.orders for facet in facets])
    folded = [facet.folded_orders for facet in facets if facet.folded_orders]
    totals = Totals()
    totals.add_orders(records.values())
    for each in folded:
        totals.add_all(each.totals)
    figures = _figures(records, folded)
    return ShownOrders(
        figures.count,
        figures.by_status,
        figures.first_at,
        figures.last_at,
        not folded,
        totals.told(),
        [_order(*each) for each in figures.newest],
    )


def shown_support(facets: Sequence[Facet]) -> ShownSupport:
    """All tickets, likewise."""
    records = _each_once([facet.tickets for facet in facets])
    folded = [facet.folded_tickets for facet in facets if facet.folded_tickets]
    figures = _figures(records, folded)
    return ShownSupport(
        figures.count,
        sum([figures.by_status.get(status, 0) for status in OPEN]),
        figures.last_at,
        not folded,
        [_ticket(*each) for each in figures.newest],
    )


def _each_once(tellings: Sequence[dict[str, Record]]) -> dict[str, Record]:
    """Each order or ticket once, whichever facets tell of it."""
    tellings = [each for each in tellings if each]
    if len(tellings) == 1:
        return tellings[0]
    found: dict[str, Record] = {}
    for records in tellings:
        for number, record in records.items():
            known = found.get(number)
            found[number] = together(known, record) if known else record
    return found


class _Figures(Struct, gc=False):
    """Of the records kept in detail together with those that are not."""

    count: int
    by_status: dict[str, int]
    """Sorted."""
    first_at: datetime | None
    last_at: datetime | None
    newest: list[tuple[datetime, str, Record]]
    """When each was first told of, its number and itself; newest first."""


def _figures(records: dict[str, Record], folded: Sequence[Folded]) -> _Figures:
    counts: dict[str, int] = {}
    ordered: list[tuple[datetime, str, Record]] = []
    last: list[datetime] = []
    for number, record in records.items():
        status = record.fields[STATUS]
        counts[status] = counts.get(status, 0) + 1
        ordered.append((record.first_at, number, record))
        last.append(record.last_at if record.lasted else record.first_at)
    ordered.sort(reverse=True)
    first = [ordered[-1][0]] if ordered else []
    count = len(records)
    for each in folded:
        count += each.count
        first.append(moment(each.first_at))
        last.append(moment(each.last_at))
        for status, number_folded in each.by_status.items():
            counts[status] = counts.get(status, 0) + number_folded
    return _Figures(
        count,
        dict(sorted(counts.items())) if len(counts) > 1 else counts,
        min(first, default=None),
        max(last, default=None),
        ordered[:RECENT],
    )


def _order(placed_at: datetime, number: str, order: Record) -> ShownOrder:
    status, total, _, shipping, payment = order.values(ORDER_PLACES)
    return ShownOrder(
        number,
        status,
        placed_at,
        order.last_at if order.lasted else placed_at,
        None if total is None else ShownMoney(*total),
        None if shipping is None else ShownShipping(*shipping),
        None if payment is None else ShownPayment(*payment),
    )


def _ticket(opened_at: datetime, number: str, ticket: Record) -> ShownTicket:
    status, channel, direction, subject, satisfaction = ticket.values(TICKET_PLACES)
    return ShownTicket(
        number,
        status,
        channel,
        direction,
        subject,
        satisfaction,
        opened_at,
        ticket.last_at if ticket.lasted else opened_at,
    )
