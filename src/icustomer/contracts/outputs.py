"""The messages that go out: profiles, redirects of retired IDs, and identity changes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from icustomer.contracts.common import (
    Address,
    CalendarDate,
    Message,
    Money,
    Name,
    Payment,
    Scalar,
    Shipping,
    Timestamp,
)
from icustomer.contracts.events import Channel, Direction, OrderStatus, TicketStatus

RECENT = 10
"""Orders and tickets that a profile shows one by one."""
NAMED = 100
"""Retired IDs, and event IDs, that a profile names."""

_SYMBOL = "[0-9A-HJKMNP-TV-Z]"
"""Crockford's base 32."""

CustomerId = Annotated[
    str,
    StringConstraints(pattern=f"^ic_{_SYMBOL}{{4}}(-{_SYMBOL}{{4}}){{3}}-{_SYMBOL}$"),
]
Version = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
DecimalText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Use = Literal["match", "contested", "shared", "blocked", "unverified"]
Listed = Field(strict=False)


class Evidence(Message):
    """An identifier that the customer's own events claimed, whether or not it joins."""

    verified: bool
    """Whether any event proved it."""
    first_seen: Timestamp
    """Earliest `occurred_at` of the evidence that carries it."""
    last_seen: Timestamp
    """Latest one."""
    sources: Annotated[tuple[str, ...], Listed]
    """Who told it."""
    use: Use
    """`match`: it joins; `contested`: another customer claims it too; `shared`: it belongs to
    many and joins nobody; `blocked`: the rules do not match it; `unverified`: its kind joins
    only where it was verified."""


class EmailEvidence(Evidence):
    """An e-mail address."""

    value: str
    """As last written."""
    canonical: str
    """The form by which it is compared."""


class PhoneEvidence(Evidence):
    """A telephone number."""

    value: str
    """E.164: `+`, country code, number."""
    extension: str | None = None
    """Digits dialled after the number."""


class AccountEvidence(Evidence):
    """An account number."""

    service: str
    """The service that gave the number."""
    number: str
    """The number."""


class OtherEvidence(Evidence):
    """An identifier of another kind."""

    kind: str
    """Kind, of the rules or unknown to them."""
    value: str
    """Trimmed."""


class ProfileAddress(Address):
    """An address and what it is for."""

    kind: Literal["home", "shipping"]
    """From a signup, or from an order."""
    last_seen: Timestamp
    """When it was last told."""


class Consent(Message):
    """The person's word on one purpose."""

    granted: bool
    """Whether they agree."""
    at: Timestamp
    """When they said so."""
    source: str
    """To whom."""


class ProfileLoyalty(Message):
    """Standing in one loyalty program."""

    program: str
    """The program."""
    tier: str | None = None
    """Level."""
    points: int | None = None
    """Balance in points."""
    updated_at: Timestamp
    """When it was last told."""


class RecentOrder(Message):
    """One of the newest orders."""

    order_id: str
    """Its number."""
    status: OrderStatus
    """Where it stands."""
    placed_at: Timestamp
    """Earliest `occurred_at` of any event that told of it."""
    updated_at: Timestamp
    """Latest one."""
    total: Money | None = None
    """What it costs."""
    shipping: Shipping | None = None
    """Where the parcel is."""
    payment: Payment | None = None
    """How it was paid."""


class Orders(Message):
    """The customer's orders, each counted once."""

    count: Count
    """How many, cancelled and refunded ones included."""
    by_status: dict[OrderStatus, Count]
    """How many stand where."""
    totals: dict[str, DecimalText]
    """Currency to the sum, exact; cancelled and refunded orders are left out."""
    first_at: Timestamp | None
    """When the first was placed."""
    last_at: Timestamp | None
    """When one was last placed or moved on."""
    exact: bool
    """False: old orders were added up and are no longer known one by one."""
    recent: Annotated[tuple[RecentOrder, ...], Listed] = Field(max_length=RECENT)
    """The newest, newest first."""


class RecentTicket(Message):
    """One of the newest support tickets."""

    ticket_id: str
    """Its number."""
    status: TicketStatus
    """Where it stands."""
    channel: Channel | None = None
    """By what means."""
    direction: Direction | None = None
    """Who got in touch."""
    subject: str | None = None
    """What it is about."""
    satisfaction: Annotated[int, Field(ge=1, le=5)] | None = None
    """The person's rating, 5 the best."""
    opened_at: Timestamp
    """Earliest `occurred_at` of any event that told of it."""
    updated_at: Timestamp
    """Latest one."""


class Tickets(Message):
    """The customer's support tickets, each counted once."""

    count: Count
    """How many."""
    open: Count
    """How many are opened, pending or reopened."""
    last_at: Timestamp | None
    """When one last moved on."""
    exact: bool
    """False: old tickets were added up and are no longer known one by one."""
    recent: Annotated[tuple[RecentTicket, ...], Listed] = Field(max_length=RECENT)
    """The newest, newest first."""


