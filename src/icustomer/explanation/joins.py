"""What joined claims, and what stands between customers, as explanations tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

from icustomer.contracts.explained_identifiers import KnownIdentifier
from icustomer.contracts.explained_identifiers import Limit as ToldLimit
from icustomer.contracts.explanation import Join, Obstacle, Told
from icustomer.core.names import compatible
from icustomer.core.reasons import By, Joined, Limit, Refused
from icustomer.core.sets import DisjointSets
from icustomer.core.times import rfc3339
from icustomer.explanation.subject import Claims, Evidence, name_text, written_name


def joins_within(evidence: Evidence, keys: Collection[bytes], claims: Claims) -> Iterator[Join]:
    """The joins of a customer's facets: as few as connect them.

    A must-link joins all claims of the customers that it names, before any evidence is looked
    at. Where evidence joins them anyway, that is told; the person's word only where it decides.
    """
    wanted = frozenset(keys)
    made = [each for each in evidence.trace.joins if each.one in wanted and each.other in wanted]
    if any(each.by is By.MUST_LINK for each in made):
        made = [*by_themselves(evidence, wanted), *made]
    joined = DisjointSets(wanted)
    for each in made:
        if joined.find(each.one) != joined.find(each.other):
            joined.union(each.one, each.other)
            yield told_join(evidence, each, claims)


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
        limit=_limit(evidence, refused.limit) if refused.limit else None,
    )


def _limit(evidence: Evidence, limit: Limit) -> ToldLimit:
    mine, yours = (
        tuple(
            evidence.known(limit.kind, digest)
            or KnownIdentifier(kind=limit.kind, digest=digest.hex())
            for digest in side
        )
        for side in (limit.mine, limit.yours)
    )
    return ToldLimit(kind=limit.kind, most=limit.most, mine=mine, yours=yours)


def by_themselves(evidence: Evidence, keys: Iterable[bytes]) -> Iterator[Joined]:
    """Named claims that one identifier joins whatever else is known."""
    carriers: dict[tuple[int, str, bytes], list[bytes]] = defaultdict(list)
    strength = list(evidence.rules.kinds)
    facets = (evidence.facets[key] for key in keys)
    for facet in sorted(facets, key=lambda each: (each.founded_at, each.key)):
        if facet.name.parts:
            for kind, digest in evidence.trace.usable(facet.key):
                carriers[strength.index(kind), kind, digest].append(facet.key)
    for (_, kind, digest), carrying in sorted(carriers.items()):
        for one, other in combinations(carrying, 2):
            if _agree(evidence, kind, one, other):
                verified = _proves(evidence, one, digest) and _proves(evidence, other, digest)
                yield Joined(By.IDENTIFIER, one, other, kind, digest, verified)


def _agree(evidence: Evidence, kind: str, one: bytes, other: bytes) -> bool:
    mine, yours = evidence.facets[one].name, evidence.facets[other].name
    if evidence.rules.kinds[kind].veto and not compatible(mine, yours):
        return False
    return not any(_exceed(evidence, *limit, one, other) for limit in evidence.rules.limits)


def _exceed(evidence: Evidence, kind: str, most: int, one: bytes, other: bytes) -> bool:
    """Whether two claims alone hold more values of a kind than a customer may, and than either."""
    mine, yours = (
        {digest for its_kind, digest in evidence.trace.usable(key) if its_kind == kind}
        for key in (one, other)
    )
    return len(mine | yours) > max(most, len(mine), len(yours))


def _proves(evidence: Evidence, key: bytes, digest: bytes) -> bool:
    return any(
        each.verified and evidence.identifiers.digest(each) == digest
        for each in evidence.facets[key].identifiers
    )
