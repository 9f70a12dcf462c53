"""A validated message to what the core reads: canonical identifiers, integer times, plain values.

Pure. What a message claims but nobody can use is told beside the item, to be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from icustomer.contracts.claims import Claims, claims
from icustomer.contracts.commands import CommandModel
from icustomer.contracts.common import Message, Name
from icustomer.contracts.events import Event, Item, Order, Signup, Support
from icustomer.contracts.instruct import instruct
from icustomer.contracts.plain import (
    Part,
    PlainEvent,
    PlainItem,
    PlainName,
    PlainOrder,
    PlainSignup,
    PlainSupport,
)
from icustomer.contracts.rejection import Reason, Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.composites import derived
from icustomer.core.keys import Keyring
from icustomer.core.model import RawName
from icustomer.core.names import normalise_name
from icustomer.core.observation import (
    Command,
    Observation,
    Origin,
    RecordUpdate,
)
from icustomer.core.rules import Match, Rules
from icustomer.core.tallies import hash_of
from icustomer.core.times import MICROSECOND, microseconds

CLOCK_TOLERANCE = timedelta(hours=24) // MICROSECOND
"""Microseconds that an event may be ahead of the log: time zones mistaken for UTC stay below,
and no clock that is further off may win every attribute for ever."""

_NO_NAME = RawName()
EVENTS = (PlainEvent, Signup, Order, Support)


class Observed(Struct, frozen=True):
    """One message as the core reads it: either `item` or `rejection` is set."""

    item: Observation | Command | None = None
    rejection: Rejection | None = None
    rejected: tuple[tuple[str, str], ...] = ()
    """(kind, reason) of every identifier that could not be read; both from closed lists."""
    unknown_kinds: tuple[str, ...] = ()
    """Kinds of identifiers that were kept although the rules do not know them."""
    clock_clamped: bool = False
    """Whether `occurred_at` was replaced by the record's timestamp."""


def observe(
    model: Event | PlainEvent | CommandModel,
    topic: Topic,
    origin: Origin,
    rules: Rules,
    keyring: Keyring,
) -> Observed:
    """What the message says, or `no_usable_identifier`, or `refused_command`."""
    stated = microseconds(model.occurred_at)
    clamped = stated > origin.recorded_at + CLOCK_TOLERANCE
    occurred_at = origin.recorded_at if clamped else stated
    if not isinstance(model, EVENTS):
        answer = instruct(model, occurred_at, origin, rules, keyring)
        if isinstance(answer, Rejection):
            return Observed(rejection=answer, clock_clamped=clamped)
        return Observed(answer, clock_clamped=clamped)
    found = claims(model, rules)
    when = _When(topic, occurred_at, origin)
    item = _observation(model, when, found, keyring)
    if rules.asks_more:
        item = _asked_more(item, rules, keyring)
    if not item.digests or (rules.asks_more and _is_beside_only(item, rules)):
        return Observed(
            rejection=_nobody(found.rejected), rejected=found.rejected, clock_clamped=clamped
        )
    return Observed(item, None, found.rejected, found.unknown_kinds, clamped)


def _is_beside_only(item: Observation, rules: Rules) -> bool:
    """Whether all that it claims was taken from fields that no rule lets identify anybody, such
    as a postal code that serves as a part of other identifiers."""
    if not rules.fields or len(item.digests) > len(item.identifiers):
        return False
    return all(
        (rule := rules.kinds.get(each.kind)) is not None
        and rule.match is Match.NEVER
        and rule.own is not None
        and bool(rule.own.fields)
        for each in item.identifiers
    )


def _nobody(rejected: Iterable[tuple[str, str]]) -> Rejection:
    told = "; ".join(f"{kind}: {reason}" for kind, reason in rejected)
    return Rejection(Reason.NO_USABLE_IDENTIFIER, told or "no identifier")


class _When(NamedTuple):
    """Where and when an event was told."""

    topic: Topic
    occurred_at: int
    origin: Origin


