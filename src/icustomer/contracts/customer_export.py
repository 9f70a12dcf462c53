"""What `icustomer export` hands out: all that is known of one customer, and where it came from."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

from icustomer.contracts.common import CalendarDate, Message, Money, Payment, Shipping
from icustomer.contracts.events import Channel, Direction, OrderStatus, TicketStatus
from icustomer.contracts.explained_identifiers import Kept, NotUsed, Time
from icustomer.contracts.explanation import CustomerExplanation, Number, WrittenName
from icustomer.contracts.outputs import Count, CustomerId, DecimalText, Profile, Use


class _AsProfile:
    """Described by the schema of profiles; the value is handed on as it was published."""

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(Profile.__pydantic_core_schema__)


class StatedIdentifier(Message):
    """How one claim states an identifier."""

    claim: Number
    """The claim's number in `identity`."""
    written: str
    """As the claim's latest event wrote it."""
    extension: str | None = None
    """Digits dialled after a telephone number."""
    verified: bool
    """Whether an event of the claim proved it."""
    not_used: NotUsed | None = None
    """Why it joins nobody there, unless that is because it is shared."""
    first_seen: Time
    """Earliest `occurred_at` of the claim's events."""
    last_seen: Time
    """Latest one."""
    sources: Annotated[tuple[str, ...], Kept]
    """Who told it."""


class KeptIdentifier(Message):
    """An identifier with all that was said of it."""

    kind: str
    """Kind."""
    value: str
    """The canonical form, by which it is compared."""
    use: Use
    """What it does for the customer, as in profiles."""
    verified: bool
    """Whether any event proved it."""
    first_seen: Time
    """Earliest `occurred_at` of the evidence that states it."""
    last_seen: Time
    """Latest one."""
    tellings: Annotated[tuple[StatedIdentifier, ...], Kept]
    """By each claim, oldest first."""


class KeptName(Message):
    """A name under which the customer was seen."""

    claim: Number
    """The claim that states it."""
    name: WrittenName
    """As the claim's latest event wrote it."""
    last_seen: Time
    """When that was."""
    sources: Annotated[tuple[str, ...], Kept]
    """Who told it."""


class KeptBirthDate(Message):
    """A day of birth that was told."""

    claim: Number
    """The claim that states it."""
    birth_date: CalendarDate
    """The day."""
    last_seen: Time
    """When it was last told."""
    sources: Annotated[tuple[str, ...], Kept]
    """Who told it."""


class Statement(Message):
    """One value that an event told. Of each source the latest is kept, of four sources."""

    name: str | None = None
    """Which preference, purpose, program or use of an address."""
    value: Any
    """What was said."""
    claim: Number
    """The claim that the event belongs to."""
    at: Time
    """`occurred_at` of the event."""
    source: str | None = None
    """Who told it."""
    event_id: str
    """The event."""


class EventCount(Message):
    """How many events bear the name of a claim, where the rules choose names by that."""

    claim: Number
    """The claim."""
    events: Count
    """How many, since the rules count them."""
    exact: bool
    """False: an estimate, for many events."""


class KeptItem(Message):
    """A line of an order."""

    sku: str | None = None
    """Article number."""
    name: str | None = None
    """Its name."""
    quantity: int | None = None
    """Whole pieces."""
    price: DecimalText | Money | None = None
    """Of one; without a currency in that of the total."""


class Earlier(Message):
    """A field that the latest event did not state, and which event told it before."""

    field: str
    """The field."""
    at: Time
    """`occurred_at` of the event."""
    event_id: str
    """The event."""


class KeptRecord(Message):
    """What orders and tickets have in common."""

    event_id: str
    """The latest event that told of it."""
    claims: Annotated[tuple[Number, ...], Kept]
    """The claims whose events told of it."""
    earlier: Annotated[tuple[Earlier, ...], Kept] = ()
    """Fields that an earlier event told."""
    updated_at: Time
    """Latest `occurred_at` of any event that told of it."""


class KeptOrder(KeptRecord):
    """An order."""

    order_id: str
    """Its number."""
    status: OrderStatus
    """Where it stands."""
    placed_at: Time
    """Earliest `occurred_at` of any event that told of it."""
    total: Money | None = None
    """What it costs."""
    items: Annotated[tuple[KeptItem, ...], Kept] | None = None
    """What was ordered."""
    shipping: Shipping | None = None
    """Where the parcel is."""
    payment: Payment | None = None
    """How it was paid."""


class KeptTicket(KeptRecord):
    """A support ticket."""

    ticket_id: str
    """Its number."""
    status: TicketStatus
    """Where it stands."""
    opened_at: Time
    """Earliest `occurred_at` of any event that told of it."""
    channel: Channel | None = None
    """By what means."""
    direction: Direction | None = None
    """Who got in touch."""
    subject: str | None = None
    """What it is about."""
    satisfaction: int | None = None
    """The person's rating, 5 the best."""


class FoldedRecords(Message):
    """Old orders or tickets of a claim that were added up: they are no longer known one by one."""

    claim: Number
    """The claim."""
    count: Count
    """How many."""
    by_status: dict[str, Count]
    """How many stood where."""
    totals: dict[str, DecimalText]
    """Currency to the sum, cancelled and refunded orders left out."""
    first_at: Time
    """When the first was told of."""
    last_at: Time
    """When one was last told of."""


class CustomerExport(Message):
    """All that is known of one customer."""

    exported_at: Time
    """When it was handed out."""
    asked: str
    """As it was asked for."""
    customer_id: CustomerId
    """The customer."""
    profile: Annotated[dict[str, Any], _AsProfile()]
    """As subscribers see the customer: what holds of all that was said."""
    identifiers: Annotated[tuple[KeptIdentifier, ...], Kept]
    """All that the customer's events claimed, first seen first."""
    names: Annotated[tuple[KeptName, ...], Kept]
    """Names, the latest first."""
    event_counts: Annotated[tuple[EventCount, ...], Kept]
    """How many events the claims are made of; empty unless the rules count them."""
    birth_dates: Annotated[tuple[KeptBirthDate, ...], Kept]
    """Days of birth, the latest first."""
    addresses: Annotated[tuple[Statement, ...], Kept]
    """Postal addresses (`name`: `home` or `shipping`), the latest first, as all statements."""
    locales: Annotated[tuple[Statement, ...], Kept]
    """Language and region."""
    preferences: Annotated[tuple[Statement, ...], Kept]
    """Preferences."""
    consents: Annotated[tuple[Statement, ...], Kept]
    """The person's word on each purpose."""
    loyalty: Annotated[tuple[Statement, ...], Kept]
    """Standing in loyalty programs."""
    others: Annotated[tuple[Statement, ...], Kept]
    """Whatever else is kept."""
    orders: Annotated[tuple[KeptOrder, ...], Kept]
    """All orders that are known one by one, the newest first."""
    folded_orders: Annotated[tuple[FoldedRecords, ...], Kept]
    """Older ones, added up."""
    tickets: Annotated[tuple[KeptTicket, ...], Kept]
    """All support tickets that are known one by one, the newest first."""
    folded_tickets: Annotated[tuple[FoldedRecords, ...], Kept]
    """Older ones, added up."""
    identity: CustomerExplanation
    """How the customer was put together, without what would tell of other people."""


CUSTOMER_EXPORT: TypeAdapter[Any] = TypeAdapter(CustomerExport)
"""Reads an export."""
