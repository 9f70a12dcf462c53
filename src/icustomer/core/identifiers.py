"""Turns identifiers as written into the one form by which they are compared."""

from __future__ import annotations

from icustomer.core.canonical import Canonical, Reason, Rejected, trimmed
from icustomer.core.emails import canonical_email
from icustomer.core.phones import canonical_phone

__all__ = ["Canonical", "Reason", "Rejected", "canonical", "canonical_account"]

MAX_VALUE_LENGTH = 128
"""Characters of an account's service, of its number and of other identifiers: the limit
that the messages have."""


def canonical(kind: str, raw: str, region: str | None) -> Canonical | Rejected:
    """The canonical form of an identifier, or why there is none. Never raises.

    Args:
        kind: `email`, `phone`, `account`, or a kind that the rules add.
        raw: The identifier as written; for accounts `SERVICE/NUMBER`.
        region: ISO 3166-1 alpha-2 code of the country whose local numbers a phone may be
            written as; None if unknown.
    """
    if kind == "email":
        return canonical_email(raw)
    if kind == "phone":
        return canonical_phone(raw, region)
    if kind == "account":
        return _written_account(raw)
    return _checked(trimmed(raw))


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
        if isinstance(checked := _checked(part), Rejected):
            return checked
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


def _checked(text: str) -> Canonical | Rejected:
    if not text:
        return Rejected(Reason.EMPTY)
    if len(text) > MAX_VALUE_LENGTH:
        return Rejected(Reason.TOO_LONG)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return Rejected(Reason.NOT_TEXT)
    return Canonical(text)
