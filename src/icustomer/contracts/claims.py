"""All identifiers that an event claims, canonical, each once; and what became of the others."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from icustomer.contracts.events import Event
from icustomer.contracts.plain import PlainEvent
from icustomer.core.canonical import Rejected
from icustomer.core.identifiers import canonical, canonical_account
from icustomer.core.model import Identifier
from icustomer.core.phones import canonical_phone
from icustomer.core.rules import Rules

BUILT_IN_KINDS = frozenset({"account", "email", "phone"})
OTHER_KIND = "other"
"""Stands for every kind that the rules do not know, where identifiers were rejected."""


class Claims(NamedTuple):
    """What an event says of who somebody is."""

    identifiers: tuple[Identifier, ...]
    """Sorted by (kind, value), no two with the same."""
    rejected: tuple[tuple[str, str], ...]
    """(kind, reason) of each that could not be read; kind `other` if the rules know it not."""
    unknown_kinds: tuple[str, ...]
    """Kinds that the rules do not know, sorted: kept as evidence, not matched."""


def claims(event: Event | PlainEvent, rules: Rules) -> Claims:
    """The identifiers of an event's own fields and of its list, together."""
    found: list[Identifier] = []
    rejected: list[tuple[str, str]] = []
    if event.account is not None:
        service, number = event.account.service, event.account.number
        form = canonical_account(service, number)
        if isinstance(form, Rejected):
            rejected.append(("account", form.reason))
        else:
            found.append(Identifier("account", form.value, f"{service}/{number}"))
    if event.email is not None:
        form = rules.canonical_email(event.email)
        if isinstance(form, Rejected):
            rejected.append(("email", form.reason))
        else:
            verified = event.email_verified is True
            found.append(Identifier("email", form.value, event.email, verified))
    if event.phone is not None:
        form = canonical_phone(event.phone, event.country)
        if isinstance(form, Rejected):
            rejected.append(("phone", form.reason))
        else:
            verified = event.phone_verified is True
            found.append(Identifier("phone", form.value, event.phone, verified, form.extension))
    if event.identifiers or rules.asks_more:
        return _with_list(found, rejected, event, rules)
    return Claims(tuple(found), tuple(rejected), ())


_key = attrgetter("kind", "value")


def _with_list(
    own: list[Identifier],
    rejected: list[tuple[str, str]],
    event: Event | PlainEvent,
    rules: Rules,
) -> Claims:
    """The list may tell again what the event's own fields tell."""
    found = {_key(each): each for each in own}
    refused = list(rejected)
    for entry in event.identifiers or ():
        form = canonical(entry.kind, entry.value, event.country, rules)
        if isinstance(form, Rejected):
            refused.append((_label(entry.kind, rules), form.reason))
            continue
        again = Identifier(
            entry.kind, form.value, entry.value, entry.verified is True, form.extension
        )
        key = _key(again)
        found[key] = _together(found[key], again) if key in found else again
    for kind, value in _fields(event, rules):
        form = rules.own_kinds[kind].read(value)
        if isinstance(form, Rejected):
            refused.append((kind, form.reason))
        else:
            found.setdefault((kind, form.value), Identifier(kind, form.value, value))
    unknown = {kind for kind, _ in found if kind not in rules.kinds}
    return Claims(
        tuple(found[key] for key in sorted(found)), tuple(refused), tuple(sorted(unknown))
    )


def _fields(event: Event | PlainEvent, rules: Rules) -> Iterator[tuple[str, str]]:
    """(kind, value as written) of what own kinds take from the event's fields."""
    for name, kind in rules.fields:
        value: object = event
        for step in name.split("."):
            value = getattr(value, step, None)
        if isinstance(value, str):
            yield kind, value


def _label(kind: str, rules: Rules) -> str:
    """The kind, if it is not the sender's own word: labels are bounded and tell no values."""
    return kind if kind in BUILT_IN_KINDS or kind in rules.kinds else OTHER_KIND


def _together(known: Identifier, again: Identifier) -> Identifier:
    """Told twice in one event: the first form is kept, verified once is verified."""
    return Identifier(
        known.kind,
        known.value,
        known.raw,
        known.verified or again.verified,
        known.extension or again.extension,
    )
