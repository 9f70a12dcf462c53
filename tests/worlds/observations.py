"""Valid observations from few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from icustomer.core.composites import derived
from icustomer.core.keys import Keyring
from icustomer.core.model import Identifier, RawName
from icustomer.core.names import normalise_name
from icustomer.core.observation import Observation, Origin, RecordUpdate
from icustomer.core.rules import Rules
from icustomer.core.tallies import hash_of

KEYRING = Keyring(bytes(range(32)))
SECOND = 1_000_000
"""Microseconds."""
DAWN = 1_767_225_600 * SECOND
"""2026-01-01T00:00:00Z: the worlds begin."""
NOWHERE = Origin(partition="", offset=-1, recorded_at=0)
"""Not delivered yet; the log gives each delivery its place."""
NAMELESS = RawName()

Claimed = tuple[str, str] | tuple[str, str, bool]
"""Kind, value and whether it is verified."""


def observation(
    event_id: str,
    claimed: Iterable[Claimed],
    *,
    at: int = 0,
    name: RawName = NAMELESS,
    birth_date: str | None = None,
    topic: str = "signups",
    source: str = "shop",
    known: bool = True,
    cells: Mapping[str, Any] | None = None,
    order: RecordUpdate | None = None,
    ticket: RecordUpdate | None = None,
) -> Observation:
    """An observation `at` seconds after dawn; verified counts if any mention has it."""
    verified: dict[tuple[str, str], bool] = {}
    for kind, value, *flag in claimed:
        verified[kind, value] = verified.get((kind, value), False) or any(flag)
    identifiers = tuple(
        Identifier(kind=kind, value=value, raw=value, verified=flag)
        for (kind, value), flag in sorted(verified.items())
    )
    normal = normalise_name(name)
    return Observation(
        topic=topic,
        event_id=event_id,
        source=source,
        occurred_at=DAWN + at * SECOND,
        origin=NOWHERE,
        identifiers=identifiers,
        digests=tuple(KEYRING.identifier(one.kind, one.value) for one in identifiers),
        name=normal,
        raw_name=name,
        birth_date=birth_date,
        facet_key=KEYRING.facet(identifiers, normal, birth_date),
        known=known,
        cells=dict(cells or {}),
        order=order,
        ticket=ticket,
    )


def under(rules: Rules, told: Observation) -> Observation:
    """The observation as a worker makes it under some rules."""
    made = tuple(digest for _, digest in derived(told, rules, KEYRING))
    tally = hash_of(told.event_id) if rules.counts_events else b""
    return replace(told, digests=told.digests[: len(told.identifiers)] + made, tally=tally)


def order(number: str, status: str, amount: str | None = None) -> RecordUpdate:
    fields: dict[str, Any] = {"status": status}
    if amount is not None:
        fields["total"] = {"amount": amount, "currency": "EUR"}
    return RecordUpdate(number=number, fields=fields)


def ticket(number: str, status: str) -> RecordUpdate:
    return RecordUpdate(number=number, fields={"status": status, "channel": "email"})
