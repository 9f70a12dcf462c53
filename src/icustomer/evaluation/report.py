"""The evaluation on a terminal: figures, then the worst mistakes with their reasons."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from icustomer.evaluation.evaluate import Evaluation
from icustomer.evaluation.pairs import Pairs
from icustomer.evaluation.sections import Grid, Section, headline, sections, share

INDENT = 4
"""Columns by which a mistake's reasons stand in."""


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print the whole report; it fits 80 columns."""
    console.print(Text(headline(evaluation), style="bold"))
    for section in sections(evaluation):
        console.print()
        _print_section(section, console)


def pairs_table(columns: dict[str, Pairs]) -> Table:
    """Precision, recall, F1 and the counts behind them, one column a method."""
    table = _table(("", *columns))
    each = list(columns.values())
    table.add_row("precision", *(share(pairs.precision) for pairs in each))
    table.add_row("recall", *(share(pairs.recall) for pairs in each))
    table.add_row("F1", *(share(pairs.f1) for pairs in each))
    table.add_row("pairs joined rightly", *(f"{pairs.true_pairs:,}" for pairs in each))
    table.add_row("pairs joined wrongly", *(f"{pairs.false_pairs:,}" for pairs in each))
    table.add_row("pairs missed", *(f"{pairs.missed_pairs:,}" for pairs in each))
    return table


def _table(columns: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    first, *others = columns
    table.add_column(printable(first), overflow="fold")
    for name in others:
        table.add_column(printable(name), justify="right", no_wrap=True)
    return table


def _print_section(section: Section, console: Console) -> None:
    console.print(Text(section.title, style="bold"))
    if section.grid is not None:
        console.print(indented(_grid(section.grid), INDENT // 2))
    for entry in section.entries:
        console.print(indented(Text(printable(entry.headline)), INDENT // 2))
        for reason in entry.reasons:
            console.print(indented(Text(printable(reason), style="dim"), INDENT))
    if section.remark:
        console.print(indented(Text(section.remark, style="dim"), INDENT // 2))


def _grid(grid: Grid) -> Table:
    table = _table(grid.columns)
    for row in grid.rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def indented(content: RenderableType, columns: int) -> Padding:
    """The content moved to the right, its wrapped lines too."""
    return Padding(content, (0, 0, 0, columns), expand=False)


def printable(text: str) -> str:
    """The text without characters that a terminal would obey: events may hold anything."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
