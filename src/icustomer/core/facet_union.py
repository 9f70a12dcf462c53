"""Two facets of which rules say that they are one claim: all that both were told, once.

Every step is a maximum, a minimum or a union, as it is for single observations, so it does not
matter which facet comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from icustomer.core.facets import CELLS_KEPT, SOURCES_KEPT
from icustomer.core.folding import NUMBER_BYTES, NUMBERS_KEPT, Keep, Totals, fold_oldest, was_folded
from icustomer.core.model import Cell, Facet, Folded, Identifier, Record
from icustomer.core.records import beats
from icustomer.core.records import together as records_together
from icustomer.core.tallies import HASH_BYTES, TALLY, with_tally
from icustomer.core.times import microseconds


def together(one: Facet, other: Facet) -> Facet:
    """Both as one facet; they must have the same key, and so the same identifiers, name and
    birth date."""
    latest, former = (one, other) if one.stamp >= other.stamp else (other, one)
    founder = min(one, other, key=lambda facet: (facet.founded_at, facet.founded_by))
    orders, folded_orders = _records(
        (one.orders, one.folded_orders), (other.orders, other.folded_orders), Keep.ORDERS
    )
    tickets, folded_tickets = _records(
        (one.tickets, one.folded_tickets), (other.tickets, other.folded_tickets), Keep.TICKETS
    )
    return replace(
        latest,
        identifiers=tuple(map(_identifier, latest.identifiers, former.identifiers)),
        first_seen=min(one.first_seen, other.first_seen),
        founded_at=founder.founded_at,
        founded_by=founder.founded_by,
        applied=_furthest(one.applied, other.applied),
        sources=tuple(sorted({*one.sources, *other.sources})[:SOURCES_KEPT]),
        known=one.known or other.known,
        cells=_cells(one.cells, other.cells),
        orders=orders,
        tickets=tickets,
        folded_orders=folded_orders,
        folded_tickets=folded_tickets,
        minted=max(one.minted, other.minted),
    )


def _identifier(latest: Identifier, former: Identifier) -> Identifier:
    return replace(latest, verified=latest.verified or former.verified)


def _furthest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """How far each input partition was applied. Both were published with one and the same
    position of the input, so nothing below the greater offset is missing in either."""
    return {
        partition: max(one.get(partition, -1), other.get(partition, -1))
        for partition in (*one, *(each for each in other if each not in one))
    }


def _cells(one: Mapping[str, list[Cell]], other: Mapping[str, list[Cell]]) -> dict[str, list[Cell]]:
    return {
        attribute: _tally(one.get(attribute, []), other.get(attribute, []))
        if attribute == TALLY
        else _latest((*one.get(attribute, ()), *other.get(attribute, ())))
        for attribute in {**one, **other}
    }


def _latest(cells: Iterable[Cell]) -> list[Cell]:
    """The latest cell of each source, latest first."""
    by_source: dict[str, Cell] = {}
    for cell in cells:
        known = by_source.get(cell.source)
        if known is None or beats(cell, known):
            by_source[cell.source] = cell
    ranked = sorted(by_source.values(), key=lambda cell: (*cell.stamp, cell.source), reverse=True)
    return ranked[:CELLS_KEPT]


def _tally(one: list[Cell], other: list[Cell]) -> list[Cell]:
    counted = one
    for cell in other:
        hashes: bytes = cell.value
        for start in range(0, len(hashes), HASH_BYTES):
            counted = with_tally(counted, hashes[start : start + HASH_BYTES])
    return counted


Told = tuple[dict[str, Record], Folded | None]
"""Records that are kept in detail, and the figures of the others."""


def _records(one: Told, other: Told, keep: Keep) -> Told:
    """The records of both. What one of them folded and the other holds was counted already."""
    folded = _folded(one[1], other[1])
    found: dict[str, Record] = {}
    for records, figures in ((one[0], other[1]), (other[0], one[1])):
        for number, record in records.items():
            if not was_folded(figures, number, microseconds(record.last_at)):
                known = found.get(number)
                found[number] = record if known is None else records_together(known, record)
    return fold_oldest(found, folded, keep)


def _folded(one: Folded | None, other: Folded | None) -> Folded | None:
    if one is None or other is None:
        return one or other
    totals = Totals(one.totals)
    totals.add_all(other.totals)
    statuses = (*one.by_status, *(each for each in other.by_status if each not in one.by_status))
    return Folded(
        one.count + other.count,
        {each: one.by_status.get(each, 0) + other.by_status.get(each, 0) for each in statuses},
        totals.told(),
        min(one.first_at, other.first_at),
        max(one.last_at, other.last_at),
        (one.numbers + other.numbers)[-NUMBERS_KEPT * NUMBER_BYTES :],
    )
