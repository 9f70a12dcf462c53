"""Explanations on a terminal of 80 columns."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from icustomer.contracts.explanation import CustomerExplanation, PairExplanation
from icustomer.explanation.printable import printable
from icustomer.explanation.wording import headline, sections

INDENT = 2
"""Columns by which entries stand in; their details twice as many."""


def print_explanation(explanation: CustomerExplanation | PairExplanation, console: Console) -> None:
    """Print one explanation."""
    console.print(Text(printable(headline(explanation)), style="bold"))
    for section in sections(explanation):
        console.print()
        console.print(Text(section.title, style="bold"))
        for entry in section.entries:
            _print(entry.headline, INDENT, "", console)
            for detail in entry.details:
                _print(detail, 2 * INDENT, "dim", console)


def _print(text: str, columns: int, style: str, console: Console) -> None:
    console.print(Padding(Text(printable(text), style=style), (0, 0, 0, columns), expand=False))
