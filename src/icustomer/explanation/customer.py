"""How one customer was put together: its claims, what joined them, what was kept out and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from icustomer.contracts.explanation import (
    Change,
    CustomerExplanation,
    Obstacle,
    Redirect,
    Shared,
    Waiting,
)
from icustomer.core.assembly import DECISIONS_KEPT
from icustomer.core.model import Customer, Decision
from icustomer.core.times import rfc3339
from icustomer.explanation.joins import joins_within, told_obstacle
from icustomer.explanation.subject import Claims, Evidence, retired_of


def explain_customer(evidence: Evidence, customer: Customer, asked: str) -> CustomerExplanation:
    """The explanation of a customer that was found under what was asked for."""
    claims = Claims()
    claims.add(evidence, customer.facets)
    waiting = list(_waiting(evidence, customer))
    claims.add(evidence, (key for key, _ in waiting))
    told: dict[str, Any] = {"status": customer.status}
    return CustomerExplanation(
        explains="customer",
        asked=asked,
        customer_id=customer.id,
        version=customer.version,
        created_at=rfc3339(customer.founded_at),
        current=evidence.current,
        redirects=tuple(
            Redirect(customer_id=retired, merged_into=into)
            for retired, into in retired_of(evidence.group, customer)
        ),
        claims=claims.told,
        joins=tuple(joins_within(evidence, customer.facets, claims)),
        history=tuple(_change(evidence, each) for each in _decisions(evidence, customer)),
        history_complete=len(evidence.group.decisions) < DECISIONS_KEPT,
        commands=tuple(evidence.words(customer.facets)),
        refused=tuple(_refused(evidence, customer)),
        shared=tuple(_shared(evidence, customer)),
        unresolved=tuple(
            Waiting(claim=claims.number(key), leads_to=leads_to) for key, leads_to in waiting
        ),
        **told,
    )


def _decisions(evidence: Evidence, customer: Customer) -> list[Decision]:
    """Those about the customer or an ID that leads to it, and about its shared identifiers."""
    ids = {customer.id, *(retired for retired, _ in retired_of(evidence.group, customer))}
    carried = {digest for _, digest in evidence.identifiers.uses(customer)}
    carried |= {digest for _, digest in evidence.identifiers.marked(customer)}
    about = [
        each
        for each in evidence.group.decisions
        if not ids.isdisjoint((each.customer_id, *each.others))
        or (not each.customer_id and each.digest in carried)
    ]
    return sorted(about, key=lambda each: (each.at, each.version))


def _change(evidence: Evidence, decision: Decision) -> Change:
    return Change.model_validate(
        {
            "type": decision.type,
            "at": rfc3339(decision.at),
            "customer_id": decision.customer_id or None,
            "others": decision.others,
            "identifier": evidence.known(decision.kind, decision.digest),
            "event_id": decision.event_id or None,
            "rule": decision.rule or None,
        }
    )


def _refused(evidence: Evidence, customer: Customer) -> Iterator[Obstacle]:
    """For each other customer of the group, oldest first."""
    others = [
        each
        for each in evidence.group.customers
        if each.facets and each.id != customer.id and each.status != "unresolved"
    ]
    for other in sorted(others, key=lambda each: (each.founded_at, each.id)):
        for refused in evidence.trace.between(customer.facets[0], other.facets[0]):
            yield told_obstacle(evidence, refused, other.id)


def _shared(evidence: Evidence, customer: Customer) -> Iterator[Shared]:
    for kind, digest in evidence.identifiers.marked(customer):
        identifier = evidence.known(kind, digest)
        yield Shared.model_validate({"identifier": identifier, **evidence.mark(kind, digest)})


def _waiting(evidence: Evidence, customer: Customer) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """(facet, IDs that it might belong to) of what may be the customer's; of its own claims, if
    they tell of nobody any more."""
    held = frozenset(customer.facets)
    for waiting in evidence.trace.waiting():
        ends = (evidence.customers.get(key) for key in waiting.leads_to)
        leads_to = tuple(each.id for each in ends if each)
        if customer.id in leads_to or not held.isdisjoint(waiting.facets):
            for key in waiting.facets:
                yield key, leads_to