class ProfileChange(Message):
    """What led to this version: a courtesy, not the full account."""

    kind: Literal["created", "matched", "merged", "split", "claimed", "redirected", "republished"]
    """What happened to the customer."""
    events: Count
    """How many events did it."""
    event_ids: Annotated[tuple[str, ...], Listed] = Field(max_length=NAMED)
    """The newest of them."""
    fields: Annotated[tuple[str, ...], Listed]
    """Fields of the profile that they touched."""


class Profile(Message):
    """Everything known of one customer. The record with the highest version of a key holds."""

    customer_id: CustomerId
    """The one ID of the person, and the record's key."""
    version: Version
    """Grows with every change of the customer; comparable for one ID only."""
    status: Literal["active", "guest", "unresolved"]
    """`guest`: only guest orders so far; `unresolved`: the evidence no longer tells who it is."""
    created_at: Timestamp
    """Kafka timestamp of the record that founded the customer."""
    updated_at: Timestamp
    """Kafka timestamp of the latest record that changed it."""
    first_seen: Timestamp
    """Earliest `occurred_at` of its events."""
    last_seen: Timestamp
    """Latest one."""
    emails: Annotated[tuple[EmailEvidence, ...], Listed]
    """E-mail addresses."""
    phones: Annotated[tuple[PhoneEvidence, ...], Listed]
    """Telephone numbers."""
    accounts: Annotated[tuple[AccountEvidence, ...], Listed]
    """Account numbers."""
    identifiers: Annotated[tuple[OtherEvidence, ...], Listed]
    """Identifiers of other kinds."""
    name: Name | None
    """The name last told."""
    birth_date: CalendarDate | None
    """The day of birth last told."""
    addresses: Annotated[tuple[ProfileAddress, ...], Listed]
    """Postal addresses, the latest first."""
    locale: str | None
    """Language and region."""
    preferences: dict[str, Scalar]
    """Preference to its latest value."""
    consents: dict[str, Consent]
    """Purpose to the person's latest word."""
    loyalty: Annotated[tuple[ProfileLoyalty, ...], Listed]
    """Standing in loyalty programs."""
    orders: Orders
    """The orders, counted and summed."""
    support: Tickets
    """The support tickets, counted."""
    merged_from: Annotated[tuple[CustomerId, ...], Listed] = Field(max_length=NAMED)
    """IDs that redirect to this one, the newest."""
    merged_from_count: Count
    """How many there are."""
    change: ProfileChange | None = None
    """What led to this version."""


class RedirectProfile(Message):
    """A retired ID: the person goes on under another. Redirects may chain and never loop."""

    customer_id: CustomerId
    """The retired ID, and the record's key."""
    version: Version
    """Above every version of the profile that it replaces."""
    status: Literal["merged"]
    """Always `merged`."""
    merged_into: CustomerId
    """The ID to follow."""


ProfileRecord = Annotated[Profile | RedirectProfile, Field(discriminator="status")]


class Because(Message):
    """The identifier, event and rule that decided."""

    kind: str | None = None
    """Kind of the identifier."""
    digest: Digest | None = None
    """Keyed digest of the identifier, 32 hexadecimal digits: tells nobody the value."""
    event_id: str | None = None
    """The event or command that brought it about."""
    rule: str | None = None
    """The rule that applied."""


ChangeType = Literal[
    "created",
    "merged",
    "split",
    "claimed",
    "erased",
    "identifier_shared",
    "identifier_unshared",
    "merge_refused",
    "suspicious",
]


class IdentityChange(Message):
    """One change of who is one customer. It carries no personal data."""

    change_id: Annotated[str, StringConstraints(pattern=r"\S")]
    """The same when the change is published again."""
    type: ChangeType
    """What happened."""
    customer_id: CustomerId | None = None
    """The customer (merged: who remains; merge_refused: the older); none for
    `identifier_shared` and `identifier_unshared`."""
    version: Version
    """Version of the customer at which it happened."""
    at: Timestamp
    """Kafka timestamp of the record that brought it about."""
    retired: Annotated[tuple[CustomerId, ...], Listed] | None = None
    """`merged` only: the IDs that redirect from now on."""
    parts: Annotated[tuple[CustomerId, ...], Listed] | None = None
    """`split` only: the customers that came of it."""
    other: CustomerId | None = None
    """`merge_refused` only: the younger customer."""
    because: Because
    """What decided."""


PROFILE_RECORD: TypeAdapter[Any] = TypeAdapter(ProfileRecord)
"""Reads a record of the profile topic, whichever form it has."""
