"""Which identifiers are shared: the least fixpoint over all claims at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import networkx as nx

from icustomer.core.model import NormalName
from icustomer.core.names import compatible
from oracle.evidence import Claim, Evidence


def mark_shared(evidence: Evidence) -> Evidence:
    """The same evidence with every identifier marked that must be, given the marks it has."""
    while True:
        more = _seen_too_widely(evidence) | _beside_too_many(evidence)
        if not more:
            return evidence
        evidence = replace(evidence, shared=evidence.shared | more)


def _linkable_digests(evidence: Evidence) -> list[bytes]:
    return [d for d in evidence.digests() if evidence.linkable(d, evidence.told(d))]


def _seen_too_widely(evidence: Evidence) -> frozenset[bytes]:
    return frozenset(d for d in _linkable_digests(evidence) if _too_wide(evidence, d))


def _too_wide(evidence: Evidence, digest: bytes) -> bool:
    rules = evidence.rules
    carriers = evidence.carriers(digest)
    kind = evidence.kind(digest)
    names = distinct_names(carriers)
    return (
        len(_apart_from_transactions(evidence, carriers)) > rules.max_facets
        or len(names) > rules.max_distinct_names
        or largest_incompatible(names) > rules.kinds[kind].max_names
        or _most_linked(evidence, kind, carriers) > rules.kinds[kind].max_linked
    )


def _apart_from_transactions(evidence: Evidence, claims: Iterable[Claim]) -> set[object]:
    """The claims, told apart by all but what each transaction has a new value of."""
    rules = evidence.rules.kinds
    return {
        (
            frozenset(
                digest
                for digest, each in claim.carried.items()
                if each.value is not None
                and not (each.kind in rules and rules[each.kind].transactional)
            ),
            claim.name,
            claim.birth_date,
        )
        for claim in claims
    }


def distinct_names(claims: Iterable[Claim]) -> frozenset[NormalName]:
    return frozenset(claim.name for claim in claims if claim.named)


def largest_incompatible(names: Iterable[NormalName]) -> int:
    """Size of the largest set of names no two of which are compatible."""
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from(
        (one, other) for one, other in combinations(list(graph), 2) if not compatible(one, other)
    )
    return max((len(clique) for clique in nx.find_cliques(graph)), default=0)


def _most_linked(evidence: Evidence, kind: str, carriers: Iterable[Claim]) -> int:
    linked: dict[str, set[bytes]] = {}
    for claim in carriers:
        for digest, each in claim.carried.items():
            rule = evidence.rules.kinds.get(each.kind)
            counts = each.value is not None and rule is not None and not rule.transactional
            if counts and each.kind != kind:
                linked.setdefault(each.kind, set()).add(digest)
    return max((len(digests) for digests in linked.values()), default=0)


def contested(evidence: Evidence) -> frozenset[bytes]:
    """Identifiers of vetoing kinds that are shared or seen with two incompatible names."""
    return frozenset(d for d in evidence.digests() if _is_contested(evidence, d))


def _is_contested(evidence: Evidence, digest: bytes) -> bool:
    rule = evidence.rule(digest)
    if rule is None or not rule.veto:
        return False
    if digest in evidence.shared:
        return True
    names = distinct_names(evidence.carriers(digest))
    return evidence.linkable(digest, evidence.told(digest)) and largest_incompatible(names) > 1


def _beside_too_many(evidence: Evidence) -> frozenset[bytes]:
    quarrelled = contested(evidence)
    return frozenset(
        digest
        for digest in quarrelled - evidence.shared
        if any(_spreads(evidence, other, quarrelled) for other in _neighbours(evidence, digest))
    )


def _neighbours(evidence: Evidence, digest: bytes) -> frozenset[bytes]:
    return frozenset(other for claim in evidence.carriers(digest) for other in claim.kinds)


def _spreads(evidence: Evidence, digest: bytes, quarrelled: frozenset[bytes]) -> bool:
    """An identifier without veto whose neighbourhood cannot be one person's."""
    rule = evidence.rule(digest)
    if rule is None or rule.veto:
        return False
    if digest in evidence.shared:
        return True
    beside = _neighbours(evidence, digest) & quarrelled
    told = evidence.told(digest)
    return evidence.linkable(digest, told) and len(beside) > evidence.rules.max_contested
