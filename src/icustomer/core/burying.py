"""Graves: what was erased is kept out, and what is told later of the same claim begins anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Grave
from icustomer.core.observation import Observation

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


def without_mark(graves: Graves, digest: bytes) -> dict[bytes, Grave]:
    """The graves on which a mark stands, as they are without it."""
    return {
        key: replace(grave, marks=tuple(each for each in grave.marks if each != digest))
        for key, grave in graves.items()
        if digest in grave.marks
    }


def lay(
    graves: Sequence[Grave], parts: Sequence[Sequence[Facet]], keyring: Keyring
) -> tuple[list[list[Grave]], list[Grave]]:
    """The graves of each part, which lie with the facet of the same claim that came after them;
    and those that lie alone."""
    place = {
        base_key(facet, keyring): number
        for number, facets in enumerate(parts)
        for facet in facets
        if facet.erased_at
    }
    laid: list[list[Grave]] = [[] for _ in parts]
    for grave in graves:
        if grave.key in place:
            laid[place[grave.key]].append(grave)
    return laid, [grave for grave in graves if grave.key not in place]
