"""The matching policy: which kinds of identifier join people, and within which limits."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field


class Match(StrEnum):
    """When an identifier of a kind may join people."""

    ALWAYS = "always"
    VERIFIED = "verified"
    """Only where the event says that it was verified; unverified claims connect groups."""
    NEVER = "never"


class KindRule(Struct, frozen=True):
    """The policy for one kind of identifier."""

    match: Match = Match.ALWAYS
    veto: bool = False
    """True: it never joins two customers whose names are incompatible."""
    transactional: bool = False
    """True: one value a transaction (a booking number); not counted by `max_linked`."""
    max_names: int = 3
    """Shared above this many mutually incompatible names."""
    max_linked: int = 20
    """Shared above this many identifiers of one other kind."""


class Rules(Struct, frozen=True):
    """The whole policy. `kinds` is ordered: strongest first."""

    kinds: dict[str, KindRule] = field(
        default_factory=lambda: {
            "account": KindRule(),
            "email": KindRule(),
            "phone": KindRule(veto=True),
        }
    )
    max_distinct_names: int = 24
    """Shared above this many distinct names, compatible or not: bounds the cost."""
    max_facets: int = 200
    """Shared above this many facets."""
    max_contested: int = 3
    """A contested identifier becomes shared beside more than this many contested ones."""
    max_group: int = 1_000
    """A group above this many facets marks its most contested identifier until it fits."""
    blocked: frozenset[bytes] = frozenset()
    """Digests of identifiers that are never matched."""


DEFAULT_RULES = Rules()
