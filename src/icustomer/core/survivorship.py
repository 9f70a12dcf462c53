"""Which of several values a profile shows: the latest, the most trusted, the verified.

Every choice is a maximum over the facets of a customer, so that order leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from icustomer.core.model import Cell, Facet, NormalName
from icustomer.core.tallies import TALLY, events_of


class Choice(StrEnum):
    """Which of several values of a field a profile shows. Ties go to the latest."""

    LATEST = "latest"
    SOURCE_ORDER = "source_order"
    """That of the most trusted source."""
    VERIFIED_FIRST = "verified_first"
    """One told together with a verified identifier before all others."""
    MOST_EVENTS = "most_events"
    """The name that most events bear; names only."""


class Survivorship(Struct, frozen=True):
    """Which of several values a profile shows, field by field."""

    name: Choice = Choice.LATEST
    birth_date: Choice = Choice.LATEST
    address: Choice = Choice.LATEST
    """Which address stands first: all are listed."""
    locale: Choice = Choice.LATEST
    preferences: Choice = Choice.LATEST
    consents: Choice = Choice.LATEST
    loyalty: Choice = Choice.LATEST


Rank = tuple[Any, ...]
CellRank = Callable[[Cell, Facet], Rank]
FacetRank = Callable[[Facet], Rank]


def is_verified(facet: Facet) -> bool:
    """Whether anything that the facet claims to be reached by was proved."""
    return any(each.verified for each in facet.identifiers)


def _latest_cell(cell: Cell, _: Facet) -> Rank:
    return (*cell.stamp, cell.source, str(cell.value))


def cell_rank(choice: Choice, trust: Mapping[str, int]) -> CellRank:
    """What the cell that a profile shows is the greatest by."""
    if choice is Choice.SOURCE_ORDER:
        return lambda cell, facet: (trust.get(cell.source, 0), *_latest_cell(cell, facet))
    if choice is Choice.VERIFIED_FIRST:
        return lambda cell, facet: (is_verified(facet), *_latest_cell(cell, facet))
    return _latest_cell


def _latest_facet(facet: Facet) -> Rank:
    return (*facet.stamp, facet.key)


def facet_rank(choice: Choice, trust: Mapping[str, int], facets: Sequence[Facet]) -> FacetRank:
    """What the facet whose name, or birth date, a profile shows is the greatest by."""
    if choice is Choice.SOURCE_ORDER:
        return lambda facet: (_trust(facet, trust), *_latest_facet(facet))
    if choice is Choice.VERIFIED_FIRST:
        return lambda facet: (is_verified(facet), *_latest_facet(facet))
    if choice is Choice.MOST_EVENTS:
        events = _events_by_name(facets)
        return lambda facet: (events[facet.name], *_latest_facet(facet))
    return _latest_facet


def _trust(facet: Facet, trust: Mapping[str, int]) -> int:
    return max((trust.get(source, 0) for source in facet.sources), default=0)


def _events_by_name(facets: Sequence[Facet]) -> dict[NormalName, int]:
    found: dict[NormalName, int] = {}
    for facet in facets:
        events = events_of(facet.cells.get(TALLY, ()))
        found[facet.name] = found.get(facet.name, 0) + events
    return found


class Survivor:
    """The choices of a policy, as the fold asks for them."""

    def __init__(self, chosen: Survivorship, trust: Mapping[str, int]) -> None:
        self._trust = trust
        self._chosen = chosen
        by_attribute = {
            "address": chosen.address,
            "locale": chosen.locale,
            "preference": chosen.preferences,
            "consent": chosen.consents,
            "loyalty": chosen.loyalty,
        }
        self._ranks = {name: cell_rank(choice, trust) for name, choice in by_attribute.items()}
        self.latest_cells = all(choice is Choice.LATEST for choice in by_attribute.values())
        """Cells are chosen by their own stamp alone: nobody need know which facet they are of."""

    def name(self, facets: Sequence[Facet]) -> Facet:
        """Whose name is shown; `facets`: those with one."""
        return max(facets, key=facet_rank(self._chosen.name, self._trust, facets))

    def birth_date(self, facets: Sequence[Facet]) -> Facet:
        """Whose birth date is shown; `facets`: those with one."""
        return max(facets, key=facet_rank(self._chosen.birth_date, self._trust, facets))

    def cells(self, facets: Sequence[Facet]) -> dict[str, list[Cell]]:
        """Attribute to the one cell that is shown of it."""
        found: dict[str, list[tuple[Cell, Facet]]] = {}
        for facet in facets:
            for attribute, cells in facet.cells.items():
                found.setdefault(attribute, []).extend((cell, facet) for cell in cells)
        return {
            attribute: [self._shown(attribute, told)]
            for attribute, told in found.items()
            if attribute != TALLY
        }

    def _shown(self, attribute: str, told: Sequence[tuple[Cell, Facet]]) -> Cell:
        rank = self._ranks[attribute.partition(":")[0]]
        return max(told, key=lambda each: rank(*each))[0]

    def addresses(self, facets: Sequence[Facet]) -> list[tuple[str, Cell]]:
        """(use, latest cell) of each distinct address of each use, best first."""
        rank = self._ranks["address"]
        best: dict[str, tuple[Rank, tuple[str, Cell]]] = {}
        for facet in facets:
            for use in ADDRESS_USES:
                for cell in facet.cells.get(f"address:{use}", ()):
                    text = address_text(use, cell)
                    ranked, (_, latest) = best.get(text, (rank(cell, facet), (use, cell)))
                    latest = max(latest, cell, key=lambda each: each.stamp)
                    best[text] = max(ranked, rank(cell, facet)), (use, latest)
        ordered = sorted(best, key=lambda text: (best[text][0], text), reverse=True)
        return [best[text][1] for text in ordered]


ADDRESS_USES = ("home", "shipping")


def address_text(use: str, cell: Cell) -> str:
    """The same for the same address in the same use."""
    return repr((use, sorted(cell.value.items())))
