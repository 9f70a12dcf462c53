"""What a group that is too large gives up, identifier by identifier, until it fits.

The catch behind all other limits. Each step marks the most contested identifier as shared, and
looks again only at what that one held together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from icustomer.core.grouping import connected
from icustomer.core.model import Facet, Override
from icustomer.core.names import largest_incompatible
from icustomer.core.rules import Rules
from icustomer.core.sharing import Marks

Weight = tuple[int, int, bytes]
"""The largest set of incompatible names, the carriers, the digest."""


class Fitting:
    """One run over the facets of a part. The marks are brought up to date meanwhile."""

    def __init__(
        self,
        facets: Mapping[bytes, Facet],
        marks: Marks,
        overrides: Sequence[Override],
        rules: Rules,
    ) -> None:
        self._marks = marks
        self._overrides = overrides
        self._limit = rules.max_group
        self._seen = marks.seen(facets.values())
        self._digests: dict[bytes, list[bytes]] = {key: [] for key in facets}
        for digest, carrying in self._seen.carriers.items():
            for facet in carrying:
                self._digests[facet.key].append(digest)
        self._weights: dict[bytes, Weight] = {}

    def fit(self, large: Sequence[Sequence[bytes]]) -> dict[bytes, tuple[str, str]]:
        """Mark identifiers until no piece is too large that has one left to be marked: digest
        to (kind, rule) of each. `large`: the keys of the facets of each group above the limit.
        """
        marked: dict[bytes, tuple[str, str]] = {}
        waiting = list(large)
        while waiting:
            keys = waiting.pop()
            digest = self._most_contested(keys)
            if digest is None:
                continue
            more = self._marks.give_up(digest, self._seen)
            marked |= more
            if len(more) > 1:
                # What follows from a mark may stand in any piece.
                waiting, keys = [], list(self._digests)
            waiting += self._pieces_above(keys)
        return marked

    def _pieces_above(self, keys: Sequence[bytes]) -> list[list[bytes]]:
        shared = self._marks.shared
        linkable = {
            key: [digest for digest in self._digests[key] if digest not in shared] for key in keys
        }
        return [each for each in connected(linkable, self._overrides) if len(each) > self._limit]

    def _most_contested(self, keys: Sequence[bytes]) -> bytes | None:
        """What a piece gives up first; None if nothing is left to be marked."""
        free = {
            digest for key in keys for digest in self._digests[key] if not self._marks.final(digest)
        }
        return max(free, key=self._weight) if free else None

    def _weight(self, digest: bytes) -> Weight:
        known = self._weights.get(digest)
        if known is None:
            names = self._seen.names(digest)
            carriers = len(self._seen.carriers[digest])
            known = largest_incompatible(names, len(names)), carriers, digest
            self._weights[digest] = known
        return known
