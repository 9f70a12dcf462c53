"""What a name says when it is compared: who leads, what only joins words, person or company."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from icustomer.core.model import NormalName
from icustomer.core.name_tables import words as listed
from icustomer.core.nicknames import is_given_name
from icustomer.core.scripts import in_latin

SENSE_CACHE = 65_536
"""Names whose sense is remembered."""
MOST_WORDS = 8
"""Words of a field that are compared: bounds what a field full of single letters costs, and is
more than nearly all names have."""

NOTHING: frozenset[str] = frozenset()
STEMS = frozenset(["mc", "mac", "o", "fitz"])
"""Beginnings of a family name that are written apart or together: Mc Donald, O Brien."""
DOTTED_FORMS = (("s", "a"), ("b", "v"), ("n", "v"), ("s", "l"), ("s", "r", "l"), ("s", "p", "a"))
"""Legal forms with dots between the letters, as words are cut."""
ASIAN_FORMS = (
    "\u682a\u5f0f\u4f1a\u793e",
    "\u6709\u9650\u516c\u53f8",
    "\uc8fc\uc2dd\ud68c\uc0ac",
)
"""Company forms of Japan, China and Korea, written together with the name."""


class _Places(Enum):
    """Where words stand, which tells what a particle at their beginning is."""

    GIVEN = "given"
    FAMILY = "family"
    WHOLE = "whole"


class Sense(Struct, frozen=True):
    """A name as it is compared."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    words: tuple[str, ...]
    """All of them in the order of speaking, given names first where that is known."""
    together: frozenset[str]
    """The whole name written as one word, in either order, in Latin letters as well."""
    leading: str
    """The given name, or the first of them; empty if it cannot be told."""
    is_family_first: bool
    """An undivided name that begins with a family name of a country where it does."""
    is_company: bool
    distinctive: tuple[str, ...]
    """Of a company, the words that tell it from others."""


@lru_cache(SENSE_CACHE)
def sense_of(name: NormalName) -> Sense:
    """What a name with usable parts says."""
    given = _without_particles(name.given[:MOST_WORDS], _Places.GIVEN)
    family = _without_particles(name.family[:MOST_WORDS], _Places.FAMILY)
    other = _without_particles(name.undivided[:MOST_WORDS], _Places.WHOLE)
    words = given + other + family
    is_family_first = not given and len(other) > 1 and other[0] in listed("family_first")
    is_company = _is_company(words, listed("ambiguous_forms") if given and family else NOTHING)
    return Sense(
        given=given,
        family=family,
        words=words,
        together=_together(words, given),
        leading=_leading(given, words, is_family_first=is_family_first),
        is_family_first=is_family_first,
        is_company=is_company,
        distinctive=_distinctive(words) if is_company else words,
    )


def _without_particles(parts: tuple[str, ...], places: _Places) -> tuple[str, ...]:
    """The words that tell people apart, stems of family names joined to what follows."""
    if len(parts) < 2:  # noqa: PLR2004 - a single word is a name
        return parts
    last = len(parts) - 1
    kept: list[str] = []
    stem = ""
    for place, part in enumerate(parts):
        if part in STEMS and place != last and (place or places is _Places.FAMILY):
            stem = part
        elif place == last or not _only_joins(part, kept, places):
            kept.append(stem + part)
            stem = ""
    return tuple(kept)


def _only_joins(part: str, kept: Sequence[str], places: _Places) -> bool:
    """Whether a word tells nobody apart where it stands: behind what is kept of the name."""
    if part not in listed("particles"):
        return False
    if places is _Places.FAMILY or kept:
        return True
    if part in listed("joiners"):
        return True
    return places is _Places.WHOLE and part not in listed("names_too")


def _together(words: tuple[str, ...], given: tuple[str, ...]) -> frozenset[str]:
    behind = words[len(given) :] + given
    written = {"".join(words), "".join(behind)}
    latin = {in_latin(each) for each in written if each and not each.isascii()}
    return frozenset(written | latin) - {""}


def _leading(given: tuple[str, ...], words: tuple[str, ...], *, is_family_first: bool) -> str:
    """The given name; of an undivided name of two words or more the one before a patronymic, else
    the first or the last, whichever is known to be one."""
    if given:
        return given[0]
    if is_family_first or len(words) < 2:  # noqa: PLR2004 - one word may be either name
        return ""
    patronymics = tuple(listed("patronymics"))
    for place, word in enumerate(words[1:]):
        if word.endswith(patronymics):
            return words[place]
    return next((word for word in (words[0], words[-1]) if is_given_name(word)), "")


def is_of_companies(word: str) -> bool:
    """Whether a word behind another may make a company of them."""
    return not word.isascii() or word in listed("legal_forms") or word in listed("trades")


def _is_company(words: tuple[str, ...], names_too: frozenset[str]) -> bool:
    """`names_too`: legal forms that may be a family name here."""
    if any(form in word for word in words for form in ASIAN_FORMS if not word.isascii()):
        return True
    behind = words[1:]
    if any(word in listed("trades") for word in behind):
        return True
    if behind and behind[-1] in listed("legal_forms"):
        return behind[-1] not in names_too
    return any(behind[-len(form) :] == form for form in DOTTED_FORMS)


def _distinctive(words: tuple[str, ...]) -> tuple[str, ...]:
    for form in DOTTED_FORMS:
        if words[-len(form) :] == form:
            words = words[: -len(form)]
    common = listed("legal_forms") | listed("trades")
    told = [word for word in words if word not in common]
    for together in ASIAN_FORMS:
        told = [word.replace(together, "") for word in told]
    return tuple(word for word in told if word) or words
