"""Which identifiers are shared: seen with so many people that they tell nobody apart.

A mark is final. It depends on all carriers of an identifier, counted before anything is
dropped, so it comes to the same whatever the order of arrival.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from icustomer.core.carrying import connecting
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, NormalName
from icustomer.core.names import largest_incompatible
from icustomer.core.rules import KindRule, Rules

Carriers = Mapping[bytes, list[Facet]]
"""Digest of a connectable identifier to the facets that carry it."""


class Marks:
    """The marks of a set of facets, brought up to date by `update`."""

    def __init__(
        self, shared: Iterable[bytes], unshared: Iterable[bytes], rules: Rules, keyring: Keyring
    ) -> None:
        self.shared = set(shared)
        self.unshared = set(unshared)
        self._rules = rules
        self._keyring = keyring
        self._kinds: dict[bytes, str] = {}

    def update(self, facets: Collection[Facet]) -> dict[bytes, tuple[str, str]]:
        """Mark what the facets show to be shared: digest to (kind, rule) of each new mark."""
        if self._cannot_mark(facets):
            return {}
        carriers = self.carriers(facets)
        marked: dict[bytes, tuple[str, str]] = {}
        for digest, carrying in carriers.items():
            if not self._final(digest) and (rule := self._exceeded(digest, carrying)):
                marked[digest] = (self._kinds[digest], rule)
        self.shared |= marked.keys()
        while more := self._contested_beside(carriers):
            self.shared |= more
            marked |= {digest: (self._kinds[digest], "contested") for digest in more}
        return marked

    def kind(self, digest: bytes) -> str:
        """Kind of an identifier that the last update saw."""
        return self._kinds[digest]

    def carriers(self, facets: Iterable[Facet]) -> dict[bytes, list[Facet]]:
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

    def _final(self, digest: bytes) -> bool:
        return digest in self.shared or digest in self.unshared

    def _rule(self, digest: bytes) -> KindRule:
        return self._rules.kinds[self._kinds[digest]]

    def _exceeded(self, digest: bytes, carrying: list[Facet]) -> str:
        """The limit that the identifier exceeds, or nothing."""
        rule = self._rule(digest)
        if self._claims(carrying) > self._rules.max_facets:
            return "max_facets"
        names = distinct_names(carrying)
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
        """The largest number of identifiers of one other kind that stand beside it."""
        own = self._kinds[digest]
        beside = {(each.kind, each.value) for facet in carrying for each in facet.identifiers}
        counts = Counter(kind for kind, _ in beside if kind != own and self._counts(kind))
        return max(counts.values(), default=0)

    def _counts(self, kind: str) -> bool:
        rule = self._rules.kinds.get(kind)
        return rule is not None and not rule.transactional

    def _is_contested(self, digest: bytes, carrying: list[Facet]) -> bool:
        if not self._rule(digest).veto:
            return False
        return digest in self.shared or is_incompatible(distinct_names(carrying))

    def _contested_beside(self, carriers: Carriers) -> set[bytes]:
        """Contested identifiers that an identifier without veto shows to be shared.

        Such a one is shared itself, or stands beside too many contested ones: then it is
        no person's, and ties together what has nothing in common.
        """
        contested = {
            digest for digest, carrying in carriers.items() if self._is_contested(digest, carrying)
        }
        if contested <= self.shared | self.unshared:
            return set()
        marked: set[bytes] = set()
        for digest, carrying in carriers.items():
            if self._rule(digest).veto:
                continue
            beside = self._digests(carrying) & contested
            if digest in self.shared or len(beside) > self._rules.max_contested:
                marked |= beside
        return marked - self.shared - self.unshared

    def _digests(self, facets: Iterable[Facet]) -> set[bytes]:
        return {
            digest
            for facet in facets
            for _, digest, _ in connecting(facet, self._rules, self._keyring)
        }

    def most_contested(self, facets: Collection[Facet]) -> bytes | None:
        """What a group that is too large gives up first; None if nothing is left to mark."""

        def weight(item: tuple[bytes, list[Facet]]) -> tuple[int, int, bytes]:
            digest, carrying = item
            names = distinct_names(carrying)
            return largest_incompatible(names, len(names)), len(carrying), digest

        free = [item for item in self.carriers(facets).items() if not self._final(item[0])]
        return max(free, key=weight)[0] if free else None


def distinct_names(facets: Iterable[Facet]) -> set[NormalName]:
    """The distinct names with a usable part."""
    return {facet.name for facet in facets if facet.name.parts}


def is_incompatible(names: Collection[NormalName]) -> bool:
    """Whether two of the names are incompatible."""
    return len(names) > 1 and largest_incompatible(names, 1) > 1
