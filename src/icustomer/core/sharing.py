"""Which identifiers are shared: seen with so many people that they tell nobody apart.

A mark is final. It depends on all carriers of an identifier, counted before anything is
dropped, so it comes to the same whatever the order of arrival.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from icustomer.core.carrying import connecting, digests
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, NormalName
from icustomer.core.names import largest_incompatible
from icustomer.core.rules import KindRule, Rules

Carriers = Mapping[bytes, list[Facet]]
"""Digest of a connectable identifier to the facets that carry it."""


class Seen:
    """What a set of facets shows of its identifiers, marks left out: looked at once, however
    many marks are made of it."""

    def __init__(self, carriers: Carriers, rules: Rules, keyring: Keyring) -> None:
        self.carriers = carriers
        self._rules = rules
        self._keyring = keyring
        self._names: dict[bytes, set[NormalName]] = {}
        self._incompatible: dict[bytes, bool] = {}
        self._beside: dict[bytes, set[bytes]] = {}

    def names(self, digest: bytes) -> set[NormalName]:
        """The distinct names that an identifier was seen with."""
        known = self._names.get(digest)
        if known is None:
            known = self._names[digest] = distinct_names(self.carriers[digest])
        return known

    def incompatible(self, digest: bytes) -> bool:
        """Whether two of them are incompatible."""
        known = self._incompatible.get(digest)
        if known is None:
            known = self._incompatible[digest] = is_incompatible(self.names(digest))
        return known

    def beside(self, digest: bytes) -> set[bytes]:
        """All that stands in one facet with it, itself included."""
        known = self._beside.get(digest)
        if known is None:
            known = self._beside[digest] = {
                each
                for facet in self.carriers[digest]
                for each in digests(facet, self._rules, self._keyring)
            }
        return known


class Marks:
    """The marks of a set of facets, brought up to date by `update`."""

    def __init__(
        self, shared: Iterable[bytes], unshared: Iterable[bytes], rules: Rules, keyring: Keyring
    ) -> None:
        self.unshared = set(unshared)
        self.shared = set(shared) - self.unshared
        self._rules = rules
        self._keyring = keyring
        self._kinds: dict[bytes, str] = {}

    def update(self, facets: Collection[Facet]) -> dict[bytes, tuple[str, str]]:
        """Mark what the facets show to be shared: digest to (kind, rule) of each new mark."""
        if self._cannot_mark(facets):
            return {}
        seen = self.seen(facets)
        marked: dict[bytes, tuple[str, str]] = {}
        for digest in seen.carriers:
            if not self.final(digest) and (rule := self._exceeded(digest, seen)):
                marked[digest] = (self._kinds[digest], rule)
        self.shared |= marked.keys()
        return marked | self._spread(seen)

    def give_up(self, digest: bytes, seen: Seen) -> dict[bytes, tuple[str, str]]:
        """Mark an identifier of a group that is too large, and what follows from it."""
        self.shared.add(digest)
        return {digest: (self._kinds[digest], "max_group")} | self._spread(seen)

    def free(self, digest: bytes) -> None:
        """Take the mark away, for good. What was marked because of it stays so: had it been
        free from the beginning, it would have been marked too (see `_spread`)."""
        self.unshared.add(digest)
        self.shared.discard(digest)

    def final(self, digest: bytes) -> bool:
        """Whether it is marked already, or never to be."""
        return digest in self.shared or digest in self.unshared

    def seen(self, facets: Iterable[Facet]) -> Seen:
        """What some facets show of their identifiers."""
        return Seen(self._carriers(facets), self._rules, self._keyring)

    def _spread(self, seen: Seen) -> dict[bytes, tuple[str, str]]:
        """What is contested beside what is shared, until nothing is left.

        Marks are judged as if nobody had freed anything, so that it does not matter when
        somebody did: what a person frees is that identifier, and none beside it.
        """
        exceeding = frozenset(
            digest
            for digest in self.unshared
            if digest in seen.carriers and self._exceeded(digest, seen)
        )
        marked: dict[bytes, tuple[str, str]] = {}
        while more := self._contested_beside(seen, exceeding):
            self.shared |= more
            marked |= {digest: (self._kinds[digest], "contested") for digest in more}
        return marked

    def _carriers(self, facets: Iterable[Facet]) -> dict[bytes, list[Facet]]:
        """The facets by each connectable identifier that they carry, shared ones included."""
        carriers: dict[bytes, list[Facet]] = defaultdict(list)
        for facet in facets:
            for kind, digest, _ in connecting(facet, self._rules, self._keyring):
                carriers[digest].append(facet)
                self._kinds[digest] = kind
        return carriers

    def _cannot_mark(self, facets: Collection[Facet]) -> bool:
        """One facet has one name: only by many identifiers could it make one shared."""
        if len(facets) != 1:
            return False
        (facet,) = facets
        fewest = min((rule.max_linked for rule in self._rules.kinds.values()), default=0)
        return len(facet.identifiers) <= fewest and self._rules.max_facets >= 1

    def _rule(self, digest: bytes) -> KindRule:
        return self._rules.kinds[self._kinds[digest]]

    def _exceeded(self, digest: bytes, seen: Seen) -> str:
        """The limit that the identifier exceeds, or nothing."""
        rule = self._rule(digest)
        carrying = seen.carriers[digest]
        if self._claims(carrying) > self._rules.max_facets:
            return "max_facets"
        names = seen.names(digest)
        if len(names) > self._rules.max_distinct_names:
            return "max_distinct_names"
        if len(names) > rule.max_names and (
            largest_incompatible(names, rule.max_names) > rule.max_names
        ):
            return "max_names"
        if self._most_linked(digest, carrying) > rule.max_linked:
            return "max_linked"
        return ""

    def _claims(self, carrying: list[Facet]) -> int:
        """How many facets there are; those that differ in booking numbers and the like alone
        count as one, or whoever orders often would be taken for many."""
        transactional = self._rules.transactional
        if not transactional or len(carrying) <= self._rules.max_facets:
            return len(carrying)
        return len(
            {
                (
                    tuple(
                        (each.kind, each.value)
                        for each in facet.identifiers
                        if each.kind not in transactional
                    ),
                    facet.name,
                    facet.birth_date,
                )
                for facet in carrying
            }
        )

    def _most_linked(self, digest: bytes, carrying: list[Facet]) -> int:
        """The largest number of identifiers of one other kind that stand beside it; for few
        facets that hold fewer identifiers than matter, only a number above it."""
        held = sum(len(facet.identifiers) for facet in carrying)
        if held <= self._rule(digest).max_linked:
            return held
        own = self._kinds[digest]
        beside = {(each.kind, each.value) for facet in carrying for each in facet.identifiers}
        counts = Counter(kind for kind, _ in beside if kind != own and self._counts(kind))
        return max(counts.values(), default=0)

    def _counts(self, kind: str) -> bool:
        rule = self._rules.kinds.get(kind)
        return rule is not None and not rule.transactional

    def _contested_beside(self, seen: Seen, exceeding: Collection[bytes]) -> set[bytes]:
        """Contested identifiers that an identifier without veto shows to be shared.

        Such a one is shared itself, or stands beside too many contested ones: then it is
        no person's, and ties together what has nothing in common. `exceeding`: what would be
        shared, had nobody freed it.
        """
        wide = self.shared.union(exceeding) if exceeding else self.shared
        contested = {
            digest
            for digest in seen.carriers
            if self._rule(digest).veto and (digest in wide or seen.incompatible(digest))
        }
        if contested <= self.shared | self.unshared:
            return set()
        marked: set[bytes] = set()
        for digest in seen.carriers:
            if self._rule(digest).veto:
                continue
            beside = seen.beside(digest) & contested
            if digest in wide or len(beside) > self._rules.max_contested:
                marked |= beside
        return marked - self.shared - self.unshared


def distinct_names(facets: Iterable[Facet]) -> set[NormalName]:
    """The distinct names with a usable part."""
    return {facet.name for facet in facets if facet.name.parts}


def is_incompatible(names: Collection[NormalName]) -> bool:
    """Whether two of the names are incompatible."""
    return len(names) > 1 and largest_incompatible(names, 1) > 1
