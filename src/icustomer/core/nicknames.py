"""Knows which given names are used for which, and which are two names, by the tables in `data/`.

One table a language, one full name a line with the names that its bearers go by, and one table
of spellings, within a language and across them. Two names agree if one person may bear both: they
stand on one line. Names that merely have the same origin (Helen and Elaine) are on no common line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

SPELLINGS = "spellings"
"""The table whose lines hold spellings of one name, not short forms of it."""
NOTHING: frozenset[str] = frozenset()


def share_a_full_name(one: str, other: str) -> bool:
    """Whether both are used for one full name: Bob and Robert, and so Bob and Robbie too.

    Names as `normalise_name` cuts them: lower case, without accents.
    """
    table = full_names()
    return not table.get(one, NOTHING).isdisjoint(table.get(other, NOTHING))


@cache
def full_names() -> Mapping[str, frozenset[str]]:
    """Each name of the tables to the full names, marked by language, that it is used for."""
    found: dict[str, set[str]] = defaultdict(set)
    for language, full, nicknames in _lines():
        for name in (full, *nicknames):
            found[name].add(f"{language}:{full}")
    return {name: frozenset(full) for name, full in found.items()}


def are_two_names(one: str, other: str) -> bool:
    """Whether these are two different names, not two spellings of one, whatever they look like:
    both are known, and nothing says that one person bears both (Tim and Tom, Maria and Mario)."""
    return is_given_name(one) and is_given_name(other) and not share_a_full_name(one, other)


def are_two_full_names(one: str, other: str) -> bool:
    """The same for names that are no mere short forms: then none is the other's beginning (Paul
    and Paula, while Dan may well be Daniela)."""
    own = _names_of_their_own()
    return one in own and other in own and not share_a_full_name(one, other)


def is_given_name(word: str) -> bool:
    """Whether a word is known to be a given name or a short form of one."""
    return word in full_names() or word in _names_of_their_own()


@cache
def _names_of_their_own() -> frozenset[str]:
    """What begins a line of the tables, every spelling, and the list of further names."""
    text = resources.files("icustomer.core").joinpath("data", "names.txt").read_text("utf-8")
    listed = {
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    }
    for language, full, others in _lines():
        listed.add(full)
        if language == SPELLINGS:
            listed.update(others)
    return frozenset(listed)


def _lines() -> Iterator[tuple[str, str, list[str]]]:
    """(language, full name, nicknames) of each line that is no comment."""
    tables = resources.files("icustomer.core").joinpath("data")
    for table in sorted(tables.iterdir(), key=lambda entry: entry.name):
        if not table.name.endswith(".txt"):
            continue
        for line in table.read_text("utf-8").splitlines():
            full, colon, nicknames = line.partition(":")
            if colon and not line.startswith("#"):
                yield table.name.removesuffix(".txt"), full.strip(), nicknames.split()
