"""Makes texts of events harmless for terminals and well-formed in XML: they may hold anything."""

from __future__ import annotations

JOINERS = "\u200c\u200d"
"""Zero-width non-joiner and joiner: names of Persia and India are spelled with them."""

LAST_CONTROL = 0x9F
"""Below are control characters, some of which count as blanks."""


def printable(text: str) -> str:
    """The text on one line, without characters that a terminal would obey or XML forbids; blanks
    of any script are blanks."""
    return "".join(map(_printable, text))


def _printable(char: str) -> str:
    if char.isprintable() or char in JOINERS:
        return char
    is_blank = char.isspace() and ord(char) > LAST_CONTROL
    return " " if is_blank else "\N{REPLACEMENT CHARACTER}"
