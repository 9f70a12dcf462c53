"""What becomes of an identifier as written: its one canonical form, or the reason for none."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import NamedTuple

INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters without width that copying from contact lists and web pages leaves at the ends:
soft hyphen, joiners, marks of writing direction (UAX #9), byte order mark."""

BLANK = " \t\n\r\v\f\x00\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""White space of Unicode and the null character, which fixed-width exports pad with."""

OUTER = BLANK + INVISIBLE


class Reason(StrEnum):
    """Why an identifier was rejected."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"
    """Half a surrogate pair: bytes of a command line that are no UTF-8."""
    EMAIL_SYNTAX = "email_syntax"
    EMAIL_DOMAIN = "email_domain"
    PHONE_SYNTAX = "phone_syntax"
    PHONE_NO_REGION = "phone_no_region"
    """A local number, and nobody says of which country."""
    PHONE_NOT_POSSIBLE = "phone_not_possible"
    """No number of this length exists in the country, or there is no such calling code."""
    ACCOUNT_SYNTAX = "account_syntax"
    PATTERN = "pattern"
    """A kind that the rules add, and a value that does not match its pattern."""


class Canonical(NamedTuple):
    """The one form of an identifier, however it was written."""

    value: str
    extension: str = ""
    """Digits dialled after the number; phones only."""


class Rejected(NamedTuple):
    """The text is no identifier of its kind."""

    reason: str
    """One of `Reason`."""


def trimmed(raw: str) -> str:
    """Text in NFC without outer blanks and invisible characters."""
    return unicodedata.normalize("NFC", raw).strip(OUTER)
