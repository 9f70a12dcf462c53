"""What can join two clusters and what can keep them apart: the values that a trace is made of."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

Stamp = tuple[int, str]
"""`Override.stamp`: which command."""


class By(StrEnum):
    """What joined two claims."""

    MUST_LINK = "must_link"
    """A person's word."""
    IDENTIFIER = "identifier"
    """A pass by kind: at most one of them has no name, or their names agree."""
    FOLLOWS = "follows"
    """One has no name, and its strongest identifiers lead to the other's customer alone."""
    NAMELESS = "nameless"
    """Neither has a name, and no named customer claims the identifier."""


class Why(StrEnum):
    """What keeps two customers apart who carry one identifier."""

    CANNOT_LINK = "cannot_link"
    """A person's word."""
    NAMES = "names"
    """The veto: a name of one is incompatible with a name of the other."""
    LIMIT = "limit"
    """Together they would hold more than the rules allow a customer."""
    NAMELESS = "nameless"
    """On one side only claims without a name carry it, and those are no bridge."""


class Joined(Struct, frozen=True):
    """Two claims by which two clusters became one."""

    by: By
    one: bytes
    other: bytes
    """Facet keys; both carry the identifier, if there is one."""
    kind: str = ""
    digest: bytes = b""
    verified: bool = False
    """The identifier was verified in both."""
    word: Stamp | None = None
    """The command, of a must-link."""


class Limit(Struct, frozen=True):
    """A number of values of one kind that a customer may have, and what would exceed it."""

    kind: str
    most: int
    mine: tuple[bytes, ...]
    yours: tuple[bytes, ...]
    """Digests that either side held when they met, sorted."""


class Refused(Struct, frozen=True):
    """An identifier that two clusters carry and that did not join them."""

    why: Why
    kind: str = ""
    digest: bytes = b""
    names: tuple[bytes, bytes] | None = None
    """Facets of the two sides whose names are incompatible."""
    word: Stamp | None = None
    """The command that keeps them apart."""
    limit: Limit | None = None
    """What they would exceed together."""


class Waiting(Struct, frozen=True):
    """Facets that are nobody for now, and the customers that they might be."""

    facets: tuple[bytes, ...]
    leads_to: tuple[bytes, ...]
    """A facet of each customer that their strongest identifiers lead to."""
