"""Groups: which facets are stored together, under which ID, and which links lead there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from icustomer.core.carrying import connecting, linkable
from icustomer.core.change import SHARED, SUPPRESSED
from icustomer.core.composites import Claim
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Grave, Group, Override, Suppressed
from icustomer.core.naming import oldest
from icustomer.core.rules import Rules
from icustomer.core.sets import DisjointSets


def components(
    facets: Mapping[bytes, Facet],
    shared: Collection[bytes],
    overrides: Sequence[Override],
    rules: Rules,
    keyring: Keyring,
) -> list[list[bytes]]:
    """Keys of the facets that linkable identifiers or must-links connect."""
    if len(facets) == 1:
        return [list(facets)]
    linkable_of = {
        key: [digest for _, digest, _ in linkable(facet, shared, rules, keyring)]
        for key, facet in facets.items()
    }
    return connected(linkable_of, overrides)


def connected(
    digests: Mapping[bytes, Iterable[bytes]], overrides: Sequence[Override]
) -> list[list[bytes]]:
    """Keys of the facets that the digests given for each, or must-links, connect."""
    joined = DisjointSets(digests)
    carrier: dict[bytes, bytes] = {}
    for key, carried in digests.items():
        for digest in carried:
            joined.union(carrier.setdefault(digest, key), key)
    for override in overrides:
        if override.kind == "must":
            named = [key for side in override.sides for key in side if key in digests]
            for key in named[1:]:
                joined.union(named[0], key)
    return joined.sets()


class Claimant(Claim, Protocol):
    """What claims identifiers: a facet, or as much of one."""

    @property
    def key(self) -> bytes: ...


class Claimants(Protocol):
    """A group, or as much of one."""

    @property
    def id(self) -> bytes: ...

    @property
    def facets(self) -> Sequence[Claimant]: ...

    @property
    def shared(self) -> Sequence[bytes]: ...

    @property
    def unshared(self) -> Sequence[bytes]: ...

    @property
    def graves(self) -> Sequence[Grave]: ...

    @property
    def suppressed(self) -> Sequence[Suppressed]: ...


class Places(Struct):
    """Where the store must point: links by digest, and the index of shared identifiers."""

    links: dict[bytes, bytes] = field(default_factory=dict)
    index: set[tuple[bytes, bytes]] = field(default_factory=set)
    """(digest, group ID)."""

    def add(
        self,
        group_id: bytes,
        facets: Iterable[Claimant],
        shared: Collection[bytes],
        rules: Rules,
        keyring: Keyring,
    ) -> None:
        """Point to a group from all that its facets carry."""
        for facet in facets:
            alone = True
            for _, digest, _ in connecting(facet, rules, keyring):
                if digest in shared:
                    self.links[digest] = SHARED
                    self.index.add((digest, group_id))
                else:
                    self.links[digest] = group_id
                    alone = False
            if alone:
                self.links[facet.key] = group_id

    def add_graves(self, group: Claimants) -> None:
        """Point to a group from its graves, and from what outlasts those who lie there."""
        shared = frozenset(group.shared)
        for grave in group.graves:
            self.links[grave.key] = group.id
            for digest in shared.intersection(grave.marks):
                self.links[digest] = SHARED
                self.index.add((digest, group.id))


def places_of(groups: Iterable[Claimants], rules: Rules, keyring: Keyring) -> Places:
    """All that must point to the groups."""
    places = Places()
    suppressed: list[bytes] = []
    for group in groups:
        places.add(group.id, group.facets, frozenset(group.shared), rules, keyring)
        if group.graves:
            places.add_graves(group)
        if not group.facets:
            places.links |= dict.fromkeys(group.unshared, group.id)
        suppressed += [each.digest for each in group.suppressed]
    # Last: while a suppressed identifier is being taken out, some groups still carry it.
    places.links |= dict.fromkeys(suppressed, SUPPRESSED)
    return places


class Held(NamedTuple):
    """What a group is to hold: facets, or graves, or both."""

    facets: Sequence[Facet]
    graves: Sequence[Grave]

    @property
    def keys(self) -> list[bytes]:
        """Of all that lies in it."""
        return [each.key for each in self.facets] + [each.key for each in self.graves]


def group_ids(parts: Sequence[Held], former: Sequence[Group]) -> list[bytes]:
    """The ID of each part: the largest former group keeps its own where its ID's facet or grave
    is; the others take the key of their oldest facet, or of their first grave."""
    by_size = sorted(former, key=lambda group: (-len(group.facets), group.id))
    kept: dict[int, bytes] = {}
    place = {key: number for number, part in enumerate(parts) for key in part.keys}
    for group in by_size:
        number = place.get(group.id)
        if number is not None:
            kept.setdefault(number, group.id)
    return [
        kept[number] if number in kept else _first_key(part) for number, part in enumerate(parts)
    ]


def _first_key(part: Held) -> bytes:
    return oldest(part.facets).key if part.facets else min(grave.key for grave in part.graves)
