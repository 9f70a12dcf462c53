"""All identifiers that an event claims, canonical, each once; and what became of the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from icustomer.contracts.common import Account, VerifiedClaim
from icustomer.contracts.events import Event
from icustomer.contracts.plain import PlainAccount, PlainClaim, PlainEvent
from icustomer.core.identifiers import Canonical, Rejected, canonical, canonical_account
from icustomer.core.model import Identifier
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


class _Claim(NamedTuple):
    kind: str
    raw: str
    form: Canonical | Rejected
    verified: bool


def claims(event: Event | PlainEvent, rules: Rules) -> Claims:
    """The identifiers of an event's own fields and of its list, together."""
    found: dict[tuple[str, str], Identifier] = {}
    rejected: list[tuple[str, str]] = []
    for claim in _all(event):
        if isinstance(claim.form, Rejected):
            rejected.append((_label(claim.kind, rules), claim.form.reason))
        else:
            key = claim.kind, claim.form.value
            found[key] = _together(found.get(key), claim, claim.form)
    unknown = {kind for kind, _ in found if kind not in rules.kinds}
    identifiers = tuple(found[key] for key in sorted(found))
    return Claims(identifiers, tuple(rejected), tuple(sorted(unknown)))


def _label(kind: str, rules: Rules) -> str:
    """The kind, if it is not the sender's own word: labels are bounded and tell no values."""
    return kind if kind in BUILT_IN_KINDS or kind in rules.kinds else OTHER_KIND


def _all(event: Event | PlainEvent) -> Iterator[_Claim]:
    region = event.country
    if event.email is not None:
        form = canonical("email", event.email, region)
        yield _Claim("email", event.email, form, event.email_verified is True)
    if event.phone is not None:
        form = canonical("phone", event.phone, region)
        yield _Claim("phone", event.phone, form, event.phone_verified is True)
    if event.account is not None:
        yield _account(event.account)
    for entry in event.identifiers or ():
        yield _entry(entry, region)


def _account(account: Account | PlainAccount) -> _Claim:
    form = canonical_account(account.service, account.number)
    return _Claim("account", f"{account.service}/{account.number}", form, verified=False)


def _entry(entry: VerifiedClaim | PlainClaim, region: str | None) -> _Claim:
    form = canonical(entry.kind, entry.value, region)
    return _Claim(entry.kind, entry.value, form, entry.verified is True)


def _together(known: Identifier | None, claim: _Claim, form: Canonical) -> Identifier:
    """Told twice in one event: the first form is kept, verified once is verified."""
    if known is None:
        return Identifier(claim.kind, form.value, claim.raw, claim.verified, form.extension)
    verified = known.verified or claim.verified
    extension = known.extension or form.extension
    return Identifier(known.kind, known.value, known.raw, verified, extension)
