"""Two facets as one: of a claim that lost an identifier, or whose values new rules read alike.

Maxima, minima and unions, as everything of facets is: it comes to what one facet would hold that
had been told everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from icustomer.core.facets import SOURCES_KEPT, merged_identifiers, with_cell, written
from icustomer.core.folding import NUMBER_BYTES, NUMBERS_KEPT, Keep, Totals, fold_oldest, was_folded
from icustomer.core.guests import is_husk
from icustomer.core.model import Cell, Facet, Folded, Record
from icustomer.core.records import together
from icustomer.core.tallies import HASH_BYTES, TALLY, with_tally
from icustomer.core.times import microseconds

T = TypeVar("T")


def united(one: Facet, other: Facet) -> Facet:
    """Both as one; they have the same key, identifiers, name and birth date, unless one is a husk
    of the claim."""
    if is_husk(one) or is_husk(other):
        return _with_husk(*sorted((one, other), key=is_husk))
    earlier, later = sorted((one, other), key=lambda each: (each.stamp, written(each)))
    founder = min(one, other, key=lambda each: (each.founded_at, each.founded_by))
    orders, folded_orders = _records(
        (one.orders, one.folded_orders), (other.orders, other.folded_orders), Keep.ORDERS
    )
    tickets, folded_tickets = _records(
        (one.tickets, one.folded_tickets), (other.tickets, other.folded_tickets), Keep.TICKETS
    )
    return replace(
        later,
        identifiers=merged_identifiers(earlier.identifiers, later.identifiers, latest=True),
        first_seen=min(one.first_seen, other.first_seen),
        founded_at=founder.founded_at,
        founded_by=founder.founded_by,
        applied=_both(one.applied, other.applied, max),
        sources=tuple(sorted({*one.sources, *other.sources})[:SOURCES_KEPT]),
        known=one.known or other.known,
        cells=_cells(one.cells, other.cells),
        orders=orders,
        tickets=tickets,
        folded_orders=folded_orders,
        folded_tickets=folded_tickets,
        minted=max(one.minted, other.minted),
        expired_at=max(one.expired_at, other.expired_at),
    )


def _with_husk(facet: Facet, husk: Facet) -> Facet:
    """What a husk remembers outlasts it."""
    return replace(
        facet,
        minted=max(facet.minted, husk.minted),
        expired_at=max(facet.expired_at, husk.expired_at),
    )


Told = tuple[dict[str, Record], Folded | None]
"""Records that are kept in detail, and the figures of the others."""


def _records(one: Told, other: Told, keep: Keep) -> Told:
    """The records of both. What one of them folded and the other holds was counted already."""
    left = _not_folded(one[0], other[1]), _not_folded(other[0], one[1])
    return fold_oldest(_both(*left, together), _folded(one[1], other[1]), keep)


def _not_folded(records: dict[str, Record], figures: Folded | None) -> dict[str, Record]:
    return {
        number: record
        for number, record in records.items()
        if not was_folded(figures, number, microseconds(record.last_at))
    }


def _both(one: dict[str, T], other: dict[str, T], join: Callable[[T, T], T]) -> dict[str, T]:
    joined = {name: join(one[name], other[name]) for name in one.keys() & other.keys()}
    return {**one, **other, **joined}


def _cells(one: dict[str, list[Cell]], other: dict[str, list[Cell]]) -> dict[str, list[Cell]]:
    joined = dict(one)
    for attribute, cells in other.items():
        known = joined.get(attribute, [])
        joined[attribute] = _tallied(known, cells) if attribute == TALLY else _latest(known, cells)
    return joined


def _latest(known: list[Cell], cells: list[Cell]) -> list[Cell]:
    for cell in cells:
        known = with_cell(known, cell) or known
    return known


def _tallied(known: list[Cell], cells: list[Cell]) -> list[Cell]:
    hashes: bytes = cells[0].value
    for start in range(0, len(hashes), HASH_BYTES):
        known = with_tally(known, hashes[start : start + HASH_BYTES])
    return known


def _folded(one: Folded | None, other: Folded | None) -> Folded | None:
    """The figures of both. What was folded in both counts twice: they are no longer exact."""
    if one is None or other is None:
        return one or other
    totals = Totals(one.totals)
    totals.add_all(other.totals)
    numbers = one.numbers + other.numbers
    return Folded(
        one.count + other.count,
        {
            status: one.by_status.get(status, 0) + other.by_status.get(status, 0)
            for status in sorted(one.by_status.keys() | other.by_status.keys())
        },
        totals.told(),
        min(one.first_at, other.first_at),
        max(one.last_at, other.last_at),
        numbers[-NUMBERS_KEPT * NUMBER_BYTES :],
    )
