"""Who is one customer: one function of the whole set of observations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import networkx as nx

from icustomer.core.keys import Keyring
from icustomer.core.model import Override
from icustomer.core.observation import Item, Observation, UnshareCommand
from icustomer.core.rules import Rules
from oracle.carried import carried
from oracle.clustering import Cluster, Clustering
from oracle.evidence import Evidence, claims_of
from oracle.sharing import mark_shared


@dataclass(frozen=True)
class World:
    """What the evidence means, seen at once."""

    evidence: Evidence
    customers: frozenset[Cluster]
    unresolved: frozenset[bytes]
    """Keys of facets that belong to nobody yet."""
    groups: frozenset[Cluster]
    """Facets that linkable identifiers or must-links connect."""
    refusals: frozenset[tuple[bytes, Cluster, Cluster]]
    """Digest of a usable identifier and two customers that carry it, the older one first."""

    @property
    def shared(self) -> frozenset[bytes]:
        return self.evidence.shared


def clusters(
    items: Sequence[Item],
    rules: Rules,
    keyring: Keyring,
    overrides: Iterable[Override] = (),
    marks: Iterable[bytes] = (),
) -> World:
    """Customers of the set of observations among the items.

    Of commands only `unshare` is interpreted: what others came to is given as `overrides`.
    `marks` are digests marked as shared for another reason than the evidence (the safety
    limit). The digests that the observations bring are taken anew from the keyring.
    """
    unshared = {item.digest for item in items if isinstance(item, UnshareCommand)}
    observations = [item for item in items if isinstance(item, Observation)]
    for told in observations:
        _assert_digests(told, rules, keyring)
    words = list(overrides)
    evidence = mark_shared(
        Evidence(claims_of(observations, rules, keyring), rules, frozenset(marks) - unshared)
    )
    evidence = replace(evidence, shared=evidence.shared - unshared)
    clustering = Clustering(evidence)
    clustering.apply(words)
    everything = frozenset(evidence.claims)
    clustering.cluster(everything)
    unresolved = {c for c in clustering.clusters if _is_unresolved(clustering, words, c)}
    customers = frozenset(clustering.clusters - unresolved)
    return World(
        evidence=evidence,
        customers=customers,
        unresolved=frozenset(chain.from_iterable(unresolved)),
        groups=_groups(evidence, words),
        refusals=frozenset(_refusals(clustering, customers)),
    )


def _assert_digests(told: Observation, rules: Rules, keyring: Keyring) -> None:
    """First those of what is stated, in its order, then those that its parts make."""
    stated = [keyring.identifier(i.kind, i.value) for i in told.identifiers]
    assert list(told.digests[: len(stated)]) == stated
    assert set(told.digests) == carried(told, rules, keyring).keys()
    assert len(set(told.digests)) == len(told.digests)


def _is_unresolved(clustering: Clustering, overrides: Iterable[Override], cluster: Cluster) -> bool:
    """Nameless, without an identifier of its own, and nobody gave a word on it."""
    ruled = {
        key
        for override in overrides
        if override.kind != "void"
        for side in (*override.sides, override.rest)
        for key in side
    }
    everything = frozenset(clustering.evidence.claims)
    return not (
        clustering.names(cluster) or cluster & ruled or clustering.free(everything, cluster)
    )


def _groups(evidence: Evidence, overrides: Iterable[Override]) -> frozenset[Cluster]:
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(evidence.claims)
    bundles: dict[bytes, list[bytes]] = {}
    for key, claim in evidence.claims.items():
        for digest in evidence.linkables(claim):
            bundles.setdefault(digest, []).append(key)
    musts = [
        [key for side in override.sides for key in side if key in evidence.claims]
        for override in overrides
        if override.kind == "must"
    ]
    for bundle in (*bundles.values(), *musts):
        nx.add_path(graph, bundle)
    return frozenset(frozenset(part) for part in nx.connected_components(graph))


def _refusals(
    clustering: Clustering, customers: Iterable[Cluster]
) -> Iterable[tuple[bytes, Cluster, Cluster]]:
    by_age = sorted(customers, key=clustering.age)
    for older, younger in combinations(by_age, 2):
        for digest in clustering.usables(older) & clustering.usables(younger):
            yield digest, older, younger
