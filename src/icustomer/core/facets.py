"""How one observation changes one facet: cells, orders and tickets, last writer wins.

Every step is a maximum, a minimum or a union, so that the order of arrival, repetition and
batching leave no trace. Facets are values: applying an observation gives a new one.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from icustomer.core.folding import RECORDS_KEPT, Keep, fold_oldest, was_folded
from icustomer.core.model import Cell, Facet, Folded, Identifier, Record
from icustomer.core.observation import Observation
from icustomer.core.records import beats, order_told, ticket_told, together
from icustomer.core.tallies import TALLY, with_tally

SOURCES_KEPT = 32
"""Names of sources that a facet remembers; the smallest ones, so that order does not matter."""
CELLS_KEPT = 4
"""Sources whose latest value of an attribute is kept."""

_PROFILE_FIELDS = {
    "locale": "locale",
    "address": "addresses",
    "preference": "preferences",
    "consent": "consents",
    "loyalty": "loyalty",
}
_IDENTIFIER_FIELDS = {"email": "emails", "phone": "phones", "account": "accounts"}


class Applied(msgspec.Struct, frozen=True):
    """What an observation did to its facet."""

    facet: Facet
    fields: frozenset[str]
    """Profile fields that it touched; empty: nothing new."""
    too_old: bool = False
    """It told of an order or ticket that is no longer kept in detail."""


def founded(observation: Observation, key: bytes, erased_at: int = 0) -> Facet:
    """The facet that an observation founds, before anything else of it is applied."""
    return Facet(
        key=key,
        identifiers=observation.identifiers,
        name=observation.name,
        raw_name=observation.raw_name,
        birth_date=observation.birth_date,
        first_seen=observation.occurred_at,
        last_seen=observation.occurred_at,
        last_event_id=observation.event_id,
        founded_at=observation.origin.recorded_at,
        founded_by=(observation.source, observation.event_id),
        applied={},
        erased_at=erased_at,
    )


def already_applied(facet: Facet | None, observation: Observation) -> bool:
    """Records of one partition come in order: one not above the mark was applied before."""
    if facet is None:
        return False
    origin = observation.origin
    return origin.offset <= facet.applied.get(origin.partition, -1)


def apply(facet: Facet | None, observation: Observation, key: bytes, erased_at: int = 0) -> Applied:
    """The facet with the observation in it; `key` and `erased_at` are those of the facet.

    Without anything new the facet comes back as it was, its applied mark too: applying the
    same record again would find nothing new again.
    """
    base = facet or founded(observation, key, erased_at)
    fields = set() if facet else _founding_fields(observation)
    changes: dict[str, Any] = {}
    _see(base, observation, changes, fields)
    _set_cells(base, observation, changes, fields)
    if observation.tally:
        _count(base, observation, changes, fields)
    too_old = False
    if observation.order is not None:
        told = order_told(observation.order, observation.occurred_at, observation.event_id)
        too_old = _tell(
            base, "orders", observation.order.number, told, observation.occurred_at, changes
        )
    elif observation.ticket is not None:
        told = ticket_told(observation.ticket, observation.occurred_at, observation.event_id)
        too_old = _tell(
            base, "tickets", observation.ticket.number, told, observation.occurred_at, changes
        )
    fields |= {"orders"} if "orders" in changes else set()
    fields |= {"support"} if "tickets" in changes else set()
    if facet and not changes:
        return Applied(facet, frozenset(), too_old)
    origin = observation.origin
    applied = {**base.applied, origin.partition: origin.offset}
    return Applied(replace(base, applied=applied, **changes), frozenset(fields), too_old)


def _founding_fields(observation: Observation) -> set[str]:
    fields = {_IDENTIFIER_FIELDS.get(each.kind, "identifiers") for each in observation.identifiers}
    if observation.name.parts:
        fields.add("name")
    if observation.birth_date:
        fields.add("birth_date")
    return fields


def _see(facet: Facet, observation: Observation, changes: dict[str, Any], fields: set[str]) -> None:
    """First and last seen, sources, verified marks, and what was written last."""
    at = observation.occurred_at
    if at < facet.first_seen:
        changes["first_seen"] = at
        fields.add("first_seen")
    if observation.known and not facet.known:
        changes["known"] = True
        fields.add("status")
    if observation.source not in facet.sources:
        sources = tuple(sorted({*facet.sources, observation.source})[:SOURCES_KEPT])
        if sources != facet.sources:
            changes["sources"] = sources
            fields.update(_founding_fields(observation))
    latest = _writes_last(facet, observation)
    if latest and observation.event_id != facet.last_event_id:
        fields.add("last_seen")
    if latest:
        changes["last_seen"] = at
        changes["last_event_id"] = observation.event_id
        changes["raw_name"] = observation.raw_name
    identifiers = merged_identifiers(facet.identifiers, observation.identifiers, latest=latest)
    if identifiers != facet.identifiers:
        changes["identifiers"] = identifiers
        fields.update(_founding_fields(observation))


def _writes_last(facet: Facet, observation: Observation) -> bool:
    """Whether the observation is the latest; ties are broken by what was written."""
    stamp = (observation.occurred_at, observation.event_id)
    if stamp != facet.stamp:
        return stamp > facet.stamp
    return written(observation) > written(facet)


def written(what: Facet | Observation) -> tuple[str, ...]:
    """What was written, as it ranks where two stamps are the same."""
    name = what.raw_name
    texts = [name.given or "", name.family or "", name.full or ""]
    for identifier in what.identifiers:
        texts += (identifier.raw, identifier.extension)
    return tuple(texts)


def merged_identifiers(
    old: tuple[Identifier, ...], new: tuple[Identifier, ...], *, latest: bool
) -> tuple[Identifier, ...]:
    """The same identifiers twice, as one: written as the latest wrote them (`latest`: the new
    ones), verified if either is."""
    if old == new:
        return old
    return tuple(
        Identifier(
            before.kind,
            before.value,
            (after if latest else before).raw,
            before.verified or after.verified,
            (after if latest else before).extension,
        )
        for before, after in zip(old, new, strict=True)
    )


def _set_cells(
    facet: Facet, observation: Observation, changes: dict[str, Any], fields: set[str]
) -> None:
    cells = facet.cells
    for attribute, value in observation.cells.items():
        cell = Cell(value, observation.occurred_at, observation.event_id, observation.source)
        merged = with_cell(cells.get(attribute, []), cell)
        if merged is None:
            continue
        if cells is facet.cells:
            cells = dict(cells)
        cells[attribute] = merged
        fields.add(_PROFILE_FIELDS[attribute.partition(":")[0]])
    if cells is not facet.cells:
        changes["cells"] = cells


def _count(
    facet: Facet, observation: Observation, changes: dict[str, Any], fields: set[str]
) -> None:
    """Where the rules count events: one more, unless it was counted before."""
    cells = changes.get("cells", facet.cells)
    before = cells.get(TALLY, [])
    after = with_tally(before, observation.tally)
    if after != before:
        changes["cells"] = {**cells, TALLY: after}
        fields.add("name")


def with_cell(cells: list[Cell], new: Cell) -> list[Cell] | None:
    """The latest cell of each source, latest first; None if the new one changes nothing."""
    for cell in cells:
        if cell.source == new.source:
            if not beats(new, cell):
                return None
            break
    others = [cell for cell in cells if cell.source != new.source]
    merged = sorted([*others, new], key=lambda cell: (*cell.stamp, cell.source), reverse=True)
    merged = merged[:CELLS_KEPT]
    return merged if merged != cells else None


def _tell(
    facet: Facet, what: str, number: str, told: Record, at: int, changes: dict[str, Any]
) -> bool:
    """Apply what an event says of an order or ticket; True if that is too old to be known."""
    records: dict[str, Record] = getattr(facet, what)
    folded: Folded | None = getattr(facet, f"folded_{what}")
    known = records.get(number)
    if known is None and was_folded(folded, number, at):
        return True
    record = told if known is None else together(known, told)
    if record == known:
        return False
    changes[what] = {**records, number: record}
    if len(records) >= RECORDS_KEPT:
        keep = Keep.ORDERS if what == "orders" else Keep.TICKETS
        changes[what], changes[f"folded_{what}"] = fold_oldest(changes[what], folded, keep)
    return False


def differs(before: Facet, after: Facet) -> bool:
    """Whether clustering or status might come out otherwise: verified marks, age, known."""
    if before.first_seen != after.first_seen or before.known != after.known:
        return True
    if before.identifiers == after.identifiers:
        return False
    return [each.verified for each in before.identifiers] != [
        each.verified for each in after.identifiers
    ]
