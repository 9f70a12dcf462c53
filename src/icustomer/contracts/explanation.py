"""What `icustomer explain` answers: how a customer was put together, and why two are one or not."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from icustomer.contracts.common import CalendarDate, Message
from icustomer.contracts.explained_identifiers import (
    ClaimedIdentifier,
    DerivedIdentifier,
    Kept,
    KnownIdentifier,
    Limit,
    Mark,
    NotUsed,
    Time,
    Underived,
)
from icustomer.contracts.outputs import ChangeType, CustomerId, Version

Number = Annotated[int, Field(ge=1)]
"""Of a claim within its document, the oldest first."""

JoinRule = Literal["must_link", "identifier", "follows", "nameless"]
Reason = Literal[
    "cannot_link",
    "names",
    "limit",
    "nameless",
    "shared",
    "blocked",
    "placeholder",
    "never",
    "unknown_kind",
    "only_derived",
    "unverified",
    "rules_changed",
    "no_common_identifier",
]


class WrittenName(Message):
    """A name as written."""

    given: str | None = None
    """Given name or names."""
    family: str | None = None
    """Family name."""
    full: str | None = None
    """The whole name, where nobody told the parts apart."""


class Told(Message):
    """The event that told something."""

    source: str | None = None
    """The system that told it, as far as that was kept."""
    event_id: str
    """The source's ID of the event."""


class Claim(Message):
    """All events that said the same of who somebody is: the unit of evidence."""

    number: Number
    """By which the rest of the document names it."""
    customer_id: CustomerId | None = None
    """The customer that it belongs to; none while it is nobody's."""
    ids: Annotated[tuple[CustomerId, ...], Kept] = ()
    """Customer IDs that hang on it, retired ones too: they go where it goes."""
    name: WrittenName | None = None
    """As the latest event wrote it."""
    birth_date: CalendarDate | None = None
    """Day of birth."""
    identifiers: Annotated[tuple[ClaimedIdentifier, ...], Kept]
    """All that it states."""
    derived: Annotated[tuple[DerivedIdentifier, ...], Kept] = ()
    """What the rules make of several of its fields."""
    underived: Annotated[tuple[Underived, ...], Kept] = ()
    """What they would make, were a part not blocked or ambiguous."""
    first_seen: Time
    """Earliest `occurred_at` of its events."""
    last_seen: Time
    """Latest one."""
    sources: Annotated[tuple[str, ...], Kept]
    """Who told it."""
    founded_at: Time
    """Kafka timestamp of the record that told it first."""
    founded_by: Told
    """The event of that record."""
    records: dict[str, int]
    """Input partition to the offset of the last record that added something."""


class Word(Message):
    """A command: a person's word. Who gave it, and why, stands in its event."""

    command: Literal["merge", "split", "undone"]
    """`undone`: a merge that a later split took back."""
    event_id: str
    """The command's event."""
    at: Time
    """Its `occurred_at`."""
    customer_ids: Annotated[tuple[CustomerId, ...], Kept] = ()
    """The customers that it named."""


class Join(Message):
    """Two claims by which two clusters of claims became one."""

    claims: Annotated[tuple[Number, Number], Kept]
    """Their numbers."""
    rule: JoinRule
    """`must_link`: a person's word; `identifier`: both state it, and names agree or its kind asks
    for no names; `follows`: one has no name, and its strongest identifiers lead to the other's
    customer alone; `nameless`: neither has a name, and no named customer claims the
    identifier."""
    identifier: KnownIdentifier | None = None
    """What both state; none for a person's word."""
    verified: bool
    """Whether it was proved in both."""
    at: Time
    """When it came about: Kafka timestamp of the record that told the later of the two claims;
    for a person's word the command's `occurred_at`."""
    told: Told
    """The event of that record, or the command."""


class Change(Message):
    """A decision that the group remembers, as it was published."""

    type: ChangeType
    """What happened."""
    at: Time
    """Kafka timestamp of the record that brought it about."""
    customer_id: CustomerId | None = None
    """The customer (merged: who remained; merge_refused: the older)."""
    others: Annotated[tuple[CustomerId, ...], Kept] = ()
    """IDs that retired, parts of a split, or the younger customer of a refusal."""
    identifier: KnownIdentifier | None = None
    """What decided."""
    event_id: str | None = None
    """The event or command."""
    rule: str | None = None
    """The rule."""


