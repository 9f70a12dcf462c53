"""Reads the tables of words and letters that names are compared by, from `data/`, once each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

ALPHABETS = ("cyrillic", "greek", "armenian", "georgian")
CONSONANTS = ("arabic", "hebrew")
"""Alphabets that leave short vowels out."""


@cache
def words(table: str) -> frozenset[str]:
    """One list of `words.toml`, where each is told."""
    return frozenset(_read("words.toml")[table].split())


@cache
def alphabets() -> Mapping[int, str]:
    """Letter (code point) to Latin letters."""
    return _letters(ALPHABETS)


@cache
def consonants() -> Mapping[int, str]:
    """Letter (code point) of Arabic and Hebrew to the consonant it is; "a" for what carries a
    vowel."""
    return _letters(CONSONANTS)


@cache
def readings() -> Mapping[str, str]:
    """Chinese character to its reading."""
    found: dict[str, str] = {}
    for line in _read("letters.toml")["han"].splitlines():
        reading, _, characters = line.partition(": ")
        found.update(dict.fromkeys(characters, reading))
    return found


def _letters(tables: tuple[str, ...]) -> dict[int, str]:
    pairs = [pair for table in tables for pair in _read("letters.toml")[table].split()]
    return {ord(pair[0]): pair[2:] for pair in pairs}


@cache
def _read(file: str) -> Mapping[str, str]:
    text = resources.files("icustomer.core").joinpath("data", file).read_text("utf-8")
    return tomllib.loads(text)
