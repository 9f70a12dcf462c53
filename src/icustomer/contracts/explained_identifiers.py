"""Identifiers as explanations tell them: what they are, what they do, and why some do nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from icustomer.contracts.common import Message
from icustomer.contracts.outputs import Count, Digest, Use

Time = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-03-14T08:26:53.589Z"]}
    ),
]
"""RFC 3339 in UTC, as profiles have it."""
Kept = Field(strict=False)
Unused = Literal[
    "blocked", "placeholder", "never", "unknown_kind", "only_derived", "unverified", "too_many"
]


class Part(Message):
    """What a claim says of one part of a composite identifier."""

    part: str
    """`given`, `family`, `birth_date` and so on, or a kind of identifier, as the rules name it."""
    value: str
    """Normalised, as it is compared."""


class NotUsed(Message):
    """Why something joins nobody, whoever else states it."""

    because: Unused
    """`placeholder`: on the shipped list of values that are nobody's; `blocked`: on a list of the
    rules' own; `never`: its kind is evidence alone; `unknown_kind`: the rules do not know its
    kind; `only_derived`: only the rules make identifiers of its kind, and an event stated it;
    `unverified`: its kind joins only where it was proved; `too_many`: the claim would make more of
    the kind than say who somebody is."""
    value: str | None = None
    """What is on the list, if that is a part of the identifier and not the whole."""
    listed: str | None = None
    """The entry of the list: a value, or a pattern."""
    reason: str | None = None
    """The entry's reason."""


class KnownIdentifier(Message):
    """An identifier that decided something."""

    kind: str
    """`account`, `email`, `phone`, or a kind that the rules add."""
    value: str | None = None
    """Canonical; none if the rules make it of `parts`, or if nothing here states it any more."""
    parts: Annotated[tuple[Part, ...], Kept] = ()
    """Of a composite identifier: what it is made of."""
    digest: Digest
    """Keyed digest, as identity changes name it."""


class DerivedIdentifier(KnownIdentifier):
    """A composite identifier that the rules make of what one claim states."""

    use: Use
    """What it does for the customer, as in profiles."""


class Underived(Message):
    """A composite identifier that a claim does not make, although it states all parts."""

    kind: str
    """The composite kind."""
    not_used: NotUsed
    """Why."""


class ClaimedIdentifier(Message):
    """An identifier as one claim states it."""

    kind: str
    """Kind."""
    value: str
    """The canonical form, by which it is compared."""
    written: str
    """As the claim's latest event wrote it."""
    extension: str | None = None
    """Digits dialled after a telephone number."""
    verified: bool
    """Whether an event of the claim proved it."""
    use: Use
    """What it does for the customer, as in profiles."""
    not_used: NotUsed | None = None
    """Why this claim's joins nobody, unless that is because it is shared."""


class Limit(Message):
    """A number of values that a customer may have, and what would exceed it."""

    kind: str
    """The kind whose values are counted."""
    most: Count
    """`max_per_customer` of the kind. Whoever has more by itself keeps them."""
    mine: Annotated[tuple[KnownIdentifier, ...], Kept]
    """What the explained customer's claims held when they met the others."""
    yours: Annotated[tuple[KnownIdentifier, ...], Kept]
    """What the others held."""


class Figures(Message):
    """What was seen with a shared identifier, of everybody who states it."""

    customers: Count
    """How many customers."""
    claims: Count
    """How many claims; those that differ in transactional kinds alone count once."""
    names: Count
    """Distinct names."""
    incompatible_names: Count
    """The most of these no two of which can be one person's; among more names than the rules let
    an identifier have, only whether these are too many."""
    linked: dict[str, Count]
    """Other kind to how many identifiers of it stand beside."""
    complete: bool
    """False: there are more carriers than are remembered, and all figures are at least so great."""


class Mark(Message):
    """Why an identifier belongs to many."""

    rule: str | None = None
    """The limit that it exceeded; none if that is not remembered and the figures do not show it."""
    limit: Count | None = None
    """The number that the rules in force have for it."""
    figures: Figures
    """As they are now."""
    at: Time | None = None
    """When that was found out: Kafka timestamp, if this group remembers it."""
    event_id: str | None = None
    """The event that showed it."""
