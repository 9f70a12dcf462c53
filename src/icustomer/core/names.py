"""Makes names comparable and tells whether two of them may be one person's."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from itertools import combinations

from icustomer.core.model import NormalName, RawName
from icustomer.core.name_sense import Sense, is_of_companies, sense_of
from icustomer.core.name_words import name_words
from icustomer.core.similarity import given_names_agree, largest_clique, name_parts_agree

NAME_CACHE = 65_536
"""Names whose parts are remembered."""
PAIR_CACHE = 65_536
"""Pairs of names whose verdict is remembered."""


@lru_cache(NAME_CACHE)
def normalise_name(raw: RawName) -> NormalName:
    """The comparable parts of a name; empty if nothing in it names anybody.

    NFKD, accents dropped, case folded; cut at blanks, hyphens, dots and whatever is no
    letter, digit or apostrophe. Parts without a letter, titles and suffixes are dropped, marks
    of the generation are told apart. A full name is looked at only where the given or the
    family name is missing; what it adds is `other`, except that `Family, Given` tells the two
    apart.
    """
    (given, one), (family, other) = _parts(raw.given), _parts(raw.family)
    generation = other or one
    if given and family:
        return NormalName(given, family, generation)
    if not given and not family:
        return _full_name(raw.full or "")
    known = {*given, *family}
    parts, third = _parts(raw.full)
    more = tuple(part for part in parts if part not in known)
    return NormalName(given, family, more + (generation or third))


def _full_name(full: str) -> NormalName:
    told = [_parts(each) for each in full.split(",")]
    named = [parts for parts, _ in told if parts]
    parts, generation = _parts(full.replace(",", " "))
    if len(named) == 2 and told[0][0]:  # noqa: PLR2004 - family and given name
        return NormalName(named[1], named[0], generation)
    return NormalName(other=parts + generation if parts else ())


@lru_cache(NAME_CACHE)
def _parts(text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The usable parts of one field, in order, none twice, and its mark of the generation."""
    if not text:
        return (), ()
    words, generation = name_words(text)
    return tuple(dict.fromkeys(words)), generation


def compatible(first: NormalName, second: NormalName) -> bool:
    """Whether both may be names of one person. Symmetric; not transitive.

    A name without usable part is compatible with all. Two generations (Jr., Sr.) are two
    people, and a company is no person. With a given name on both sides, given names decide, or
    given and family name exchanged; the family name alone decides nothing: it is what a family
    shares, and what changes at a wedding. Otherwise more than half of the words of the shorter
    name need a partner in the longer; and if not all have one, the given names must agree as far
    as they can be told.
    """
    if first == second:
        return True
    return _compatible(first, second)


@lru_cache(PAIR_CACHE)
def _compatible(first: NormalName, second: NormalName) -> bool:
    if not first.parts or not second.parts:
        return True
    if first.generation and second.generation and first.generation != second.generation:
        return False
    if first.given and first.given == second.given and first.family == second.family:
        return True
    if _is_plain(first) and _is_plain(second):
        return _plain_agree(first, second)
    return _one_person(sense_of(first), sense_of(second))


def _is_plain(name: NormalName) -> bool:
    """Whether it is a given and a family name and nothing else, as most are."""
    return (
        len(name.given) == len(name.family) == 1
        and not name.undivided
        and not is_of_companies(name.family[0])
    )


def _plain_agree(first: NormalName, second: NormalName) -> bool:
    """What `_one_person` comes to for them, without asking for their sense."""
    (given,), (family,), (other_given,), (other_family,) = (
        first.given,
        first.family,
        second.given,
        second.family,
    )
    if given_names_agree(given, other_given):
        return True
    if given_names_agree(given, other_family) and given_names_agree(family, other_given):
        return True
    return given + family in (other_given + other_family, other_family + other_given) or (
        not (given + family + other_given + other_family).isascii()
        and _one_person(sense_of(first), sense_of(second))
    )


