"""Why the clusters of a group are what they are: every join, and every join that was refused.

The clustering itself runs, and a subclass writes down what it does. So an explanation cannot
say anything else than what decides, and deciding costs nothing more for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from icustomer.core.cluster import Clustered, _Clustering
from icustomer.core.growing import ANY_SIDE, Cluster
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group, Override
from icustomer.core.names import compatible
from icustomer.core.reasons import By, Joined, Limit, Refused, Stamp, Waiting, Why
from icustomer.core.rules import Rules


class Trace:
    """One clustering of a group, with its reasons."""

    def __init__(self, group: Group, rules: Rules, keyring: Keyring) -> None:
        self._run = _Traced(group.facets, frozenset(group.shared), group.overrides, rules, keyring)
        self.clusters: list[Clustered] = self._run.run()
        self.joins: list[Joined] = self._run.joins
        """As many as it takes to connect every cluster, in the order in which they were made."""
        self._usable = {
            facet.key: [(kind, each.digest) for kind, each in usable]
            for facet, usable in zip(group.facets, self._run.usable, strict=True)
        }
        self._resolved = {key: each.resolved for each in self.clusters for key in each.facets}

    def usable(self, facet: bytes) -> list[tuple[str, bytes]]:
        """(kind, digest) of the identifiers that may join a facet to others."""
        return self._usable[facet]

    def meet(self, ones: Iterable[bytes], others: Iterable[bytes]) -> bool:
        """Whether any of the one facets ended in a cluster with any of the others."""
        mine, yours = ({id(self._run.cluster_of(key)) for key in keys} for keys in (ones, others))
        return not mine.isdisjoint(yours)

    def between(self, one: bytes, other: bytes) -> list[Refused]:
        """What stands between the clusters of two facets: for each usable identifier that both
        clusters carry, strongest kind first, and then a person's word if nothing else is told.
        """
        mine, yours = self._run.cluster_of(one), self._run.cluster_of(other)
        if mine is yours:
            return []
        common = self._run.digests(mine) & self._run.digests(yours)
        found = [self._run.refused(mine, yours, *each) for each in self._run.ordered(common)]
        word = self._run.parting_word(mine, yours)
        if word is not None and all(each.why is not Why.CANNOT_LINK for each in found):
            found.append(Refused(Why.CANNOT_LINK, word=word))
        return found

    def waiting(self) -> list[Waiting]:
        """The clusters that are nobody."""
        return [
            Waiting(each.facets, self._run.leads_to(each.facets[0]))
            for each in self.clusters
            if not each.resolved
        ]


class _Ground(Struct, frozen=True):
    """What the clustering is about to join by."""

    by: By
    kind: str = ""
    digest: bytes = b""
    touching: Collection[int] = ()
    """Facets by which clusters meet."""
    word: Stamp | None = None


class _Meeting(Struct, frozen=True):
    """A refusal as it happened: by any facet of each side."""

    one: int
    other: int
    refused: Refused


class _Traced(_Clustering):
    """The clustering, writing down what it joins and refuses to join."""

    def __init__(
        self,
        facets: Sequence[Facet],
        shared: Collection[bytes],
        overrides: Sequence[Override],
        rules: Rules,
        keyring: Keyring,
    ) -> None:
        super().__init__(facets, shared, overrides, rules, keyring)
        self.joins: list[Joined] = []
        self.usable = self._usable
        self._meetings: dict[bytes, list[_Meeting]] = defaultdict(list)
        """By the digest of the identifier."""
        self._ground = _Ground(By.FOLLOWS)
        self._leads: dict[int, tuple[str, bool]] = {}
        """Nameless cluster (by its first facet) to the class that leads anywhere: kind, and
        whether verified claims alone."""

    # -- what the clustering does ------------------------------------------------------

    def _bind(self, override: Override) -> None:
        named = self._present(key for side in override.sides for key in side)
        self._ground = _Ground(By.MUST_LINK, touching=frozenset(named), word=override.stamp)
        super()._bind(override)

    def _pass(self, kind: str, identifiers: list[tuple[int, bytes, list[int]]]) -> None:
        for each in identifiers:
            self._ground = _Ground(By.IDENTIFIER, kind, each[1], frozenset(each[2]))
            super()._pass(kind, [each])

    def _follow(self, target: Cluster, nameless: Cluster) -> bool:
        self._ground = self._followed(target, nameless)
        joined = super()._follow(target, nameless)
        if not joined:
            self._note(target, nameless)
        return joined

    def _targets(
        self, nameless: Cluster, scope: frozenset[int] | None, kind: str, *, only_verified: bool
    ) -> list[Cluster]:
        found = super()._targets(nameless, scope, kind, only_verified=only_verified)
        if found:
            self._leads[nameless.facets[0]] = kind, only_verified
        return found

    def _is_free(
        self, nameless: Cluster, kind: str, digest: bytes, scope: frozenset[int] | None
    ) -> bool:
        self._ground = _Ground(By.NAMELESS, kind, digest, self._carrying(kind, digest))
        return super()._is_free(nameless, kind, digest, scope)

    def _join_to_earlier(
        self, clusters: list[Cluster], may_join: Callable[[Cluster, Cluster], bool]
    ) -> None:
        def asked(one: Cluster, other: Cluster) -> bool:
            allowed = may_join(one, other)
            if not allowed:
                self._note(one, other)
            return allowed

        super()._join_to_earlier(clusters, asked)

    def _note(self, one: Cluster, other: Cluster) -> None:
        """Write down that two clusters were not joined."""
        refused = self._obstacle(one, other)
        meeting = _Meeting(one.facets[0], other.facets[0], refused)
        self._meetings[refused.digest].append(meeting)

    def _join(self, one: Cluster, other: Cluster) -> None:
        ground = self._ground
        mine, yours = self._meeting(one, ground), self._meeting(other, ground)
        verified = {index for index, proved in self._claims(ground) if proved}
        self.joins.append(
            Joined(
                ground.by,
                self._facets[mine].key,
                self._facets[yours].key,
                ground.kind,
                ground.digest,
                mine in verified and yours in verified,
                ground.word,
            )
        )
        super()._join(one, other)

    # -- by what they meet -----------------------------------------------------------------

    def _claims(self, ground: _Ground) -> list[tuple[int, bool]]:
        return self._carriers[ground.kind][ground.digest] if ground.digest else []

    def _carrying(self, kind: str, digest: bytes) -> frozenset[int]:
        return frozenset(index for index, _ in self._carriers[kind][digest])

    def _meeting(self, cluster: Cluster, ground: _Ground) -> int:
        """The facet of a cluster by which it meets the other: a verified claim, then the oldest."""
        verified = dict(self._claims(ground))

        def rank(index: int) -> tuple[bool, int, bytes]:
            facet = self._facets[index]
            return not verified.get(index, False), facet.first_seen, facet.key

        return min((index for index in cluster.facets if index in ground.touching), key=rank)

    def _followed(self, target: Cluster, nameless: Cluster) -> _Ground:
        """The identifier of the class that led a nameless cluster to its target."""
        kind, only_verified = self._leads[nameless.facets[0]]
        leading = min(
            digest
            for digest, carriers in self._carriers[kind].items()
            if _has(carriers, target, only_verified=only_verified)
            and _has(carriers, nameless, only_verified=only_verified)
        )
        return _Ground(By.FOLLOWS, kind, leading, self._carrying(kind, leading))

    # -- what forbids it -------------------------------------------------------------------

    def _obstacle(self, one: Cluster, other: Cluster) -> Refused:
        ground = self._ground
        forbidden = self._forbidden(one, other, ground.kind, ground.digest)
        if forbidden is not None:
            return forbidden
        names = self._incompatible(one, other)
        return Refused(Why.NAMES, ground.kind, ground.digest, names=names)

    def _forbidden(self, one: Cluster, other: Cluster, kind: str, digest: bytes) -> Refused | None:
        """What keeps two clusters apart whatever their names are."""
        word = self.parting_word(one, other)
        if word is not None:
            return Refused(Why.CANNOT_LINK, kind, digest, word=word)
        exceeded = self._exceeded(one, other)
        if exceeded is not None:
            mine, yours = (tuple(sorted(each.values[exceeded[0]])) for each in (one, other))
            return Refused(Why.LIMIT, kind, digest, limit=Limit(*exceeded, mine, yours))
        return None

    def parting_word(self, one: Cluster, other: Cluster) -> Stamp | None:
        """The newest cannot-link that keeps two clusters apart."""
        if not self._parted(one, other):
            return None
        return max(
            self._overrides[number].stamp
            for number, side in other.sides.items()
            if ANY_SIDE not in (side, held := one.sides.get(number, side)) and held != side
        )

    def _incompatible(self, one: Cluster, other: Cluster) -> tuple[bytes, bytes]:
        """The oldest claims of either side whose names cannot be one person's."""
        return next(
            (mine.key, yours.key)
            for mine in self._by_age(one.facets)
            for yours in self._by_age(other.facets)
            if not compatible(mine.name, yours.name)
        )

    def _by_age(self, indices: Iterable[int]) -> list[Facet]:
        facets = (self._facets[index] for index in indices)
        return sorted(facets, key=lambda facet: (facet.first_seen, facet.key))

    # -- how it ended ----------------------------------------------------------------------

    def cluster_of(self, facet: bytes) -> Cluster:
        """The cluster that a facet ended in."""
        return self._of[self._index[facet]]

    def digests(self, cluster: Cluster) -> set[tuple[str, bytes]]:
        """(kind, digest) of the usable identifiers of a cluster."""
        return {
            (kind, each.digest) for index in cluster.facets for kind, each in self._usable[index]
        }

    def ordered(self, identifiers: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        """Strongest kind first, then digest."""
        strength = list(self._rules.kinds)
        return sorted(identifiers, key=lambda each: (strength.index(each[0]), each[1]))

    def refused(self, one: Cluster, other: Cluster, kind: str, digest: bytes) -> Refused:
        """Why an identifier that two clusters ended with did not join them."""
        for meeting in reversed(self._meetings.get(digest, ())):
            met = self._of[meeting.one], self._of[meeting.other]
            if met == (one, other):
                return meeting.refused
            if met == (other, one):
                return _turned(meeting.refused)
        return self._forbidden(one, other, kind, digest) or Refused(Why.NAMELESS, kind, digest)

    def leads_to(self, facet: bytes) -> tuple[bytes, ...]:
        """A facet of each named cluster that the cluster of a facet leads to."""
        found = self._strongest_targets(self.cluster_of(facet), None)
        return tuple(min(self._facets[index].key for index in each.facets) for each in found)


def _has(carriers: list[tuple[int, bool]], cluster: Cluster, *, only_verified: bool) -> bool:
    members = frozenset(cluster.facets)
    return any(index in members and (verified or not only_verified) for index, verified in carriers)


def _turned(refused: Refused) -> Refused:
    """The same as the other side tells it."""
    names, limit = refused.names, refused.limit
    return replace(
        refused,
        names=names and names[::-1],
        limit=limit and replace(limit, mine=limit.yours, yours=limit.mine),
    )
