"""A person's words: which of them concern some facets, and one word in two groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest

from msgspec.structs import replace

from icustomer.core.model import Override

Keys = tuple[bytes, ...]


def overrides_of(overrides: Iterable[Override], keys: Collection[bytes]) -> list[Override]:
    """The overrides that name one of the facets."""
    wanted = frozenset(keys)
    return [
        each
        for each in overrides
        if not wanted.isdisjoint(each.rest)
        or any(not wanted.isdisjoint(side) for side in each.sides)
    ]


def together(one: Override, other: Override) -> Override:
    """One word as two groups hold it: where facets got another key, each knows some of them."""
    if one == other:
        return one
    sides = zip_longest(one.sides, other.sides, fillvalue=())
    return replace(
        one,
        sides=tuple(_union(ours, theirs) for ours, theirs in sides),
        rest=_union(one.rest, other.rest),
    )


def renamed(override: Override, moved: Mapping[bytes, bytes]) -> Override:
    """The word with the new keys of facets beside their former ones. Those stay: another group
    may hold the same word, and nothing bears a former key again."""
    return replace(
        override,
        sides=renamed_sides(override.sides, moved),
        rest=renamed_keys(override.rest, moved),
    )


def renamed_sides(sides: tuple[Keys, ...], moved: Mapping[bytes, bytes]) -> tuple[Keys, ...]:
    """Each side with the new keys beside the former ones."""
    return tuple(renamed_keys(side, moved) for side in sides)


def renamed_keys(keys: Keys, moved: Mapping[bytes, bytes]) -> Keys:
    """The keys, and behind them what they moved to."""
    return _union(keys, tuple(moved[key] for key in keys if key in moved))


def _union(ours: Keys, theirs: Keys) -> Keys:
    return tuple(dict.fromkeys((*ours, *theirs)))