def _observation(
    model: Event | PlainEvent, when: _When, found: Claims, keyring: Keyring
) -> Observation:
    raw_name = _raw_name(model.name)
    name = normalise_name(raw_name)
    identifiers = found.identifiers
    told = _TOLD_BY[when.topic](model)
    return Observation(
        topic=when.topic.value,
        event_id=model.event_id,
        source=model.source,
        occurred_at=when.occurred_at,
        origin=when.origin,
        identifiers=identifiers,
        digests=tuple([keyring.identifier(each.kind, each.value) for each in identifiers]),
        name=name,
        raw_name=raw_name,
        birth_date=model.birth_date,
        facet_key=keyring.facet(identifiers, name, model.birth_date),
        known=told.known,
        cells=told.cells,
        order=told.order,
        ticket=told.ticket,
    )


def _asked_more(item: Observation, rules: Rules, keyring: Keyring) -> Observation:
    """With what only some rules ask for: identifiers that its parts make, and a mark to count it
    by."""
    made = tuple([digest for _, digest in derived(item, rules, keyring)])
    tally = hash_of(item.event_id) if rules.counts_events else b""
    return replace(item, digests=item.digests + made, tally=tally)


def _raw_name(name: Name | PlainName | None) -> RawName:
    return _NO_NAME if name is None else RawName(name.given, name.family, name.full)


class _Told(NamedTuple):
    """What only events of one topic say."""

    cells: dict[str, Any]
    """Attributes; see `Facet.cells`."""
    order: RecordUpdate | None = None
    ticket: RecordUpdate | None = None
    known: bool = True


def _by_signup(signup: Signup | PlainSignup) -> _Told:
    return _Told(_signup_cells(signup))


def _by_order(order: Order | PlainOrder) -> _Told:
    address = _plain(order.shipping_address)
    cells = {} if address is None else {"address:shipping": address}
    return _Told(cells, order=_order(order), known=order.guest is not True)


def _by_ticket(support: Support | PlainSupport) -> _Told:
    return _Told({}, ticket=_ticket(support))


_TOLD_BY: dict[Topic, Callable[[Any], _Told]] = {
    Topic.SIGNUPS: _by_signup,
    Topic.ORDERS: _by_order,
    Topic.SUPPORT: _by_ticket,
}


def _signup_cells(signup: Signup | PlainSignup) -> dict[str, Any]:
    cells: dict[str, Any] = {"address:home": _plain(signup.address), "locale": signup.locale}
    for name, value in (signup.preferences or {}).items():
        cells[f"preference:{name}"] = value
    for purpose, granted in (signup.consents or {}).items():
        cells[f"consent:{purpose}"] = granted
    if signup.loyalty is not None:
        standing = {"tier": signup.loyalty.tier, "points": signup.loyalty.points}
        cells[f"loyalty:{signup.loyalty.program}"] = _stated(standing)
    return _stated(cells)


def _order(order: Order | PlainOrder) -> RecordUpdate:
    fields = {
        "status": order.status,
        "total": _plain(order.total),
        "items": None if order.items is None else [_item(item) for item in order.items],
        "shipping": _plain(order.shipping),
        "payment": _plain(order.payment),
    }
    return RecordUpdate(order.order_id, _stated(fields))


def _item(item: Item | PlainItem) -> dict[str, Any]:
    price = item.price if isinstance(item.price, str) else _plain(item.price)
    fields = {"sku": item.sku, "name": item.name, "quantity": item.quantity, "price": price}
    return _stated(fields)


def _ticket(support: Support | PlainSupport) -> RecordUpdate:
    fields = {
        "status": support.status,
        "channel": support.channel,
        "direction": support.direction,
        "subject": support.subject,
        "satisfaction": support.satisfaction,
    }
    return RecordUpdate(support.ticket_id, _stated(fields))


def _plain(model: Message | Part | None) -> dict[str, Any] | None:
    """The fields that an object of texts states; None if it states none."""
    return (model.stated() or None) if model is not None else None


def _stated(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