class Obstacle(Message):
    """What stands between two customers."""

    customer_id: CustomerId | None = None
    """The other one."""
    reason: Reason
    """`cannot_link`: a person's word; `names`: a veto, names that cannot be one person's; `limit`:
    more than the rules allow a customer, see `limit`; `nameless`: on one side only claims without
    a name state it, and they are no bridge; `shared`: it belongs to many, see `mark`; `blocked`,
    `placeholder`, `never`, `unknown_kind`, `only_derived`, `unverified`: it joins nobody, on one
    side at least, see `not_used`; `rules_changed`: the rules in force would join them, and what
    stands was not put together by them; `no_common_identifier`."""
    identifier: KnownIdentifier | None = None
    """What both state, if it is about one."""
    names: Annotated[tuple[str, str] | None, Kept] = None
    """A name of either that cannot be one person's, the explained customer's first."""
    command: Word | None = None
    """The person's word."""
    limit: Limit | None = None
    """What they would exceed."""
    mark: Mark | None = None
    """Why the identifier belongs to many."""
    not_used: NotUsed | None = None
    """Why it joins nobody."""


class Shared(Mark):
    """An identifier of the customer that belongs to many, and joins nobody."""

    identifier: KnownIdentifier
    """The identifier."""


class Waiting(Message):
    """A claim that may be the customer's, and is nobody's until evidence decides."""

    claim: Number
    """Its number."""
    leads_to: Annotated[tuple[CustomerId, ...], Kept]
    """Everybody that it might be."""


class Redirect(Message):
    """A retired ID that leads to the customer."""

    customer_id: CustomerId
    """The retired ID."""
    merged_into: CustomerId
    """Into which it was last published to redirect."""


class CustomerExplanation(Message):
    """How a customer was put together."""

    explains: Literal["customer"]
    """Always `customer`."""
    asked: str
    """As it was asked for."""
    customer_id: CustomerId
    """The customer."""
    status: Literal["active", "guest", "unresolved"]
    """As in the profile."""
    version: Version
    """Of the profile that this explains."""
    created_at: Time
    """Kafka timestamp of the record that founded the customer."""
    current: bool
    """False: the rules in force would cluster the claims otherwise than they stand."""
    redirects: Annotated[tuple[Redirect, ...], Kept]
    """Retired IDs that lead here, the newest first."""
    claims: Annotated[tuple[Claim, ...], Kept]
    """All claims of the customer, oldest first, and after them those that wait."""
    joins: Annotated[tuple[Join, ...], Kept]
    """What joined them: one fewer than there are claims."""
    history: Annotated[tuple[Change, ...], Kept]
    """Decisions about the customer that are remembered, oldest first."""
    history_complete: bool
    """False: older decisions may have been forgotten."""
    commands: Annotated[tuple[Word, ...], Kept]
    """Words of persons that bear on its claims, oldest first."""
    refused: Annotated[tuple[Obstacle, ...], Kept]
    """Customers that state something in common with it, and what stands between."""
    shared: Annotated[tuple[Shared, ...], Kept]
    """Its identifiers that join nobody because they belong to many."""
    unresolved: Annotated[tuple[Waiting, ...], Kept]
    """Claims that may be the customer's."""


class PairExplanation(Message):
    """Why two are one customer, or are not."""

    explains: Literal["pair"]
    """Always `pair`."""
    asked: Annotated[tuple[str, str], Kept]
    """As they were asked for."""
    customer_ids: Annotated[tuple[CustomerId, CustomerId], Kept]
    """The customers that they lead to."""
    one: bool
    """Whether that is one customer."""
    current: bool
    """False: the rules in force would cluster the claims otherwise than they stand."""
    claims: Annotated[tuple[Claim, ...], Kept]
    """The claims that the chain leads through; if they are two, all claims of both."""
    chain: Annotated[tuple[Join, ...], Kept]
    """If they are one: the shortest way from one to the other."""
    between: Annotated[tuple[Obstacle, ...], Kept]
    """If they are two: what stands between them."""


Explanation = Annotated[CustomerExplanation | PairExplanation, Field(discriminator="explains")]
EXPLANATION: TypeAdapter[Any] = TypeAdapter(Explanation)
"""Reads an explanation, whichever form it has."""
