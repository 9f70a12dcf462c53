"""Turns identifiers as written into the one form by which they are compared."""

from __future__ import annotations

from icustomer.core.canonical import Canonical, Reason, Rejected, trimmed
from icustomer.core.own_kinds import MAX_VALUE_LENGTH, checked
from icustomer.core.phones import canonical_phone
from icustomer.core.rules import DEFAULT_RULES, Rules

__all__ = [
    "MAX_VALUE_LENGTH",
    "Canonical",
    "Reason",
    "Rejected",
    "canonical",
    "canonical_account",
]


def canonical(
    kind: str, raw: str, region: str | None, rules: Rules = DEFAULT_RULES
) -> Canonical | Rejected:
    """The canonical form of an identifier, or why there is none. Never raises.

    Args:
        kind: `email`, `phone`, `account`, or a kind that the rules add.
        raw: The identifier as written; for accounts `SERVICE/NUMBER`.
        region: ISO 3166-1 alpha-2 code of the country whose local numbers a phone may be
            written as; None if unknown.
        rules: How the kinds that they add are written, and which e-mail addresses are one.
    """
    if kind == "email":
        return rules.canonical_email(raw)
    if kind == "phone":
        return canonical_phone(raw, region)
    if kind == "account":
        return _written_account(raw)
    own = rules.own_kinds.get(kind)
    return own.read(raw) if own else checked(trimmed(raw))


def canonical_account(service: str, number: str) -> Canonical | Rejected:
    """`service/number`, trimmed and in NFC; case matters.

    A slash in the service is percent-encoded (RFC 3986, section 2.1), and so is the percent
    sign itself, so that the first slash always ends the service.
    """
    if service.isalnum() and number.isalnum() and service.isascii() and number.isascii():
        plain = len(service) <= MAX_VALUE_LENGTH and len(number) <= MAX_VALUE_LENGTH
        return Canonical(f"{service}/{number}") if plain else Rejected(Reason.TOO_LONG)
    parts = (trimmed(service), trimmed(number))
    for part in parts:
        if isinstance(form := checked(part), Rejected):
            return form
    return Canonical(f"{parts[0].replace('%', '%25').replace('/', '%2F')}/{parts[1]}")


def _written_account(raw: str) -> Canonical | Rejected:
    """Reads `SERVICE/NUMBER`; the inverse of the encoding in `canonical_account`."""
    text = trimmed(raw)
    if not text:
        return Rejected(Reason.EMPTY)
    service, slash, number = text.partition("/")
    if not slash:
        return Rejected(Reason.ACCOUNT_SYNTAX)
    decoded = service.replace("%2F", "/").replace("%2f", "/").replace("%25", "%")
    return canonical_account(decoded, number)
