"""Knows which given names are used for which, by the tables in `data/`.

One table a language, one full name a line with the names that its bearers go by. Two names
agree if one person may bear both: they stand on one line. Names that merely have the same
origin (Helen and Elaine) are on no common line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

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
