"""What persons ask to be erased, and the oracle's word on what is left: pure, over observations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from msgspec.structs import replace

from icustomer.core.change import SHARED
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.observation import Observation
from icustomer.core.rules import Rules
from worlds.observations import under

Graves = Mapping[bytes, int]
"""Key of a claim to the time up to which it was erased."""


def graves_of(groups: Iterable[Group]) -> dict[bytes, int]:
    """All graves of a state."""
    return {grave.key: grave.up_to for group in groups for grave in group.graves}


def suppressed_of(groups: Iterable[Group]) -> set[bytes]:
    """Digests of all suppressed identifiers of a state."""
    return {each.digest for group in groups for each in group.suppressed}


def outlasting(groups: Iterable[Group], links: Mapping[bytes, bytes]) -> set[bytes]:
    """Shared identifiers whose mark may hang on what was erased: those that a grave holds; where
    identifiers were suppressed, any, for their marks may have brought others about; and so may
    what was unshared, while those were there who are forgotten now."""
    shared = {digest for digest, link in links.items() if link == SHARED}
    standing = list(groups)
    graves = [grave for group in standing for grave in group.graves]
    freed = any(group.unshared for group in standing)
    if suppressed_of(standing) or (graves and freed):
        return shared
    return shared & {mark for grave in graves for mark in grave.marks}


def left_of(
    told: Sequence[Observation],
    graves: Graves,
    suppressed: Collection[bytes],
    rules: Rules,
    keyring: Keyring,
) -> list[Observation]:
    """The observations as they count once some were erased: without suppressed identifiers,
    without what was told of an erased claim before it was, and what came later as a claim of
    its own."""
    return [
        left
        for one in told
        if not _is_erased(one, graves, suppressed, keyring)
        if (left := _without(one, suppressed, graves, rules, keyring)) is not None
    ]


def _is_erased(
    one: Observation, graves: Graves, suppressed: Collection[bytes], keyring: Keyring
) -> bool:
    return any(graves.get(key, -1) >= one.occurred_at for key in _claims(one, suppressed, keyring))


def _claims(one: Observation, suppressed: Collection[bytes], keyring: Keyring) -> Iterator[bytes]:
    """Keys of the claim with any of the suppressed identifiers left out."""
    gone = [i for i in one.identifiers if keyring.identifier(i.kind, i.value) in suppressed]
    for count in range(len(gone) + 1):
        for some in combinations(gone, count):
            rest = tuple(each for each in one.identifiers if each not in some)
            yield keyring.facet(rest, one.name, one.birth_date)


def _without(
    one: Observation,
    suppressed: Collection[bytes],
    graves: Graves,
    rules: Rules,
    keyring: Keyring,
) -> Observation | None:
    rest = tuple(
        i for i in one.identifiers if keyring.identifier(i.kind, i.value) not in suppressed
    )
    digests = tuple(keyring.identifier(i.kind, i.value) for i in rest)
    base = keyring.facet(rest, one.name, one.birth_date)
    key = keyring.facet(rest, one.name, one.birth_date, graves.get(base, 0))
    left = under(rules, replace(one, identifiers=rest, digests=digests, facet_key=key))
    return left if left.digests or rest == one.identifiers else None
