"""Graves: what was erased is kept out, and what is told later of the same claim begins anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from icustomer.core.carrying import digests
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Grave
from icustomer.core.observation import Observation
from icustomer.core.rules import Rules
from icustomer.core.sets import DisjointSets

Graves = Mapping[bytes, Grave]
"""By key."""


def buried(graves: Graves, observation: Observation) -> bool:
    """Whether the observation tells of a claim that was erased, and happened before."""
    at = observation.occurred_at
    return any(
        grave.up_to >= at
        for key in (observation.facet_key, *observation.former_keys)
        if (grave := graves.get(key)) is not None
    )


def claim_of(graves: Graves, observation: Observation, keyring: Keyring) -> tuple[bytes, int]:
    """Key and `erased_at` of the facet that an observation tells of."""
    grave = graves.get(observation.facet_key) if graves else None
    if grave is None:
        return observation.facet_key, 0
    claim = observation.identifiers, observation.name, observation.birth_date
    return keyring.facet(*claim, grave.up_to), grave.up_to


def base_key(facet: Facet, keyring: Keyring) -> bytes:
    """The key by which events ask for the claim of a facet, whatever was erased of it."""
    if not facet.erased_at:
        return facet.key
    return keyring.facet(facet.identifiers, facet.name, facet.birth_date)


def grave_of(
    facet: Facet, up_to: int, former: Grave | None, marks: Collection[bytes], keyring: Keyring
) -> Grave:
    """The grave of a facet. `former`: of the same claim; `marks`: what outlasts the facet."""
    if former is None:
        return Grave(base_key(facet, keyring), up_to, tuple(sorted(marks)))
    return Grave(former.key, max(up_to, former.up_to), tuple(sorted({*marks, *former.marks})))


class Ground:
    """Where graves lie: with the facet of the same claim that came after them; with whoever
    carries an identifier that a person called nobody else's; else alone."""

    def __init__(self, unshared: Collection[bytes], rules: Rules, keyring: Keyring) -> None:
        self._unshared = unshared
        self._rules = rules
        self._keyring = keyring

    def lay(
        self, graves: Sequence[Grave], parts: Sequence[Sequence[Facet]]
    ) -> tuple[list[list[Grave]], list[list[Grave]]]:
        """The graves of each part, and the others, each with those it must lie with."""
        place = self._places(parts)
        laid: list[list[Grave]] = [[] for _ in parts]
        apart: list[Grave] = []
        for grave in graves:
            names = [grave.key, *self._binding(grave)]
            number = next((place[name] for name in names if name in place), None)
            (apart if number is None else laid[number]).append(grave)
        return laid, self._together(apart)

    def _places(self, parts: Sequence[Sequence[Facet]]) -> dict[bytes, int]:
        """Base key, or digest of an unshared identifier, to the part that holds it."""
        place: dict[bytes, int] = {}
        for number, facets in enumerate(parts):
            for facet in facets:
                if facet.erased_at:
                    place[base_key(facet, self._keyring)] = number
                if self._unshared:
                    carried = digests(facet, self._rules, self._keyring)
                    place |= dict.fromkeys(carried.intersection(self._unshared), number)
        return place

    def _binding(self, grave: Grave) -> list[bytes]:
        return [digest for digest in grave.marks if digest in self._unshared]

    def _together(self, graves: Sequence[Grave]) -> list[list[Grave]]:
        joined: DisjointSets[bytes] = DisjointSets([grave.key for grave in graves])
        first: dict[bytes, bytes] = {}
        for grave in graves:
            for digest in self._binding(grave):
                joined.union(first.setdefault(digest, grave.key), grave.key)
        found: dict[bytes, list[Grave]] = defaultdict(list)
        for grave in graves:
            found[joined.find(grave.key)].append(grave)
        return list(found.values())
