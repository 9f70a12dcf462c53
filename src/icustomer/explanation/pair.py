"""Why two are one customer or are not: the shortest chain of evidence, or what stands between."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from icustomer.contracts.explained_identifiers import Mark
from icustomer.contracts.explanation import Obstacle, PairExplanation, Reason
from icustomer.core.model import Customer, Override
from icustomer.core.reasons import Joined
from icustomer.explanation.joins import by_themselves, told_join, told_obstacle
from icustomer.explanation.subject import Claims, Evidence, word_of

Ways = Mapping[bytes, list[Joined]]
"""Facet key to the ways that lead from it."""


class End(NamedTuple):
    """One of the two."""

    asked: str
    evidence: Evidence
    customer: Customer
    facets: tuple[bytes, ...]
    """Those that were meant: where an ID hangs, or what carries an identifier."""


def explain_pair(one: End, other: End) -> PairExplanation:
    """Both ends have been found."""
    claims = Claims()
    is_one = one.customer.id == other.customer.id
    chain = _chain(one, other) if is_one else []
    if is_one:
        meant = {one.facets[0]} if not chain else set()
        claims.add(one.evidence, {*meant, *(key for way in chain for key in (way.one, way.other))})
    else:
        claims.add(one.evidence, one.customer.facets)
        claims.add(other.evidence, other.customer.facets)
    return PairExplanation(
        explains="pair",
        asked=(one.asked, other.asked),
        customer_ids=(one.customer.id, other.customer.id),
        one=is_one,
        current=one.evidence.current and other.evidence.current,
        claims=claims.told,
        chain=tuple(told_join(one.evidence, each, claims) for each in chain),
        between=() if is_one else tuple(_between(one, other)),
    )


# -- one customer --------------------------------------------------------------------------


def _chain(one: End, other: End) -> list[Joined]:
    """The shortest way from a facet of one end to a facet of the other; a step is what joined
    two claims, or an identifier that would join them by themselves."""
    ways = _ways(one.evidence, one.customer)
    came: dict[bytes, Joined | None] = dict.fromkeys(sorted(one.facets))
    waiting = deque(came)
    while waiting:
        here = waiting.popleft()
        if here in other.facets:
            return _back(here, came)
        for way in ways[here]:
            there = way.other if way.one == here else way.one
            if there not in came:
                came[there] = way
                waiting.append(there)
    return []


def _back(end: bytes, came: Mapping[bytes, Joined | None]) -> list[Joined]:
    chain: list[Joined] = []
    while (way := came[end]) is not None:
        chain.append(way)
        end = way.one if way.other == end else way.other
    return chain[::-1]


def _ways(evidence: Evidence, customer: Customer) -> Ways:
    """From each facet of a customer: real joins first, then strong identifiers."""
    held = frozenset(customer.facets)
    ways: dict[bytes, list[Joined]] = defaultdict(list)
    joins = [each for each in evidence.trace.joins if {each.one, each.other} <= held]
    for way in (*joins, *by_themselves(evidence, customer.facets)):
        ways[way.one].append(way)
        ways[way.other].append(way)
    return ways


# -- two customers -------------------------------------------------------------------------


def _between(one: End, other: End) -> list[Obstacle]:
    """What might have joined them and did not, then what they have in common besides."""
    together = one.evidence.group.id == other.evidence.group.id
    found = list(_refused(one, other) if together else _words(one, other))
    found += _unusable(one, other)
    if not any(each.identifier for each in found):
        changed = together and one.evidence.trace.meet(one.customer.facets, other.customer.facets)
        reason: Reason = "rules_changed" if changed else "no_common_identifier"
        found.append(Obstacle(customer_id=other.customer.id, reason=reason))
    return found


def _refused(one: End, other: End) -> Iterator[Obstacle]:
    for refused in one.evidence.trace.between(one.customer.facets[0], other.customer.facets[0]):
        yield told_obstacle(one.evidence, refused, other.customer.id)


def _unusable(one: End, other: End) -> Iterator[Obstacle]:
    """What both state, or would make, and what joins nobody on one side at least."""
    mine, yours = (each.evidence.identifiers.claimed(each.customer) for each in (one, other))
    marks = {*one.evidence.group.shared, *other.evidence.group.shared}
    for kind, digest in sorted(mine.keys() & yours.keys()):
        known, reason = mine[kind, digest]
        reason = reason or yours[kind, digest][1]
        if reason is not None:
            yield Obstacle.model_validate(
                {
                    "customer_id": other.customer.id,
                    "reason": reason.because,
                    "identifier": known,
                    "not_used": reason,
                }
            )
        elif digest in marks:
            yield Obstacle(
                customer_id=other.customer.id,
                reason="shared",
                identifier=known,
                mark=Mark.model_validate(one.evidence.mark(kind, digest)),
            )


def _words(one: End, other: End) -> Iterator[Obstacle]:
    """Cannot-links that name both, where no identifier connects them any more."""
    for override in one.evidence.group.overrides:
        if override.kind == "cannot" and _parts(override, one.customer, other.customer):
            yield Obstacle(
                customer_id=other.customer.id,
                reason="cannot_link",
                command=word_of(override),
            )


def _parts(override: Override, one: Customer, other: Customer) -> bool:
    mine, yours = (_sides(override, each.facets) for each in (one, other))
    return any(side != another for side in mine for another in yours)


def _sides(override: Override, facets: Collection[bytes]) -> set[int]:
    """Which sides of a cannot-link the facets are on; the rest counts with side two."""
    held = {
        number for number, side in enumerate(override.sides) if not set(side).isdisjoint(facets)
    }
    return held | ({1} if not set(override.rest).isdisjoint(facets) else set())
