"""Which rule kept two customers apart whom an identifier would have joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from icustomer.core.model import Override

Sides = Mapping[bytes, frozenset[int]]
"""Facet to the sides of one cannot-link on which it is named."""


class Words:
    """The cannot-links of a part, as they are looked at for two customers."""

    def __init__(self, overrides: Iterable[Override]) -> None:
        self._sides = [_sides(each) for each in overrides if each.kind == "cannot"]

    def part(self, one: Collection[bytes], other: Collection[bytes]) -> bool:
        """Whether a word keeps the facets of the one from those of the other: each stands on one
        side, and not on the same. Who stands on several is exempt."""
        return any(_differ(_held(sides, one), _held(sides, other)) for sides in self._sides)


def exceeds(
    limits: Iterable[tuple[str, int]],
    one: Collection[tuple[bytes, str]],
    other: Collection[tuple[bytes, str]],
) -> bool:
    """Whether both together hold more values of a kind than the rules allow, and than either holds
    by itself. `limits`: (kind, most); the others: (digest, kind) of what may join each."""
    return any(
        len(mine | yours) > max(most, len(mine), len(yours))
        for kind, most in limits
        for mine, yours in [(_of_kind(kind, one), _of_kind(kind, other))]
    )


def _sides(override: Override) -> Sides:
    found: dict[bytes, frozenset[int]] = defaultdict(frozenset)
    for number, keys in enumerate(override.sides):
        rest = override.rest if number == 1 else ()
        for key in (*keys, *rest):
            found[key] |= {number}
    return found


def _held(sides: Sides, keys: Collection[bytes]) -> frozenset[int]:
    return frozenset(side for key in keys if key in sides for side in sides[key])


def _differ(mine: frozenset[int], yours: frozenset[int]) -> bool:
    return len(mine) == len(yours) == 1 and mine != yours


def _of_kind(kind: str, claims: Collection[tuple[bytes, str]]) -> set[bytes]:
    return {digest for digest, its_kind in claims if its_kind == kind}