def _one_person(first: Sense, second: Sense) -> bool:
    if first.is_company or second.is_company:
        return _companies_agree(first, second)
    if first.together & second.together:
        return True
    if first.given and second.given:
        return _given_agree(first, second) or _crosswise(first, second)
    return _words_agree(first, second)


def _given_agree(first: Sense, second: Sense) -> bool:
    """All of the fewer given names have a partner among the more; of equally many, either way.

    So Anna is Anna Maria, and María José is not María Teresa. A word that stands with the given
    names here and with the family name there counts, if a given name agrees besides.
    """
    fewer, more = sorted((first, second), key=lambda each: len(each.given))
    if not any(given_names_agree(one, other) for one in fewer.given for other in more.given):
        return False
    if len(fewer.given) == 1:
        return True
    return _all_given_in(fewer, more) and (
        len(fewer.given) < len(more.given) or _all_given_in(more, fewer)
    )


def _all_given_in(sense: Sense, other: Sense) -> bool:
    return all(
        part in other.family or any(given_names_agree(part, each) for each in other.given)
        for part in sense.given
    )


def _crosswise(first: Sense, second: Sense) -> bool:
    return _any_agree(first.given, second.family) and _any_agree(first.family, second.given)


def _any_agree(first: Collection[str], second: Collection[str]) -> bool:
    return any(given_names_agree(one, other) for one in first for other in second)


def _words_agree(first: Sense, second: Sense) -> bool:
    """For names of which at least one is undivided."""
    shorter, longer = sorted((first.words, second.words), key=len)
    found = _found(shorter, longer)
    if all(found) or (len(shorter) == len(longer) and all(_found(longer, shorter))):
        return True
    if _given_differ(first, second):
        return False
    return _mostly(found) or (len(shorter) == len(longer) and _mostly(_found(longer, shorter)))


def _given_differ(first: Sense, second: Sense) -> bool:
    """Whether two names that have no partner for each word differ in what tells relatives apart:
    the given names, as far as they can be told, or the second of them."""
    if first.leading and second.leading:
        if not name_parts_agree(first.leading, second.leading):
            return True
        return _differ_between(first.words, second.words)
    is_family_first = first.is_family_first or second.is_family_first
    return is_family_first and not name_parts_agree(first.words[-1], second.words[-1])


def _differ_between(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two names have the same end and, between it and the beginning, words of which
    each lacks a partner: then it is the second given name that differs."""
    if not name_parts_agree(one[-1], other[-1]):
        return False
    middle, others = one[1:-1], other[1:-1]
    return not all(_found(middle, others)) and not all(_found(others, middle))


def _found(parts: tuple[str, ...], among: tuple[str, ...]) -> list[bool]:
    """For each part whether it has a partner."""
    return [any(name_parts_agree(part, other) for other in among) for part in parts]


def _mostly(found: list[bool]) -> bool:
    return 2 * sum(found) > len(found)


def _companies_agree(first: Sense, second: Sense) -> bool:
    """Whether two names are one company's: more than half of the words that tell companies apart.

    A single word beside a company may be what people call it; two are a person, or another one.
    """
    if not (first.is_company and second.is_company):
        person = second if first.is_company else first
        if len(person.words) > 1:
            return False
    shorter, longer = sorted((first.distinctive, second.distinctive), key=len)
    if _mostly(_found(shorter, longer)):
        return True
    return len(shorter) == len(longer) and _mostly(_found(longer, shorter))


def largest_incompatible(names: Collection[NormalName], more_than: int) -> int:
    """Size of the largest set of names no two of which are compatible.

    Exact up to `more_than`; above it the answer is only some number greater than `more_than`.
    Meant for a few dozen names: the worst case grows exponentially, slowly (3 ** (n / 3)).
    """
    distinct = list(dict.fromkeys(names))
    clashes = [0] * len(distinct)
    for one, other in combinations(range(len(distinct)), 2):
        if not compatible(distinct[one], distinct[other]):
            clashes[one] |= 1 << other
            clashes[other] |= 1 << one
    return largest_clique(clashes, more_than)
