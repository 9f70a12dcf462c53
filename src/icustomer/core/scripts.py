"""Writes words of other alphabets in Latin letters, so that spellings of a name can be compared.

Words as `name_words` cuts them: folded, without accents. What is written is for comparing only,
never kept and never shown. Alphabets by tables, syllabaries and the scripts of India by what
Unicode calls their letters, Chinese by a table of readings. Arabic and Hebrew leave short vowels
out: there only the consonants can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from unicodedata import name as unicode_name
from unicodedata import normalize

from icustomer.core import name_tables

WORDS_CACHE = 16_384
"""Words of other scripts whose Latin form is remembered."""


class Script(Enum):
    """How a word is written, as far as comparing cares."""

    LATIN = "latin"
    ALPHABET = "alphabet"
    """One that is not Latin."""
    CONSONANTS = "consonants"
    """Arabic or Hebrew: vowels are mostly left out."""
    SYLLABLES = "syllables"
    """Kana and Hangul."""
    HAN = "han"
    OTHER = "other"
    """No way into Latin letters is known here, such as Thai."""


GREEK_SOUNDS = (
    *(("\u03bf\u03c5", "u"), ("\u03b1\u03c5", "av"), ("\u03b5\u03c5", "ev")),
    *(("\u03bc\u03c0", "b"), ("\u03bd\u03c4", "nt"), ("\u03b3\u03b3", "ng")),
)
"""Pairs of letters with one sound."""
INDIC = frozenset(
    "DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM SINHALA".split()  # noqa: SIM905 - read more easily
)
INDIC_SOUNDS = (
    *(("CC", "C"), ("CHH", "ch"), ("CH", "ch"), ("C", "ch"), ("TT", "T"), ("DD", "D"), ("NN", "N")),
    *(("LL", "L"), ("SS", "SH"), ("RR", "R"), ("AA", "A"), ("II", "I"), ("UU", "U"), ("EE", "E")),
    *(("OO", "O"), ("JNY", "GY"), ("NY", "N"), ("NG", "N"), ("V", "V")),
)
"""What Unicode calls letters of India to what people write in their place."""
KANA_SOUNDS = (
    *(("sy", "sh"), ("zy", "j"), ("ty", "ch"), ("dy", "j"), ("si", "shi"), ("zi", "ji")),
    *(("ti", "chi"), ("tu", "tsu"), ("du", "zu"), ("hu", "fu"), ("ou", "o"), ("uu", "u")),
)
"""What Unicode calls kana to Hepburn, long vowels written short as passports do."""
LATIN_CONSONANTS = (
    *(("ph", "f"), ("kh", "k"), ("ch", "s"), ("sh", "s"), ("th", "t"), ("dh", "d"), ("gh", "g")),
    *(("ck", "k"), ("q", "k"), ("c", "k"), ("x", "ks"), ("v", "b"), ("p", "b"), ("j", "g")),
    *(("z", "s"), ("f", "f")),
)
"""Latin letters to those that stand for Arabic and Hebrew ones here."""
WEAK = re.compile("[aeiouwy]")
"""Vowels, and the letters that now are one and now are none."""
DOUBLED = re.compile(r"(.)\1+")


@lru_cache(WORDS_CACHE)
def script_of(word: str) -> Script:
    """The script of a word, by its first letter."""
    first = word[0]
    if first.isascii():
        return Script.LATIN
    code = ord(first)
    if code in name_tables.alphabets():
        return Script.ALPHABET
    if code in name_tables.consonants():
        return Script.CONSONANTS
    return _by_unicode(unicode_name(first, ""))


_BEGINNINGS: Mapping[str, Script] = {
    "LATIN": Script.LATIN,
    "CJK": Script.HAN,
    "HANGUL": Script.SYLLABLES,
    "HIRAGANA": Script.SYLLABLES,
    "KATAKANA": Script.SYLLABLES,
    **dict.fromkeys(INDIC, Script.ALPHABET),
}


def _by_unicode(called: str) -> Script:
    return _BEGINNINGS.get(called.partition(" ")[0], Script.OTHER)


@lru_cache(WORDS_CACHE)
def in_latin(word: str) -> str:
    """The word in Latin letters, as it is usually written there; empty if that is not known."""
    return _WRITERS[script_of(word)](word)


@lru_cache(WORDS_CACHE)
def consonants(word: str) -> str:
    """What is left of a word without what Arabic and Hebrew leave unwritten: the consonants, and
    whether it begins with a vowel. Empty if it cannot be told."""
    if script_of(word) is Script.CONSONANTS:
        written = word.translate(name_tables.consonants())
    else:
        written = in_latin(word)
        for letters, sound in LATIN_CONSONANTS:
            written = written.replace(letters, sound)
    if not written.isascii() or not written:
        return ""
    first = "a" if WEAK.match(written) and written[0] not in "wy" else ""
    body = WEAK.sub("", DOUBLED.sub(r"\1", written))
    return first + (body[:-1] if len(body) > 2 and body.endswith("h") else body)  # noqa: PLR2004 - a silent end


def _alphabet(word: str) -> str:
    if unicode_name(word[0], "").partition(" ")[0] in INDIC:
        return _indic(word)
    for letters, sound in GREEK_SOUNDS:
        word = word.replace(letters, sound)
    written = word.translate(name_tables.alphabets())
    return written if written.isascii() else ""


def _indic(word: str) -> str:
    """Each consonant with the vowel that follows it: its sign, none behind a virama, else an a,
    which at the end of a word is not spoken."""
    found: list[str] = []
    for char in word:
        called = unicode_name(char, "")
        _, _, sound = called.rpartition(" ")
        if "VOWEL SIGN" in called:
            found[-1:] = [found[-1].removesuffix("A") + sound] if found else [sound]
        elif called.endswith("VIRAMA"):
            found[-1:] = [found[-1].removesuffix("A")] if found else []
        elif "ANUSVARA" in called or "CANDRABINDU" in called:
            found.append("N")
        elif "LETTER" in called:
            found.append(sound)
    if len(found) > 1 and word[-1].isalpha():
        found[-1] = found[-1].removesuffix("A")
    written = "".join(found)
    for called, sound in INDIC_SOUNDS:
        written = written.replace(called, sound)
    return written.lower()


def _syllables(word: str) -> str:
    composed = normalize("NFC", word)
    if unicode_name(composed[0], "").startswith("HANGUL"):
        found = "".join(unicode_name(char, "").rpartition(" ")[2].lower() for char in composed)
        return found if found.isascii() else ""
    return _hepburn("".join(map(_kana, composed)))


def _kana(char: str) -> str:
    """What Unicode calls it; a small y takes the i before it away, written here as -."""
    called = unicode_name(char, "").partition(" ")[2]
    if called == "LETTER SMALL TU" or not called.startswith("LETTER"):
        return ""
    sound = called.rpartition(" ")[2].lower()
    return f"-{sound}" if called.startswith("LETTER SMALL Y") else sound


def _hepburn(found: str) -> str:
    found = found.replace("i-", "").replace("-", "")
    for letters, sound in KANA_SOUNDS:
        found = found.replace(letters, sound)
    return found if found.isascii() else ""


def _han(word: str) -> str:
    readings = name_tables.readings()
    if any(char not in readings for char in word):
        return ""
    return "".join(readings[char] for char in word)


def _as_it_is(word: str) -> str:
    return word


def _unknown(_: str) -> str:
    return ""


_WRITERS: Mapping[Script, Callable[[str], str]] = {
    Script.LATIN: _as_it_is,
    Script.ALPHABET: _alphabet,
    Script.CONSONANTS: _unknown,
    Script.SYLLABLES: _syllables,
    Script.HAN: _han,
    Script.OTHER: _unknown,
}
