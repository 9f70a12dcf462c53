"""What is known of a customer: the fold over all of its observations at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from icustomer.core.observation import Observation, RecordUpdate
from oracle.carried import connects
from oracle.clustering import Cluster
from oracle.clusters import World
from oracle.surviving import birth_date_shown, cells_shown, name_shown, stamp

LEFT_OUT = ("cancelled", "refunded")
OPEN = ("opened", "pending", "reopened")

Figures = dict[str, Any]
Told = Sequence[Observation]
"""Observations, the latest last."""


def figures(world: World, customer: Cluster) -> Figures:
    """The attributes of one customer in a plain form, times in microseconds.

    `identifiers` maps (kind, value) to value as written, verified, first and last seen,
    sources and use; amounts are `Decimal`.
    """
    claims = [world.evidence.claims[key] for key in customer]
    told = sorted((o for c in claims for o in c.observations), key=stamp)
    return {
        "status": "active" if any(o.known for o in told) else "guest",
        "first_seen": min(o.occurred_at for o in told),
        "last_seen": max(o.occurred_at for o in told),
        "name": name_shown(claims, world.evidence.rules),
        "birth_date": birth_date_shown(claims, world.evidence.rules),
        "identifiers": dict(_identifiers(world, customer, told)),
        "cells": cells_shown(claims, world.evidence.rules),
        "orders": _orders(told),
        "support": _support(told),
    }


def _identifiers(
    world: World, customer: Cluster, told: Told
) -> Iterator[tuple[tuple[str, str], Figures]]:
    pairs = {
        (identifier.kind, identifier.value, digest)
        for o in told
        for identifier, digest in zip(o.identifiers, o.digests, strict=False)
    }
    for kind, value, digest in pairs:
        seen = [o for o in told if digest in o.digests]
        claims = [o.identifiers[o.digests.index(digest)] for o in seen]
        verified = any(claim.verified for claim in claims)
        yield (
            (kind, value),
            {
                "raw": claims[-1].raw,
                "extension": claims[-1].extension,
                "verified": verified,
                "first_seen": min(o.occurred_at for o in seen),
                "last_seen": max(o.occurred_at for o in seen),
                "sources": {o.source for o in seen},
                "use": _use(world, customer, digest),
            },
        )


def _use(world: World, customer: Cluster, digest: bytes) -> str:
    evidence = world.evidence
    if digest in world.shared:
        return "shared"
    if not connects(evidence.told(digest), evidence.rules):
        return "blocked"
    users = {claim.key for claim in evidence.carriers(digest) if digest in evidence.usables(claim)}
    if not users & customer:
        return "unverified"
    claimed = any(users & other for other in world.customers if other != customer)
    return "contested" if claimed else "match"


Updates = dict[str, list[tuple[int, RecordUpdate]]]


def _by_number(updates: Iterable[tuple[int, RecordUpdate | None]]) -> Updates:
    grouped: Updates = {}
    for at, update in updates:
        if update is not None:
            grouped.setdefault(update.number, []).append((at, update))
    return grouped


def _latest_fields(updates: Iterable[tuple[int, RecordUpdate]]) -> dict[str, Any]:
    return {field: value for _, update in updates for field, value in update.fields.items()}


def _orders(told: Told) -> Figures:
    by_number = _by_number((o.occurred_at, o.order) for o in told)
    orders = {number: _latest_fields(updates) for number, updates in by_number.items()}
    totals: dict[str, Decimal] = {}
    for fields in orders.values():
        total = fields.get("total")
        if total is not None and fields["status"] not in LEFT_OUT:
            currency = total["currency"]
            totals[currency] = totals.get(currency, Decimal(0)) + Decimal(total["amount"])
    return {
        "count": len(orders),
        "by_status": dict(Counter(fields["status"] for fields in orders.values())),
        "totals": totals,
        "first_at": min((at for us in by_number.values() for at, _ in us), default=None),
        "last_at": max((at for us in by_number.values() for at, _ in us), default=None),
        "recent": _recent(by_number),
    }


def _support(told: Told) -> Figures:
    by_number = _by_number((o.occurred_at, o.ticket) for o in told)
    statuses = [_latest_fields(updates)["status"] for updates in by_number.values()]
    return {
        "count": len(statuses),
        "open": sum(1 for status in statuses if status in OPEN),
        "last_at": max((at for us in by_number.values() for at, _ in us), default=None),
        "recent": _recent(by_number),
    }


def _recent(by_number: Updates) -> dict[str, tuple[str, int, int]]:
    """Number to status, first and last time, of all records: a profile lists the newest."""
    return {
        number: (_latest_fields(us)["status"], min(at for at, _ in us), max(at for at, _ in us))
        for number, us in by_number.items()
    }
