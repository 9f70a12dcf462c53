"""Two facets as one: where a claim lost an identifier, another may have been the same without it.

Maxima, minima and unions, as everything of facets is: it comes to what one facet would hold that
had been told everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from icustomer.core.facets import SOURCES_KEPT, merged_identifiers, with_cell, written
from icustomer.core.folding import NUMBER_BYTES, NUMBERS_KEPT, Keep, Totals, fold_oldest
from icustomer.core.model import Cell, Facet, Folded
from icustomer.core.records import together
from icustomer.core.tallies import HASH_BYTES, TALLY, with_tally

T = TypeVar("T")


def united(one: Facet, other: Facet) -> Facet:
    """Both as one; they have the same key, identifiers, name and birth date."""
    earlier, later = sorted((one, other), key=lambda each: (each.stamp, written(each)))
    founder = min(one, other, key=lambda each: (each.founded_at, each.founded_by))
    orders, folded_orders = fold_oldest(
        _both(one.orders, other.orders, together),
        _folded(one.folded_orders, other.folded_orders),
        Keep.ORDERS,
    )
    tickets, folded_tickets = fold_oldest(
        _both(one.tickets, other.tickets, together),
        _folded(one.folded_tickets, other.folded_tickets),
        Keep.TICKETS,
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
    )


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
