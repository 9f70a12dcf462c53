"""The quick way to a validated event, for messages that say plainly what they say.

Nearly all do: no blank texts, whole numbers written as such, known codes. They are judged by
structs with the names and the limits of the models in `events`, at a fifth of the cost. What
these structs accept, the models accept with the same values; what they do not, the models
judge. tests/property/test_plain_events.py compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from icustomer.contracts.codes import COUNTRIES, CURRENCIES
from icustomer.contracts.common import (
    INTEGER_LIMIT,
    NAME_LENGTH,
    NUMBER_LENGTH,
    TEXT_LENGTH,
    amount,
    calendar_date,
    timestamp,
)
from icustomer.contracts.events import (
    MAX_ENTRIES,
    MAX_IDENTIFIERS,
    MAX_ITEMS,
    MAX_QUANTITY,
    Channel,
    Direction,
    OrderStatus,
    TicketStatus,
)
from icustomer.contracts.topics import Topic

MAX_BYTES = 65_536
"""Longer messages are rare enough to take their time."""
MAX_OPENING = 32
"""Brackets and braces: so many cannot be nested deeper than is allowed."""

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_LENGTH)]
Number = Annotated[str, Meta(min_length=1, max_length=NUMBER_LENGTH)]
NamePart = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
Key = Annotated[str, Meta(min_length=1, max_length=TEXT_LENGTH)]
Last4 = Annotated[str, Meta(pattern="^[0-9]{4}$", min_length=4, max_length=4)]
Points = Annotated[int, Meta(ge=-INTEGER_LIMIT, le=INTEGER_LIMIT)]
Pieces = Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]
Rating = Annotated[int, Meta(ge=1, le=5)]


_DOUBTFUL = re.compile(rb'"(?:[\s\\\xc2\xe1\xe2]|\xe3\x80\x80)')
"""A text that begins with a blank of Unicode, or with what is not told from one at a glance."""
_HALF_A_PAIR = re.compile(rb"\\u[dD]")
"""Perhaps half a surrogate pair."""
PLAIN_TIME_LENGTH = len("2026-03-14T09:26:53Z")
"""The form of nearly all times: of them the calendar alone has to be asked."""
TIMES_CACHED = 1_024
"""A time is looked at twice: when it is judged and when it is used."""


class _NotPlainError(Exception):
    """The message needs a closer look; nothing is wrong with it yet."""


class Part(Struct, frozen=True, gc=False, omit_defaults=True):
    """An object within a message."""

    def stated(self) -> dict[str, Any]:
        """The fields that it states."""
        return {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        }


class PlainName(Part, frozen=True, gc=False):
    """A name."""

    given: NamePart | None = None
    family: NamePart | None = None
    full: NamePart | None = None


class PlainAccount(Part, frozen=True, gc=False):
    """An account number."""

    service: Number
    number: Number


class PlainClaim(Part, frozen=True, gc=False):
    """An identifier of any kind."""

    kind: Number
    value: Number
    verified: bool | None = None


class PlainAddress(Part, frozen=True, gc=False):
    """A postal address."""

    street: Text | None = None
    line2: Text | None = None
    postal_code: Text | None = None
    city: Text | None = None
    region: Text | None = None
    country: Text | None = None


class PlainPayment(Part, frozen=True, gc=False):
    """A means of payment."""

    brand: Text | None = None
    last4: Last4 | None = None


class PlainShipping(Part, frozen=True, gc=False):
    """A parcel."""

    carrier: Text | None = None
    tracking_number: Number | None = None
    tracking_url: Text | None = None


class PlainMoney(Part, frozen=True, gc=False):
    """An amount as text that is kept as it is, with its currency."""

    amount: str
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES or amount(self.amount) != self.amount:
            raise _NotPlainError


class PlainLoyalty(Part, frozen=True, gc=False):
    """Standing in a loyalty program."""

    program: Number
    tier: Text | None = None
    points: Points | None = None


class PlainItem(Part, frozen=True, gc=False):
    """A line of an order."""

    sku: Number | None = None
    name: Text | None = None
    quantity: Pieces | None = None
    price: PlainMoney | str | None = None

    def __post_init__(self) -> None:
        if type(self.price) is str and amount(self.price) != self.price:
            raise _NotPlainError


class PlainEvent(Struct, frozen=True, gc=False, kw_only=True):
    """What every event says."""

    event_id: Number
    told_at: str = field(name="occurred_at")
    source: Number
    email: Number | None = None
    email_verified: bool | None = None
    phone: Number | None = None
    phone_verified: bool | None = None
    country: str | None = None
    account: PlainAccount | None = None
    identifiers: Annotated[tuple[PlainClaim, ...], Meta(max_length=MAX_IDENTIFIERS)] | None = None
    name: PlainName | None = None
    birth_date: str | None = None

    def __post_init__(self) -> None:
        if self.country is not None and self.country not in COUNTRIES:
            raise _NotPlainError
        if self.birth_date is not None:
            calendar_date(self.birth_date)
        _moment(self.told_at)

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""
        return _moment(self.told_at)


@lru_cache(TIMES_CACHED)
def _moment(text: str) -> datetime:
    plain = len(text) == PLAIN_TIME_LENGTH and (
        text[4] + text[7] + text[10] + text[13] + text[16] + text[19] == "--T::Z"
    )
    return datetime.fromisoformat(text) if plain else timestamp(text)


Entry = Text | bool | Points | None


class PlainSignup(PlainEvent, frozen=True, gc=False, kw_only=True):
    """See `events.Signup`."""

    address: PlainAddress | None = None
    locale: Text | None = None
    preferences: Annotated[dict[Key, Entry], Meta(max_length=MAX_ENTRIES)] | None = None
    consents: Annotated[dict[Key, bool | None], Meta(max_length=MAX_ENTRIES)] | None = None
    loyalty: PlainLoyalty | None = None


class PlainOrder(PlainEvent, frozen=True, gc=False, kw_only=True):
    """See `events.Order`."""

    order_id: Number
    status: OrderStatus
    total: PlainMoney | None = None
    items: Annotated[tuple[PlainItem, ...], Meta(max_length=MAX_ITEMS)] | None = None
    guest: bool | None = None
    shipping_address: PlainAddress | None = None
    payment: PlainPayment | None = None
    shipping: PlainShipping | None = None


class PlainSupport(PlainEvent, frozen=True, gc=False, kw_only=True):
    """See `events.Support`."""

    ticket_id: Number
    status: TicketStatus
    channel: Channel | None = None
    direction: Direction | None = None
    subject: Text | None = None
    satisfaction: Rating | None = None


_DECODE: dict[Topic, Callable[[bytes], PlainEvent]] = {
    Topic.SIGNUPS: msgspec.json.Decoder(PlainSignup).decode,
    Topic.ORDERS: msgspec.json.Decoder(PlainOrder).decode,
    Topic.SUPPORT: msgspec.json.Decoder(PlainSupport).decode,
}


def plain_event(topic: Topic, value: bytes) -> PlainEvent | None:
    """The event, or None if the models have to judge it. Commands are always left to them."""
    decode = _DECODE.get(topic)
    if decode is None or len(value) > MAX_BYTES or _DOUBTFUL.search(value):
        return None
    if value.count(b"{") + value.count(b"[") > MAX_OPENING:
        return None
    if b"\\u" in value and _HALF_A_PAIR.search(value):
        return None
    try:
        if not value.isascii():
            value.decode()
        return decode(value)
    except (ValueError, RecursionError, _NotPlainError):
        return None
