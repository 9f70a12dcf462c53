"""Recognises E.164 numbers that libphonenumber would give back unchanged, without parsing.

A blind `+` and digits are not enough: parsing drops trunk prefixes behind the calling code
and refuses impossible lengths. So each calling code is looked up in the same metadata; a number
that is not exact is not refused but goes the long way.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, region_code_for_country_code

MAX_CALLING_CODE_DIGITS = 3
"""ITU-T E.164, section 6.2.1."""

_CALLING_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


class _Numbering(NamedTuple):
    """What numbers behind a calling code look like."""

    lengths: frozenset[int]
    """Digits that a possible number has."""
    trunk: re.Pattern[str]
    """What the parser may take for a trunk prefix and drop or rewrite."""


def is_exact_e164(text: str) -> bool:
    """True: parsing `text` yields it unchanged, and it is possible."""
    digits = text[1:]
    if text[:1] != "+" or not digits.isdecimal() or not digits.isascii():
        return False
    for end in range(1, MAX_CALLING_CODE_DIGITS + 1):
        code = digits[:end]
        if code in _CALLING_CODES:
            numbering = _numbering(code)
            return len(digits) - end in numbering.lengths and not numbering.trunk.match(digits, end)
    return False


@cache
def _numbering(code: str) -> _Numbering:
    """The metadata that the parser uses for a calling code."""
    region = region_code_for_country_code(int(code))
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    if metadata is None or metadata.general_desc is None:
        return _Numbering(frozenset(), re.compile(""))
    prefix = metadata.national_prefix_for_parsing
    return _Numbering(
        frozenset(metadata.general_desc.possible_length),
        re.compile(prefix or "(?!)"),
    )
