"""Cuts what a field of a name holds into words, folded so that spellings of one word are one.

Tells words that name somebody from forms of address, degrees and marks of the generation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from icustomer.core.name_tables import words as listed

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

SUFFIXES = frozenset(
    ["ii", "iii", "iv", "phd", "md", "dds", "esq", "esquire", "mba", "msc", "bsc", "cpa", "rn"]
)
"""What may follow a name but can itself be the beginning of one (Md, Iv)."""

GENERATIONS: Mapping[str, str] = {
    **dict.fromkeys(["sr", "snr", "senior"], "sr."),
    **dict.fromkeys(["jr", "jnr", "junior", "ii", "filho"], "jr."),
    "iii": "iii.",
    "iv": "iv.",
}
"""What tells two of one name apart, behind a name: the elder, the younger, the third, the fourth.
Words that are names as well are none (Jun, Sen, the Catalan Pere)."""
ALWAYS_A_MARK = frozenset(["jr", "jnr", "junior"])
"""Marks that are no name wherever they stand."""


def name_words(text: str) -> tuple[list[str], tuple[str, ...]]:
    """The usable words of one field, in order, and the mark of the generation, if there is one."""
    words = _words_of(text)
    usable = [word for position, word in enumerate(words) if not _is_no_name(word, position)]
    return usable, _generation(words)


def _is_no_name(word: str, position: int) -> bool:
    if word in listed("titles") or word in ALWAYS_A_MARK:
        return True
    return position > 0 and (word in SUFFIXES or word in GENERATIONS)


def _generation(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(GENERATIONS[word] for word in words[1:] if word in GENERATIONS)[-1:]


def _words_of(text: str) -> list[str]:
    """All runs of letters and digits with a letter among them."""
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
