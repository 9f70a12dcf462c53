"""The evaluation for people: figures, then the worst mistakes with their reasons."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from icustomer.evaluation.evaluate import Evaluation
from icustomer.evaluation.mistakes import FalseMerge, Miss
from icustomer.evaluation.pairs import Pairs

INDENT = 4
"""Columns by which a mistake's reasons stand in."""


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print the whole report; it fits 80 columns."""
    console.print(_counts(evaluation))
    console.print(pairs_table({"icustomer": evaluation.pairs, "plain": evaluation.plain}))
    console.print(
        Text("plain: connected components of e-mail and telephone, without rules", style="dim")
    )
    _print_mistakes(console, "Worst false merges", map(_merge_lines, evaluation.merges))
    _print_mistakes(console, "Worst misses", map(_miss_lines, evaluation.misses))


def pairs_table(columns: dict[str, Pairs]) -> Table:
    """Precision, recall, F1 and the counts behind them, one column a method."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    each = list(columns.values())
    table.add_row("precision", *(share(pairs.precision) for pairs in each))
    table.add_row("recall", *(share(pairs.recall) for pairs in each))
    table.add_row("F1", *(share(pairs.f1) for pairs in each))
    table.add_row("pairs joined rightly", *(f"{pairs.true_pairs:,}" for pairs in each))
    table.add_row("pairs joined wrongly", *(f"{pairs.false_pairs:,}" for pairs in each))
    table.add_row("pairs missed", *(f"{pairs.missed_pairs:,}" for pairs in each))
    return table


def share(value: float) -> str:
    """A share with three digits; only what is whole is written as 1.000."""
    return "0.999+" if 0.9995 <= value < 1 else f"{value:.3f}"  # noqa: PLR2004 - rounds to 1.000


def _counts(evaluation: Evaluation) -> Text:
    counts = (
        (evaluation.records, "records"),
        (evaluation.people, "people"),
        (evaluation.customers, "customers found"),
        (evaluation.refused, "refused"),
    )
    return Text(", ".join(f"{count:,} {noun}" for count, noun in counts), style="bold")


def _print_mistakes(
    console: Console, title: str, mistakes: Iterable[tuple[str, tuple[str, ...]]]
) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    none = True
    for headline, reasons in mistakes:
        none = False
        console.print(indented(Text(printable(headline)), INDENT // 2))
        for reason in reasons:
            console.print(indented(Text(printable(reason), style="dim"), INDENT))
    if none:
        console.print(indented(Text("none"), INDENT // 2))


def indented(content: RenderableType, columns: int) -> Padding:
    """The content moved to the right, its wrapped lines too."""
    return Padding(content, (0, 0, 0, columns), expand=False)


def printable(text: str) -> str:
    """The text without characters that a terminal would obey: events may hold anything."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _merge_lines(merge: FalseMerge) -> tuple[str, tuple[str, ...]]:
    headline = (
        f"{merge.customer_id}: {merge.people} people in {merge.records} records, "
        f"{merge.false_pairs:,} false pairs"
    )
    names = (f"names: {', '.join(merge.names)}",) if merge.names else ()
    joined = (f"joined by {', '.join(merge.because)}",) if merge.because else ()
    return headline, (*names, *joined)


def _miss_lines(miss: Miss) -> tuple[str, tuple[str, ...]]:
    headline = (
        f"{miss.person}: {miss.records} records in {miss.parts} parts, "
        f"{miss.missed_pairs:,} missed pairs"
    )
    return headline, (miss.because,)
