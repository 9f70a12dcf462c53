"""What joined claims, and what stands between customers, as explanations tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from icustomer.contracts.explanation import Join, Obstacle, Told
from icustomer.core.explaining import By, Joined, Refused
from icustomer.core.times import rfc3339
from icustomer.explanation.subject import Claims, Evidence, name_text, written_name


def joins_within(evidence: Evidence, keys: Iterable[bytes], claims: Claims) -> Iterator[Join]:
    """The joins of a customer's facets, in the order in which the clustering made them."""
    wanted = frozenset(keys)
    for joined in evidence.trace.joins:
        if joined.one in wanted:
            yield told_join(evidence, joined, claims)


def told_join(evidence: Evidence, joined: Joined, claims: Claims) -> Join:
    """A join with the time and the event that brought it about."""
    ends = [evidence.facets[key] for key in (joined.one, joined.other)]
    later = max(ends, key=lambda facet: (facet.founded_at, facet.key))
    at, told = later.founded_at, Told(source=later.founded_by[0], event_id=later.founded_by[1])
    if joined.by is By.MUST_LINK and joined.word:
        at, told = joined.word[0], Told(event_id=joined.word[1])
    one, other = sorted(claims.number(facet.key) for facet in ends)
    return Join(
        claims=(one, other),
        rule=joined.by.value,
        identifier=evidence.known(joined.kind, joined.digest),
        verified=joined.verified,
        at=rfc3339(at),
        told=told,
    )


def told_obstacle(evidence: Evidence, refused: Refused, customer_id: str | None) -> Obstacle:
    """What stands between a customer and the one with the ID."""
    names = None
    if refused.names:
        mine, yours = (name_text(written_name(evidence.facets[key])) for key in refused.names)
        names = (mine, yours)
    return Obstacle(
        customer_id=customer_id,
        reason=refused.why.value,
        identifier=evidence.known(refused.kind, refused.digest),
        names=names,
        command=evidence.word(refused.word),
    )
