"""The events that may come in: signups, orders and support contacts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from icustomer.contracts.common import (
    INTEGER_LIMIT,
    TEXT_LENGTH,
    Account,
    Address,
    Amount,
    BlankIsAbsent,
    CalendarDate,
    Country,
    Message,
    Money,
    Name,
    NothingIsAbsent,
    OptionalNumber,
    OptionalText,
    Payment,
    RequiredNumber,
    Scalar,
    Shipping,
    Timestamp,
    VerifiedClaim,
    Whole,
)

MAX_IDENTIFIERS = 20
"""Entries of `identifiers`: nobody has more, and each costs a look-up."""
MAX_ITEMS = 100
"""Items of one order that are kept."""
MAX_ENTRIES = 100
"""Preferences, and consents, of one event."""
MAX_QUANTITY = 1_000_000_000
"""Pieces of one item: bounds what is added up, far above any real order."""

OrderStatus = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded"]
TicketStatus = Literal["opened", "pending", "solved", "closed", "reopened"]
Channel = Literal["email", "phone", "chat", "web", "social"]
Direction = Literal["in", "out"]
Key = Annotated[str, StringConstraints(pattern=r"\S", max_length=TEXT_LENGTH)]


class PersonEvent(Message):
    """What every event says: when and where it happened, and who the person claims to be."""

    event_id: RequiredNumber
    """The source's own ID of the event: the same when it is sent again."""
    occurred_at: Timestamp
    """When it happened. More than 24 h after the record's Kafka timestamp counts as that."""
    source: RequiredNumber
    """The system that tells it, such as `webshop`."""
    email: OptionalNumber = None
    """E-mail address as written."""
    email_verified: bool | None = None
    """Whether the source has proof that the person controls the address."""
    phone: OptionalNumber = None
    """Telephone number as written: international, or national with `country`."""
    phone_verified: bool | None = None
    """Whether the source has proof that the person controls the number."""
    country: Annotated[Country | None, BlankIsAbsent] = None
    """ISO 3166 alpha-2: the region in which a national telephone number is read."""
    account: Annotated[Account | None, NothingIsAbsent] = None
    """Account number at a service of the company."""
    identifiers: Annotated[tuple[VerifiedClaim, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MAX_IDENTIFIERS
    )
    """More identifiers, of any kind."""
    name: Annotated[Name | None, NothingIsAbsent] = None
    """The person's name."""
    birth_date: Annotated[CalendarDate | None, BlankIsAbsent] = None
    """The person's day of birth."""


class Loyalty(Message):
    """Standing in a loyalty program."""

    program: RequiredNumber
    """The program; of each the latest standing is kept."""
    tier: OptionalText = None
    """Level, such as `gold`."""
    points: Annotated[int, Field(ge=-INTEGER_LIMIT, le=INTEGER_LIMIT), Whole] | None = None
    """Balance in points."""


class Signup(PersonEvent):
    """A person signed up, or changed what they told of themselves."""

    address: Annotated[Address | None, NothingIsAbsent] = None
    """Home address."""
    locale: OptionalText = None
    """Language and region, such as `de-CH`."""
    preferences: dict[Key, Scalar] | None = Field(default=None, max_length=MAX_ENTRIES)
    """Preference to its value; each is kept by itself."""
    consents: dict[Key, bool | None] | None = Field(default=None, max_length=MAX_ENTRIES)
    """Purpose to whether the person agrees; each is kept by itself."""
    loyalty: Annotated[Loyalty | None, NothingIsAbsent] = None
    """Standing in a loyalty program."""


def _price_form(value: object) -> str:
    return "money" if isinstance(value, dict | Money) else "amount"


Price = Annotated[
    Annotated[Amount, Tag("amount")] | Annotated[Money, Tag("money")],
    Discriminator(_price_form),
]


class Item(Message):
    """One line of an order."""

    sku: OptionalNumber = None
    """Article number."""
    name: OptionalText = None
    """What it is called."""
    quantity: Annotated[int, Field(ge=0, le=MAX_QUANTITY), Whole] | None = None
    """How many pieces."""
    price: Annotated[Price | None, NothingIsAbsent] = None
    """Price of one piece: an amount in the currency of the total, or one with its currency."""


class Order(PersonEvent):
    """An order was placed, or moved on."""

    order_id: RequiredNumber
    """Unique within the space: an order counts once, however many events tell of it."""
    status: OrderStatus
    """Where the order stands; the latest `occurred_at` holds."""
    total: Annotated[Money | None, NothingIsAbsent] = None
    """What the order costs; a later event without it keeps it."""
    items: Annotated[tuple[Item, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MAX_ITEMS
    )
    """What was ordered."""
    guest: bool | None = None
    """True: ordered without an account. Alone it makes a guest, no customer."""
    shipping_address: Annotated[Address | None, NothingIsAbsent] = None
    """Where it is sent."""
    payment: Annotated[Payment | None, NothingIsAbsent] = None
    """How it was paid."""
    shipping: Annotated[Shipping | None, NothingIsAbsent] = None
    """Where the parcel is."""


class Support(PersonEvent):
    """A person got in touch with support, or support with them."""

    ticket_id: RequiredNumber
    """Unique within the space: a ticket counts once, however many events tell of it."""
    status: TicketStatus
    """Where the ticket stands; the latest `occurred_at` holds."""
    channel: Annotated[Channel | None, BlankIsAbsent] = None
    """By what means."""
    direction: Annotated[Direction | None, BlankIsAbsent] = None
    """`in`: the person wrote or called; `out`: support did."""
    subject: OptionalText = None
    """What it is about."""
    satisfaction: Annotated[int, Field(ge=1, le=5), Whole] | None = None
    """The person's rating, 5 the best."""


Event = Signup | Order | Support
