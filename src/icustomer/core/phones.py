"""Brings phone numbers into E.164, by the metadata of libphonenumber.

A number counts if it is possible, not only if it was assigned: metadata lag behind, and
test data lives on numbers that are never assigned, such as the North American 555.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    is_valid_number,
    national_significant_number,
    parse,
)

from icustomer.core.canonical import Canonical, Reason, Rejected, trimmed
from icustomer.core.phones_e164 import is_exact_e164

MAX_WRITTEN_LENGTH = 250
"""Characters: the limit of libphonenumber's parser."""
CACHE_SIZE = 65_536
"""Numbers whose canonical form is remembered: a parse takes about 100 us."""

_PLAIN = re.compile(r"\+[0-9](?:[ .-]?\(?[0-9]+\)?)+")
"""An international number with nothing but usual separators."""
_SEPARATORS = str.maketrans("", "", " .-()")
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
"""The zero that is dialled only within the country, as in `+44 (0)20 7946 0958`."""
_DOUBLE_ZERO = re.compile(r"[\s(]*00[\s).-]*(?=[1-9])")
"""The international prefix of most countries (ITU-T E.164 recommends it)."""
_REMARK = re.compile(r"\s*\([^\W\d_][^\d()]*\)\Z")
"""Words in brackets behind a number: "(home)"."""
_LETTER_WITHIN = re.compile(r"\d[^\d]*[^\W\d_][^\d]*\d")
_LETTER = re.compile(r"[^\W\d_]")


@lru_cache(CACHE_SIZE)
def canonical_phone(raw: str, region: str | None) -> Canonical | Rejected:
    """The number in E.164 and its extension, or why it is none. Never raises.

    Reads digits of any script, separators, `00` for `+` (also where the country dials
    something else), a trunk zero in brackets, extensions and tel: URIs (RFC 3966). Letters
    are not read as digits of a keypad: a remark beside a number would be some.
    """
    if is_exact_e164(raw):
        return Canonical(raw)
    text = trimmed(raw)
    if _PLAIN.fullmatch(text) and "(0)" not in text:
        compact = text.translate(_SEPARATORS)
        if is_exact_e164(compact):
            return Canonical(compact)
    return _thorough(text, _known_region(region))


def _thorough(text: str, region: str | None) -> Canonical | Rejected:
    """The long way: every reading of the text, the first valid one or else the first possible."""
    if not text:
        return Rejected(Reason.EMPTY)
    if len(text) > MAX_WRITTEN_LENGTH:
        return Rejected(Reason.TOO_LONG)
    text = _REMARK.sub("", _plain_digits(text))
    answers = [_parsed(reading, region) for reading in _readings(text)]
    numbers = [answer for answer in answers if isinstance(answer, PhoneNumber)]
    if not numbers:
        return _refusal([answer for answer in answers if isinstance(answer, Rejected)])
    number = next(filter(is_valid_number, numbers), numbers[0]) if numbers[1:] else numbers[0]
    if _reads_letters(text, number):
        return Rejected(Reason.PHONE_SYNTAX)
    return Canonical(format_number(number, PhoneNumberFormat.E164), number.extension or "")


def _known_region(region: str | None) -> str | None:
    """The region as libphonenumber knows it; None if it has no numbers of its own."""
    code = (region or "").strip().upper()
    return code if code in SUPPORTED_REGIONS else None


def _plain_digits(text: str) -> str:
    """Decimal digits of every script as ASCII, and the brackets and signs of full width."""
    if text.isascii():
        return text
    return "".join(_plain_character(char) for char in text)


def _plain_character(char: str) -> str:
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _readings(text: str) -> Iterator[str]:
    """What the text may mean, the most literal reading first.

    The trunk zero belongs to the number in Italy and is dropped elsewhere: metadata decide.
    """
    international = _DOUBLE_ZERO.sub("+", text, count=1) if _DOUBLE_ZERO.match(text) else text
    for reading in dict.fromkeys((text, international)):
        yield reading
        if reading.startswith("+") and _TRUNK_ZERO.search(reading):
            yield _TRUNK_ZERO.sub("", reading, count=1)


def _parsed(reading: str, region: str | None) -> PhoneNumber | Rejected:
    try:
        number = parse(reading, region)
    except NumberParseException as refusal:
        return Rejected(_reason(refusal.error_type, reading))
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return Rejected(Reason.PHONE_NOT_POSSIBLE)
    return number


def _reason(error_type: int, reading: str) -> Reason:
    if error_type == NumberParseException.NOT_A_NUMBER:
        return Reason.PHONE_SYNTAX
    if error_type == NumberParseException.INVALID_COUNTRY_CODE and "+" not in reading:
        return Reason.PHONE_NO_REGION
    return Reason.PHONE_NOT_POSSIBLE


def _refusal(refusals: list[Rejected]) -> Rejected:
    """The most telling refusal: a reading that got further says more of what is wrong."""
    missing_region = Rejected(Reason.PHONE_NO_REGION)
    return next((each for each in refusals if each != missing_region), missing_region)


def _reads_letters(text: str, number: PhoneNumber) -> bool:
    """Whether letters within the number were overlooked or taken for digits."""
    subscriber = text.partition(";")[0]
    if not _LETTER.search(subscriber):
        return False
    written = sum(char.isdecimal() for char in text)
    extension = number.extension or ""
    if written < len(national_significant_number(number)) + len(extension):
        return True
    return not extension and _LETTER_WITHIN.search(subscriber) is not None
