"""Cuts names into comparable parts and tells whether two names may be one person's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import combinations

from icustomer.core.model import NormalName, RawName
from icustomer.core.similarity import given_names_agree, largest_clique, name_parts_agree

NAME_CACHE = 65_536
"""Names whose parts are remembered."""
PAIR_CACHE = 65_536
"""Pairs of names whose verdict is remembered."""

APOSTROPHES = "'\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd`\u00b4\uff07\u05f3\u0640"
"""Join what they stand between: O'Brien is OBrien, not the initial O. The last two: Hebrew
geresh and the Arabic stroke that only stretches a word."""
_APOSTROPHES = str.maketrans("", "", APOSTROPHES)
_ASCII_WORD = re.compile("[a-z0-9]+")
_UNDECOMPOSED = str.maketrans(
    {
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00f0": "d",
        "\u00fe": "th",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u0131": "i",
        "\u0127": "h",
        "\u0167": "t",
    }
)
"""Latin letters whose stroke or ligature Unicode does not decompose, to their base letters."""

TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "mister",
        "mistress",
        "sir",
        "madam",
        "madame",
        "mme",
        "mlle",
        "monsieur",
        "messrs",
        "dr",
        "doctor",
        "prof",
        "professor",
        "rev",
        "reverend",
        "hon",
        "herr",
        "frau",
        "fraulein",
        "hr",
        "dhr",
        "mevr",
        "mevrouw",
        "meneer",
        "senor",
        "senora",
        "senorita",
        "sr",
        "sra",
        "srta",
        "snr",
        "sig",
        "signor",
        "signora",
        "signorina",
        "dott",
        "dottssa",
        "avv",
        "ing",
        "dipl",
        "shri",
        "smt",
        "pan",
        "pani",
        "jr",
        "jnr",
        "junior",
    ]
)
"""Forms of address, degrees that stand before a name, and marks of the generation. They are
no name wherever they stand."""
SUFFIXES = frozenset(
    ["ii", "iii", "iv", "phd", "md", "dds", "esq", "esquire", "mba", "msc", "bsc", "cpa", "rn"]
)
"""What may follow a name but can itself be the beginning of one (Md, Iv)."""


@lru_cache(NAME_CACHE)
def normalise_name(raw: RawName) -> NormalName:
    """The comparable parts of a name; empty if nothing in it names anybody.

    NFKD, accents dropped, case folded; cut at blanks, hyphens, dots and whatever is no
    letter, digit or apostrophe. Parts without a letter, titles and suffixes are dropped. A
    full name is looked at only where the given or the family name is missing; what it adds
    is `other`, except that `Family, Given` tells the two apart.
    """
    given, family = _parts(raw.given), _parts(raw.family)
    if given and family:
        return NormalName(given, family)
    if not given and not family:
        return _full_name(raw.full or "")
    known = {*given, *family}
    return NormalName(given, family, tuple(part for part in _parts(raw.full) if part not in known))


def _full_name(full: str) -> NormalName:
    before, comma, after = full.partition(",")
    family, given = _parts(before), _parts(after)
    if comma and family and given and "," not in after:
        return NormalName(given, family)
    return NormalName(other=_parts(full))


@lru_cache(NAME_CACHE)
def _parts(text: str | None) -> tuple[str, ...]:
    """The usable parts of one field, in order, none twice."""
    words = _words(text) if text else []
    usable = (
        word
        for position, word in enumerate(words)
        if word not in TITLES and not (position and word in SUFFIXES)
    )
    return tuple(dict.fromkeys(usable))


def _words(text: str) -> list[str]:
    """Runs of letters and digits with a letter among them."""
    folded = _folded(text.translate(_APOSTROPHES)).replace("ph.d", "phd")
    if folded.isascii():
        return [word for word in _ASCII_WORD.findall(folded) if not word.isdecimal()]
    cut = "".join(char if _belongs(char) else " " for char in folded)
    return [word for word in cut.split() if any(map(str.isalpha, word))]


def _folded(text: str) -> str:
    """NFKD, accents dropped, case folded, composed again so that one letter is one character."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(char for char in decomposed if not _is_dropped(char))
    return unicodedata.normalize("NFC", kept.translate(_UNDECOMPOSED))


def _is_dropped(char: str) -> bool:
    """Accents and vowel points, by combining class (UAX #44, table 15), and invisible characters.

    Left in place is what makes another letter in scripts that write it so: nukta, voicing
    of kana, virama (7 to 9), vowels and tones of South-East Asia (84 to 132).
    """
    position = unicodedata.combining(char)
    is_accent = position == 1 or 10 <= position <= 36 or position >= 200  # noqa: PLR2004 - classes told above
    return is_accent or unicodedata.category(char) == "Cf"


def _belongs(char: str) -> bool:
    """Letters, their marks and digits make words; everything else parts them."""
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def compatible(first: NormalName, second: NormalName) -> bool:
    """Whether both may be names of one person. Symmetric; not transitive.

    A name without usable part is compatible with all. With a given name on both sides, given
    names decide, or given and family name exchanged; the family name alone decides nothing:
    it is what a family shares, and what changes at a wedding. Otherwise more than half of
    the parts of the shorter name need a partner in the longer.
    """
    if first == second:
        return True
    return _compatible(first, second)


@lru_cache(PAIR_CACHE)
def _compatible(first: NormalName, second: NormalName) -> bool:
    if not first.parts or not second.parts:
        return True
    if not first.given or not second.given:
        return _parts_agree(first.parts, second.parts)
    if _any_agree(first.given, second.given):
        return True
    return _any_agree(first.given, second.family) and _any_agree(first.family, second.given)


def _any_agree(first: Iterable[str], second: Collection[str]) -> bool:
    return any(given_names_agree(one, other) for one in first for other in second)


def _parts_agree(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """More than half of the shorter's parts are in the longer; for equal length either way."""
    shorter, longer = sorted((first, second), key=len)
    if _is_mostly_in(shorter, longer):
        return True
    return len(shorter) == len(longer) and _is_mostly_in(longer, shorter)


def _is_mostly_in(parts: tuple[str, ...], among: tuple[str, ...]) -> bool:
    found = sum(any(name_parts_agree(part, other) for other in among) for part in parts)
    return 2 * found > len(parts)


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
