"""Who is one customer: the clusters of a group's facets, a pure function of the set.

Strong kinds of identifier join first. A join is made only if no person's word (cannot-link)
and no veto by names stands against it. Facets without a name follow those that have one,
where only one customer can be meant. All orders come from the evidence (first seen, digest),
never from arrival. The rules are explained in docs/explanation/clustering.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from icustomer.core.carrying import linkable
from icustomer.core.growing import ANY_SIDE, Cluster, names_agree
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Override
from icustomer.core.rules import Match, Rules


class Clustered(Struct, frozen=True):
    """One cluster: the facet keys, sorted, and whether it stands for a person."""

    facets: tuple[bytes, ...]
    resolved: bool


class Usable(Struct, frozen=True):
    """An identifier that may join the facet that carries it."""

    digest: bytes
    verified: bool


def cluster(
    facets: Sequence[Facet],
    shared: Collection[bytes],
    overrides: Sequence[Override],
    rules: Rules,
    keyring: Keyring,
) -> list[Clustered]:
    """The clusters of one connected set of facets, oldest first.

    `shared` holds the digests that carry the mark. Unresolved clusters are among the answer.
    """
    if len(facets) == 1 and not overrides:
        return [_alone(facets[0], shared, rules, keyring)]
    return _Clustering(facets, shared, overrides, rules, keyring).run()


def usable_identifiers(
    facet: Facet, shared: Collection[bytes], rules: Rules, keyring: Keyring
) -> Iterator[tuple[str, Usable]]:
    """(kind, identifier) of those that may join this facet to others."""
    for kind, digest, verified in linkable(facet, shared, rules, keyring):
        if verified or rules.kinds[kind].match is Match.ALWAYS:
            yield kind, Usable(digest, verified)


def _alone(facet: Facet, shared: Collection[bytes], rules: Rules, keyring: Keyring) -> Clustered:
    """A facet by itself is a person if it has a name or anything to be recognised by."""
    resolved = bool(facet.name.parts) or any(
        True for _ in usable_identifiers(facet, shared, rules, keyring)
    )
    return Clustered((facet.key,), resolved)


class _Clustering:
    """One run over one set of facets. Facets are told by their index."""

    def __init__(
        self,
        facets: Sequence[Facet],
        shared: Collection[bytes],
        overrides: Sequence[Override],
        rules: Rules,
        keyring: Keyring,
    ) -> None:
        self._facets = facets
        self._rules = rules
        self._of = [Cluster(index, facet) for index, facet in enumerate(facets)]
        self._index = {facet.key: index for index, facet in enumerate(facets)}
        self._overrides = sorted(overrides, key=lambda each: each.stamp)
        self._carriers: dict[str, dict[bytes, list[tuple[int, bool]]]] = {
            kind: defaultdict(list) for kind in rules.kinds
        }
        """Kind to digest to (facet, verified there)."""
        self._usable: list[list[tuple[str, Usable]]] = []
        for index, facet in enumerate(facets):
            usable = list(usable_identifiers(facet, shared, rules, keyring))
            self._usable.append(usable)
            for kind, identifier in usable:
                self._carriers[kind][identifier.digest].append((index, identifier.verified))
        self._limits = rules.limits
        for kind, _ in self._limits:
            for index, usable in enumerate(self._usable):
                held = {identifier.digest for its_kind, identifier in usable if its_kind == kind}
                self._of[index].values[kind] = held

    def run(self) -> list[Clustered]:
        self._obey_overrides()
        for override in self._overrides:
            if override.kind == "cannot":
                for side in override.sides:
                    self._join_evidence(self._present(side))
        everything = range(len(self._facets))
        self._join_evidence(everything)
        return [self._clustered(each) for each in self._clusters(everything)]

    # -- overrides -------------------------------------------------------------------

    def _obey_overrides(self) -> None:
        """Newest first, each within what the newer ones leave free."""
        for number in range(len(self._overrides) - 1, -1, -1):
            override = self._overrides[number]
            if override.kind == "cannot":
                self._forbid(number, override)
            elif override.kind == "must":
                self._bind(override)

    def _present(self, keys: Iterable[bytes]) -> list[int]:
        return [self._index[key] for key in keys if key in self._index]

    def _forbid(self, number: int, override: Override) -> None:
        sides = [list(side) for side in override.sides]
        if len(sides) > 1:
            sides[1] += override.rest
        for side, keys in enumerate(sides):
            for index in self._present(keys):
                held = self._of[index].sides
                held[number] = side if held.get(number, side) == side else ANY_SIDE

    def _bind(self, override: Override) -> None:
        members = self._present(key for side in override.sides for key in side)
        self._join_to_earlier(self._clusters(members), self._unparted)
        for each in self._clusters(members):
            each.bound = each.bound or len(each.facets) > 1

    # -- joining ---------------------------------------------------------------------

    def _clusters(self, members: Iterable[int]) -> list[Cluster]:
        """The distinct clusters of some facets, oldest first."""
        distinct = {id(self._of[index]): self._of[index] for index in members}
        if len(distinct) == 1:
            return list(distinct.values())
        return sorted(distinct.values(), key=lambda each: each.age)

    def _join(self, one: Cluster, other: Cluster) -> None:
        one.facets += other.facets
        for index in other.facets:
            self._of[index] = one
        one.names |= other.names
        one.age = min(one.age, other.age)
        one.bound |= other.bound
        for number, side in other.sides.items():
            held = one.sides.get(number, side)
            one.sides[number] = side if held == side else ANY_SIDE
        for kind, values in other.values.items():
            one.values[kind] |= values

    def _parted(self, one: Cluster, other: Cluster) -> bool:
        """Whether a cannot-link keeps the two apart."""
        for number, side in other.sides.items():
            held = one.sides.get(number, side)
            if held != side and ANY_SIDE not in (held, side):
                return True
        return False

    def _unparted(self, one: Cluster, other: Cluster) -> bool:
        return not self._parted(one, other)

    def _allowed(self, one: Cluster, other: Cluster) -> bool:
        """Whether evidence may join the two: no cannot-link and no limit forbids it."""
        return not self._parted(one, other) and self._exceeded(one, other) is None

    def _exceeded(self, one: Cluster, other: Cluster) -> tuple[str, int] | None:
        """The limit (kind, number) that both together would exceed: more values of a kind than
        a customer may have, and more than either holds by itself."""
        for limit in self._limits:
            kind, most = limit
            together = len(one.values[kind] | other.values[kind])
            if together > max(most, len(one.values[kind]), len(other.values[kind])):
                return limit
        return None

    def _agreeing(self, one: Cluster, other: Cluster) -> bool:
        return self._allowed(one, other) and names_agree(one, other)

    def _join_evidence(self, members: Collection[int]) -> None:
        """Join by kinds, strongest first; then let the nameless follow. Members only."""
        if len(members) < 2:  # noqa: PLR2004 - nobody to join: each side of a split of all
            return
        scope = None if len(members) == len(self._facets) else frozenset(members)
        for kind in self._rules.kinds:
            self._pass(kind, self._within(kind, scope, only_verified=True))
            self._pass(kind, self._within(kind, scope, only_verified=False))
        self._follow_names(members, scope)
        self._join_nameless_rest(members, scope)

    def _within(
        self, kind: str, scope: frozenset[int] | None, *, only_verified: bool
    ) -> list[tuple[int, bytes, list[int]]]:
        """Identifiers of a kind that several facets carry: first seen, digest, carriers."""
        found = []
        for digest, carrying in self._carriers[kind].items():
            members = [
                index
                for index, verified in carrying
                if (verified or not only_verified) and (scope is None or index in scope)
            ]
            if len(members) > 1:
                first_seen = min(self._facets[index].first_seen for index in members)
                found.append((first_seen, digest, members))
        return sorted(found)

    def _pass(self, kind: str, identifiers: list[tuple[int, bytes, list[int]]]) -> None:
        veto = self._rules.kinds[kind].veto
        for _, _, members in identifiers:
            named = [each for each in self._clusters(members) if each.names]
            self._join_to_earlier(named, self._agreeing if veto else self._allowed)
            if veto:
                continue
            together = self._clusters(members)
            if sum(1 for each in together if each.names) <= 1:
                self._join_to_earlier(together, self._allowed)

    def _join_to_earlier(
        self, clusters: list[Cluster], may_join: Callable[[Cluster, Cluster], bool]
    ) -> None:
        """Each to the first earlier one that it may join."""
        remaining: list[Cluster] = []
        for later in clusters:
            for earlier in remaining:
                if may_join(earlier, later):
                    self._join(earlier, later)
                    break
            else:
                remaining.append(later)

    # -- facets without a name -----------------------------------------------------------

    def _follow_names(self, members: Collection[int], scope: frozenset[int] | None) -> None:
        """Simultaneous rounds: each nameless cluster joins the one customer it leads to."""
        moved = True
        while moved:
            moved = False
            wanted = [
                (nameless, target)
                for nameless in self._clusters(members)
                if not nameless.names
                and len(targets := self._strongest_targets(nameless, scope)) == 1
                for target in targets
            ]
            for nameless, target in wanted:
                moved |= self._follow(self._of[target.facets[0]], nameless)

    def _follow(self, target: Cluster, nameless: Cluster) -> bool:
        """Whether a nameless cluster may join, and does join, the customer it leads to."""
        if not self._allowed(target, nameless):
            return False
        self._join(target, nameless)
        return True

    def _strongest_targets(self, nameless: Cluster, scope: frozenset[int] | None) -> list[Cluster]:
        """The named clusters that its strongest class of identifier leads to.

        Classes: kinds by strength, in each verified on both sides before any.
        """
        for kind in self._rules.kinds:
            for only_verified in (True, False):
                targets = self._targets(nameless, scope, kind, only_verified=only_verified)
                if targets:
                    return targets
        return []

    def _targets(
        self, nameless: Cluster, scope: frozenset[int] | None, kind: str, *, only_verified: bool
    ) -> list[Cluster]:
        digests = {
            identifier.digest
            for index in nameless.facets
            if scope is None or index in scope
            for its_kind, identifier in self._usable[index]
            if its_kind == kind and (identifier.verified or not only_verified)
        }
        carriers = [
            index
            for digest in digests
            for index, verified in self._carriers[kind][digest]
            if (verified or not only_verified) and (scope is None or index in scope)
        ]
        return [each for each in self._clusters(carriers) if each.names]

    def _join_nameless_rest(self, members: Collection[int], scope: frozenset[int] | None) -> None:
        """Those that follow nobody join each other by what no named customer claims."""
        rest = [each for each in self._clusters(members) if not each.names]
        if len(rest) < 2:  # noqa: PLR2004 - one alone has nobody to join
            return
        nameless = frozenset(
            index for each in rest for index in each.facets if scope is None or index in scope
        )
        for kind in self._rules.kinds:
            for only_verified in (True, False):
                identifiers = self._within(kind, nameless, only_verified=only_verified)
                for _, digest, carrying in identifiers:
                    able = [
                        each
                        for each in self._clusters(carrying)
                        if self._is_free(each, kind, digest, scope)
                    ]
                    self._join_to_earlier(able, self._allowed)

    def _is_free(
        self, nameless: Cluster, kind: str, digest: bytes, scope: frozenset[int] | None
    ) -> bool:
        """Whether no named customer that it might join carries the identifier."""
        carriers = (
            index for index, _ in self._carriers[kind][digest] if scope is None or index in scope
        )
        return not any(
            other.names and self._allowed(other, nameless) for other in self._clusters(carriers)
        )

    def _has_free(self, nameless: Cluster) -> bool:
        return any(
            self._is_free(nameless, kind, identifier.digest, None)
            for index in nameless.facets
            for kind, identifier in self._usable[index]
        )

    def _clustered(self, each: Cluster) -> Clustered:
        keys = tuple(sorted(self._facets[index].key for index in each.facets))
        resolved = bool(each.names) or self._commanded(keys) or self._has_free(each)
        return Clustered(keys, resolved)

    def _commanded(self, keys: Sequence[bytes]) -> bool:
        """Whether a person's word names one of the facets."""
        return any(
            key in side
            for override in self._overrides
            if override.kind != "void"
            for side in (*override.sides, override.rest)
            for key in keys
        )
