"""What a profile shows, field by field in the order in which it is written.

These structs are made and encoded for every change of a customer, and judged by nobody: the
models in `icustomer.contracts.outputs` say what the fields mean, and tests hold the two
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType


class ShownEmail(Struct, gc=False):
    """An e-mail address."""

    value: str
    canonical: str
    verified: bool
    first_seen: str
    last_seen: str
    sources: Sequence[str]
    use: str


class ShownPhone(Struct, gc=False):
    """A telephone number."""

    value: str
    extension: str | None
    verified: bool
    first_seen: str
    last_seen: str
    sources: Sequence[str]
    use: str


class ShownAccount(Struct, gc=False):
    """An account number."""

    service: str
    number: str
    verified: bool
    first_seen: str
    last_seen: str
    sources: Sequence[str]
    use: str


class ShownOther(Struct, gc=False):
    """An identifier of another kind."""

    kind: str
    value: str
    verified: bool
    first_seen: str
    last_seen: str
    sources: Sequence[str]
    use: str


ShownIdentifier = ShownEmail | ShownPhone | ShownAccount | ShownOther


class ShownConsent(Struct, gc=False):
    """A person's word on one purpose."""

    granted: Any
    at: str
    source: str


class ShownMoney(Struct, gc=False):
    """An amount."""

    amount: str
    currency: str


class ShownShipping(Struct, gc=False, omit_defaults=True):
    """Where the parcel is, as far as anybody said; fields in the order in which they are kept."""

    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class ShownPayment(Struct, gc=False, omit_defaults=True):
    """How it was paid, likewise."""

    brand: str | None = None
    last4: str | None = None


class ShownOrder(Struct, gc=False):
    """One of the newest orders."""

    order_id: str
    status: str
    placed_at: datetime
    updated_at: datetime
    total: ShownMoney | None
    shipping: ShownShipping | None
    payment: ShownPayment | None


class ShownOrders(Struct, gc=False):
    """All orders."""

    count: int
    by_status: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None
    exact: bool
    totals: dict[str, str]
    recent: list[ShownOrder]


class ShownTicket(Struct, gc=False):
    """One of the newest tickets."""

    ticket_id: str
    status: str
    channel: str | None
    direction: str | None
    subject: str | None
    satisfaction: int | None
    opened_at: datetime
    updated_at: datetime


class ShownSupport(Struct, gc=False):
    """All tickets."""

    count: int
    open: int
    last_at: datetime | None
    exact: bool
    recent: list[ShownTicket]


class ShownProfile(Struct, gc=False):
    """The profile."""

    customer_id: str
    version: int
    status: str
    created_at: str
    updated_at: str
    first_seen: str
    last_seen: str
    emails: list[ShownIdentifier]
    phones: list[ShownIdentifier]
    accounts: list[ShownIdentifier]
    identifiers: list[ShownIdentifier]
    name: dict[str, str] | None
    birth_date: str | None
    addresses: list[dict[str, Any]]
    locale: str | None
    preferences: dict[str, Any]
    consents: dict[str, ShownConsent]
    loyalty: list[dict[str, Any]]
    orders: ShownOrders
    support: ShownSupport
    merged_from: list[str]
    merged_from_count: int
    change: ShownChange | UnsetType = UNSET


class ShownChange(Struct, gc=False):
    """What led to this version."""

    kind: str
    events: int
    event_ids: list[str]
    fields: list[str]
