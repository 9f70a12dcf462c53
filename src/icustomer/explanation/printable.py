"""Makes texts of events harmless for terminals and well-formed in XML: they may hold anything."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text on one line, without characters that a terminal would obey or XML forbids."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
