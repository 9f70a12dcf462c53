"""All that is known of one customer, and where each thing came from: the export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from icustomer.contracts.customer_export import (
    CustomerExport,
    EventCount,
    KeptBirthDate,
    KeptIdentifier,
    KeptName,
    StatedIdentifier,
    Statement,
)
from icustomer.contracts.explanation import CustomerExplanation
from icustomer.core.model import Customer, Facet, Identifier
from icustomer.core.tallies import KEPT, TALLY, events_of
from icustomer.core.times import rfc3339
from icustomer.explanation.customer import explain_customer
from icustomer.explanation.records import folded_records, kept_orders, kept_tickets
from icustomer.explanation.subject import Claims, Evidence, written_name

ATTRIBUTES = {
    "address": "addresses",
    "locale": "locales",
    "preference": "preferences",
    "consent": "consents",
    "loyalty": "loyalty",
}
"""What an attribute is to the list that it stands in; anything else stands among `others`."""
OTHERS = "others"


def export_customer(
    evidence: Evidence, customer: Customer, asked: str, exported_at: str
) -> CustomerExport:
    """The export of a customer that was found under what was asked for."""
    claims = Claims()
    claims.add(evidence, customer.facets)
    facets = _oldest_first([evidence.facets[key] for key in customer.facets])
    shown = evidence.identifiers.profile(customer)
    return CustomerExport(
        exported_at=exported_at,
        asked=asked,
        customer_id=customer.id,
        profile=shown,
        identifiers=tuple(_identifiers(evidence, facets, claims)),
        names=tuple(_names(facets, claims)),
        event_counts=tuple(_event_counts(facets, claims)),
        birth_dates=tuple(_birth_dates(facets, claims)),
        orders=tuple(kept_orders(facets, claims)),
        folded_orders=tuple(folded_records(facets, lambda each: each.folded_orders, claims)),
        tickets=tuple(kept_tickets(facets, claims)),
        folded_tickets=tuple(folded_records(facets, lambda each: each.folded_tickets, claims)),
        identity=for_the_person(explain_customer(evidence, customer, asked)),
        **_statements(facets, claims),
    )


def for_the_person(told: CustomerExplanation) -> CustomerExplanation:
    """The explanation without what tells of other people: names that were kept apart, customers
    who state the same, claims that may be somebody else's."""
    return told.model_copy(
        update={
            "claims": tuple(each for each in told.claims if each.customer_id == told.customer_id),
            "history": tuple(each for each in told.history if each.type != "merge_refused"),
            "refused": (),
            "unresolved": (),
        }
    )


def _oldest_first(facets: Sequence[Facet]) -> list[Facet]:
    return sorted(facets, key=lambda facet: (facet.founded_at, facet.key))


def _latest_first(facets: Sequence[Facet]) -> list[Facet]:
    return sorted(facets, key=lambda facet: (*facet.stamp, facet.key), reverse=True)


# -- what they are known by ----------------------------------------------------------------


def _identifiers(
    evidence: Evidence, facets: Sequence[Facet], claims: Claims
) -> Iterator[KeptIdentifier]:
    found: dict[tuple[str, str], list[tuple[Facet, Identifier]]] = {}
    for facet in facets:
        for each in facet.identifiers:
            found.setdefault((each.kind, each.value), []).append((facet, each))
    for (kind, value), stated in sorted(found.items(), key=_seen_first):
        yield KeptIdentifier(
            kind=kind,
            value=value,
            use=evidence.use(*stated[0]),
            verified=any(each.verified for _, each in stated),
            first_seen=rfc3339(min(facet.first_seen for facet, _ in stated)),
            last_seen=rfc3339(max(facet.last_seen for facet, _ in stated)),
            tellings=tuple(_stated(evidence, claims, *each) for each in stated),
        )


def _seen_first(
    item: tuple[tuple[str, str], list[tuple[Facet, Identifier]]],
) -> tuple[int, tuple[str, str]]:
    name, stated = item
    return min(facet.first_seen for facet, _ in stated), name


def _stated(
    evidence: Evidence, claims: Claims, facet: Facet, identifier: Identifier
) -> StatedIdentifier:
    return StatedIdentifier(
        claim=claims.number(facet.key),
        written=identifier.raw,
        extension=identifier.extension or None,
        verified=identifier.verified,
        not_used=evidence.identifiers.not_used(identifier),
        first_seen=rfc3339(facet.first_seen),
        last_seen=rfc3339(facet.last_seen),
        sources=facet.sources,
    )


def _names(facets: Sequence[Facet], claims: Claims) -> Iterator[KeptName]:
    for facet in _latest_first(facets):
        name = written_name(facet)
        if name is not None:
            yield KeptName(
                claim=claims.number(facet.key),
                name=name,
                last_seen=rfc3339(facet.last_seen),
                sources=facet.sources,
            )


def _event_counts(facets: Sequence[Facet], claims: Claims) -> Iterator[EventCount]:
    for facet in facets:
        if TALLY in facet.cells:
            events = events_of(facet.cells[TALLY])
            yield EventCount(claim=claims.number(facet.key), events=events, exact=events < KEPT)


def _birth_dates(facets: Sequence[Facet], claims: Claims) -> Iterator[KeptBirthDate]:
    for facet in _latest_first(facets):
        if facet.birth_date:
            yield KeptBirthDate(
                claim=claims.number(facet.key),
                birth_date=facet.birth_date,
                last_seen=rfc3339(facet.last_seen),
                sources=facet.sources,
            )


# -- what they said ------------------------------------------------------------------------


def _statements(facets: Sequence[Facet], claims: Claims) -> dict[str, Any]:
    """The lists of statements, the latest first in each."""
    found: dict[str, list[Statement]] = {name: [] for name in (*ATTRIBUTES.values(), OTHERS)}
    for facet in facets:
        for attribute, cells in facet.cells.items():
            if attribute == TALLY:
                continue
            what, _, name = attribute.partition(":")
            listed = ATTRIBUTES.get(what, OTHERS)
            named = name if listed != OTHERS else attribute
            for cell in cells:
                found[listed].append(
                    Statement(
                        name=named or None,
                        value=cell.value,
                        claim=claims.number(facet.key),
                        at=rfc3339(cell.at),
                        source=cell.source or None,
                        event_id=cell.event_id,
                    )
                )
    return {name: tuple(sorted(each, key=_recency, reverse=True)) for name, each in found.items()}


def _recency(statement: Statement) -> tuple[str, str, str, int]:
    return statement.at, statement.event_id, statement.name or "", statement.claim
