"""Kinds of identifier that the rules add: from a value as written to its canonical form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

from icustomer.core.canonical import Canonical, Reason, Rejected, trimmed
from icustomer.core.patterns import matcher

MAX_VALUE_LENGTH = 128
"""Characters of an account's service, of its number and of other identifiers: the limit
that the messages have."""
CACHE_SIZE = 16_384
"""Values of one kind whose form is remembered."""

SEPARATORS = " -_./\\:,;#()[]'\u00a0\u2010\u2011\u2012\u2013\u2014\u2212"
"""What people put between the groups of a number: blanks, hyphens and dashes, dots, slashes."""
_SEPARATORS = str.maketrans("", "", SEPARATORS)


def _digits(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())


def _letters_and_digits(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _no_separators(text: str) -> str:
    return text.translate(_SEPARATORS)


def _no_leading_zeros(text: str) -> str:
    return text.lstrip("0")


STEPS: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "digits": _digits,
    "letters_and_digits": _letters_and_digits,
    "no_separators": _no_separators,
    "no_leading_zeros": _no_leading_zeros,
}
"""Steps of normalisation by name. Outer blanks go before the first of them in any case."""

FIELDS = (
    "order_id",
    "ticket_id",
    "address.postal_code",
    "address.city",
    "address.street",
    "shipping_address.postal_code",
    "shipping_address.city",
    "shipping_address.street",
    "shipping.tracking_number",
    "payment.last4",
)
"""Fields of events that an own kind may be taken from."""


class OwnForm(Struct, frozen=True):
    """How the values of a kind are written, and where else they are found."""

    pattern: str = ""
    """Matches the whole canonical value; empty: any text."""
    normalise: tuple[str, ...] = ()
    """Names of `STEPS`, in the order in which they are taken."""
    fields: tuple[str, ...] = ()
    """Names of `FIELDS`."""


class OwnKind:
    """Reads the values of one kind. `read` remembers what it read."""

    def __init__(self, kind: str, form: OwnForm) -> None:
        self._kind = kind
        self._steps = [STEPS[name] for name in form.normalise]
        self._matches = matcher([form.pattern]) if form.pattern else None
        self.read = lru_cache(CACHE_SIZE)(self._read)
        """Value as written -> canonical form, or why there is none."""

    def _read(self, raw: str) -> Canonical | Rejected:
        form = checked(trimmed(raw))
        if isinstance(form, Rejected):
            return form
        text = form.value
        for step in self._steps:
            text = step(text)
        form = checked(text)
        if isinstance(form, Canonical) and self._matches and not self._matches(text):
            return Rejected(Reason.PATTERN)
        return form


def checked(text: str) -> Canonical | Rejected:
    """The text, if an identifier may be one like it."""
    if not text:
        return Rejected(Reason.EMPTY)
    if len(text) > MAX_VALUE_LENGTH:
        return Rejected(Reason.TOO_LONG)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return Rejected(Reason.NOT_TEXT)
    return Canonical(text)
