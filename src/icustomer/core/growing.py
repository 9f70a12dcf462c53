"""A cluster while it grows: its facets, names, sides of cannot-links, and the veto by names."""

from __future__ import annotations

from icustomer.core.model import Facet, NormalName
from icustomer.core.names import compatible

ANY_SIDE = -1
"""A cluster that a newer must-link made of two sides of a cannot-link: exempt from it."""


class Cluster:
    """A cluster while it grows."""

    __slots__ = ("age", "bound", "facets", "names", "sides", "values")

    def __init__(self, index: int, facet: Facet) -> None:
        self.facets = [index]
        self.names = {facet.name} if facet.name.parts else set[NormalName]()
        self.age = (facet.first_seen, facet.key)
        """First seen, then facet key: the smallest of its facets."""
        self.sides: dict[int, int] = {}
        """Cannot-link to the side of it that the cluster holds."""
        self.bound = False
        """A must-link is inside: its names need not all be compatible."""
        self.values: dict[str, set[bytes]] = {}
        """Kind to the usable values that it holds; only kinds of which it may hold so many."""


def names_agree(one: Cluster, other: Cluster) -> bool:
    """The veto: no name of one is incompatible with a name of the other.

    With a must-link inside, incompatible names are there by a person's word: then every name
    of one side must have a compatible one on the other.
    """
    if one.bound or other.bound:
        return _covered(one.names, other.names) or _covered(other.names, one.names)
    return all(compatible(a, b) for a in one.names for b in other.names)


def _covered(names: set[NormalName], by: set[NormalName]) -> bool:
    return all(any(compatible(name, other) for other in by) for name in names)
