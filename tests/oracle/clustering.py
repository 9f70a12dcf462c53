"""Joining claims into clusters: overrides, passes by kind, then those without a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from icustomer.core.model import NormalName, Override
from icustomer.core.names import compatible
from oracle.evidence import Claim, Evidence

Cluster = frozenset[bytes]
"""Facet keys."""


class Clustering:
    """The clusters as they stand; everything is looked up anew each time."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.clusters: set[Cluster] = {frozenset({key}) for key in evidence.claims}
        self.cannots: list[list[Cluster]] = []
        """Sides of each cannot-link in force, newest first."""
        self.must_linked: set[bytes] = set()
        """Facets that a must-link joined to another."""

    # What stands

    def claims(self, keys: Iterable[bytes]) -> list[Claim]:
        return [self.evidence.claims[key] for key in keys]

    def age(self, cluster: Cluster) -> tuple[int, bytes]:
        return min(claim.age for claim in self.claims(cluster))

    def names(self, cluster: Cluster) -> set[NormalName]:
        return {claim.name for claim in self.claims(cluster) if claim.named}

    def touching(self, scope: Iterable[bytes]) -> list[Cluster]:
        """Clusters with a facet in the scope, oldest first."""
        wanted = set(scope)
        return sorted((c for c in self.clusters if c & wanted), key=self.age)

    # What may be joined

    def may_join(self, one: Cluster, other: Cluster) -> bool:
        """As far as words and limits go."""
        return self._no_word_parts(one, other) and not self._too_many(one, other)

    def _no_word_parts(self, one: Cluster, other: Cluster) -> bool:
        return not any(self._parted(one, other, sides) for sides in self.cannots)

    def _too_many(self, one: Cluster, other: Cluster) -> bool:
        """Would the union hold more values of a kind than allowed, and more than before?"""
        for kind, rule in self.evidence.rules.kinds.items():
            held = [len(self.usables(c, kind)) for c in (one, other, one | other)]
            if 0 < rule.max_per_customer < held[2] > max(held[:2]):
                return True
        return False

    def _parted(self, one: Cluster, other: Cluster, sides: Sequence[Cluster]) -> bool:
        """Would the union hold two sides, and neither of the two is exempt already?"""
        held = [sum(1 for side in sides if side & c) for c in (one, other, one | other)]
        return held[2] > 1 and held[0] < 2 and held[1] < 2

    def names_agree(self, one: Cluster, other: Cluster) -> bool:
        ours, theirs = self.names(one), self.names(other)
        if self.must_linked & (one | other):
            return _each_has_partner(ours, theirs) or _each_has_partner(theirs, ours)
        return all(compatible(mine, yours) for mine, yours in product(ours, theirs))

    # Joining

    def join(self, one: Cluster, other: Cluster) -> Cluster:
        self.clusters -= {one, other}
        self.clusters.add(one | other)
        return one | other

    def join_each_to_first(
        self, clusters: Iterable[Cluster], allowed: Callable[[Cluster, Cluster], bool]
    ) -> list[Cluster]:
        """Each cluster, oldest first, joins the first earlier one that it may join."""
        standing: list[Cluster] = []
        for cluster in sorted(clusters, key=self.age):
            for place, earlier in enumerate(standing):
                if allowed(earlier, cluster):
                    standing[place] = self.join(earlier, cluster)
                    break
            else:
                standing.append(cluster)
        return standing

    # Overrides

    def apply(self, overrides: Iterable[Override]) -> None:
        """All overrides, newest first; then the sides of each cannot-link by themselves."""
        known = set(self.evidence.claims)
        newest_first = sorted(overrides, key=lambda override: override.stamp, reverse=True)
        for override in newest_first:
            if override.kind == "must":
                self._link({key for side in override.sides for key in side} & known)
            elif override.kind == "cannot":
                self.cannots.append(list(_sides_with_rest(override)))
        for override in reversed(newest_first):
            if override.kind == "cannot":
                for side in override.sides:
                    self.cluster(frozenset(side) & known)

    def _link(self, facets: set[bytes]) -> None:
        for cluster in self.join_each_to_first(self.touching(facets), self._no_word_parts):
            if len(cluster & facets) > 1:
                self.must_linked |= cluster & facets

    # Evidence

    def cluster(self, scope: Cluster) -> None:
        """Cluster the facets of the scope by what they tell."""
        for kind, verified_only in self._classes():
            for digest in self._ordered(scope, kind, verified_only=verified_only):
                self._pass(self._carriers(scope, digest, verified_only=verified_only), kind)
        self._place_nameless(scope)
        self._join_nameless(scope)

    def _classes(self) -> list[tuple[str, bool]]:
        return [
            (kind, verified) for kind in self.evidence.rules.kinds for verified in (True, False)
        ]

    def _carriers(self, scope: Cluster, digest: bytes, *, verified_only: bool) -> Cluster:
        return frozenset(
            claim.key
            for claim in self.claims(scope)
            if digest in self.evidence.usables(claim)
            and (digest in claim.verified or not verified_only)
        )

    def _ordered(self, scope: Cluster, kind: str, *, verified_only: bool) -> Iterator[bytes]:
        """Digests of a kind that carriers of the class use, first seen first."""
        seen: dict[bytes, int] = {}
        for claim in self.claims(scope):
            for digest in self.evidence.usables(claim):
                if claim.kinds[digest] == kind and (digest in claim.verified or not verified_only):
                    seen[digest] = min(seen.get(digest, claim.first_seen), claim.first_seen)
        yield from sorted(seen, key=lambda digest: (seen[digest], digest))

    def _pass(self, carriers: Cluster, kind: str) -> None:
        veto = self.evidence.rules.kinds[kind].veto

        def allowed(one: Cluster, other: Cluster) -> bool:
            return self.may_join(one, other) and (not veto or self.names_agree(one, other))

        named = [c for c in self.touching(carriers) if self.names(c)]
        remaining = self.join_each_to_first(named, allowed)
        if not veto and len(remaining) <= 1:
            self.join_each_to_first(self.touching(carriers), allowed)

    # Clusters without a name

    def nameless(self, scope: Cluster) -> list[Cluster]:
        return [c for c in self.touching(scope) if not self.names(c)]

    def named(self, scope: Cluster) -> list[Cluster]:
        return [c for c in self.touching(scope) if self.names(c)]

    def _place_nameless(self, scope: Cluster) -> None:
        """Rounds: all look at the same standing, then all that can move do."""
        while True:
            wishes = [(c, self._only_lead(scope, c)) for c in self.nameless(scope)]
            moved = False
            for cluster, lead in wishes:
                if lead is not None:
                    target = next(c for c in self.clusters if lead <= c)
                    if self.may_join(target, cluster):
                        self.join(target, cluster)
                        moved = True
            if not moved:
                return

    def _only_lead(self, scope: Cluster, cluster: Cluster) -> Cluster | None:
        """The one named cluster of the strongest class that leads to any."""
        for kind, verified_only in self._classes():
            leads = {
                other
                for digest in self.usables(cluster & scope, kind)
                for other in self.named(scope)
                if self._carriers(cluster & scope, digest, verified_only=verified_only)
                and self._carriers(other & scope, digest, verified_only=verified_only)
            }
            if leads:
                return leads.pop() if len(leads) == 1 else None
        return None

    def usables(self, keys: Cluster, kind: str | None = None) -> set[bytes]:
        """Usable digests (of a kind) that any of the facets tells."""
        return {
            digest
            for claim in self.claims(keys)
            for digest in self.evidence.usables(claim)
            if kind in (None, claim.kinds[digest])
        }

    def free(self, scope: Cluster, cluster: Cluster) -> set[bytes]:
        """Usable digests that no named cluster which it might join carries."""
        taken: set[bytes] = set()
        for other in self.named(scope):
            if self.may_join(other, cluster):
                taken |= self.usables(other & scope)
        return self.usables(cluster & scope) - taken

    def _join_nameless(self, scope: Cluster) -> None:
        for kind, verified_only in self._classes():
            for digest in self._ordered(scope, kind, verified_only=verified_only):
                carriers = self._carriers(scope, digest, verified_only=verified_only)
                self.join_each_to_first(
                    [
                        c
                        for c in self.nameless(scope)
                        if c & carriers and digest in self.free(scope, c)
                    ],
                    self.may_join,
                )


def _sides_with_rest(override: Override) -> Iterator[Cluster]:
    """Facets that came to a merge from elsewhere count with its second side."""
    for place, side in enumerate(override.sides):
        yield frozenset(side) | (frozenset(override.rest) if place == 1 else frozenset())


def _each_has_partner(ours: Iterable[NormalName], theirs: Iterable[NormalName]) -> bool:
    return all(any(compatible(mine, yours) for yours in theirs) for mine in ours)
