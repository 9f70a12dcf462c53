"""The demonstration's final report: 80 columns, readable without colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from icustomer.evaluation.report import indented, pairs_table, printable
from icustomer.local.figures import DemoFigures
from icustomer.local.story import Story

WIDTH = 80
INDENT = 2
OUTCOMES = (
    *("created", "matched", "merged", "split", "duplicate"),
    *("unresolved", "suppressed", "dead_lettered"),
)
"""In the order in which they are told; each event ends in exactly one."""
CHANGES = (
    "created",
    "merged",
    "split",
    "claimed",
    "identifier_shared",
    "identifier_unshared",
    "merge_refused",
)
MILLISECONDS = 1_000


def make_console() -> Console:
    """A console of 80 columns. Colours only on a terminal and unless NO_COLOR is set."""
    return Console(width=WIDTH, highlight=False, emoji=False)


def print_figures(figures: DemoFigures, console: Console) -> None:
    """Print the whole report."""
    console.print(_title("What became of the events"))
    console.print(
        _side_by_side(
            _counts("outcome", _ordered(figures.outcomes, OUTCOMES)),
            _counts("dead letters", sorted(figures.dead_letters.items())),
        )
    )
    console.print(_title("Who the customers are"))
    console.print(
        _side_by_side(
            _counts("people and customers", _population(figures)),
            _counts("identity changes", _ordered(figures.changes, CHANGES)),
        )
    )
    console.print(_title("How right that is"))
    console.print(_indented(pairs_table({"icustomer": figures.pairs, "plain": figures.plain})))
    console.print(_note("plain: connected components of e-mail and telephone, without rules"))
    console.print(_title("How fast it was"))
    console.print(_speed(figures))
    if figures.story is not None:
        console.print(_title("The story of one customer"))
        console.print(_story(figures.story))


def _population(figures: DemoFigures) -> list[tuple[str, int]]:
    return [
        ("people in the events", figures.people),
        ("customers", figures.customers),
        ("guests", figures.guests),
    ]


def _ordered(counts: Mapping[str, int], order: Sequence[str]) -> list[tuple[str, int]]:
    """Known names in their order, zero where nothing was counted; then all others."""
    others = sorted(counts.keys() - set(order))
    return [(name, counts.get(name, 0)) for name in (*order, *others)]


def _counts(title: str, counts: Sequence[tuple[str, int]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(title)
    table.add_column("", justify="right")
    for name, count in counts:
        table.add_row(name.replace("_", " "), f"{count:,}")
    if not counts:
        table.add_row("none", "")
    return table


def _side_by_side(*tables: Table) -> Padding:
    half = WIDTH // 2 - INDENT
    return _indented(Columns(tables, width=half, padding=(0, 1)))


def _speed(figures: DemoFigures) -> Padding:
    throughput = (
        f"{figures.events_per_second:,.0f} events/s with one worker "
        f"({figures.fast_events:,} events in {figures.seconds:.1f} s)"
    )
    lines = [throughput]
    if figures.delay_p50 is not None and figures.delay_p99 is not None:
        lines.append(
            f"from sending to profile, at {figures.steady_rate:.0f} events/s: "
            f"p50 {figures.delay_p50 * MILLISECONDS:.0f} ms, "
            f"p99 {figures.delay_p99 * MILLISECONDS:.0f} ms"
        )
    lines.append(f"on an in-memory Kafka and {figures.redis_origin}: a demonstration, no benchmark")
    return _indented(Group(*map(Text, lines)))


def _story(story: Story) -> Padding:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("on an invoice", Text(f"Customer no. {story.customer_id}", style="bold"))
    for title, values in _facts(story):
        if values:
            table.add_row(title, Text("\n".join(map(printable, values))))
    return _indented(table)


def _facts(story: Story) -> tuple[tuple[str, Sequence[str]], ...]:
    orders = f"{story.orders}" + (f", {' and '.join(story.totals)}" if story.totals else "")
    return (
        ("name", (story.name,) if story.name else ()),
        ("e-mail", story.emails),
        ("telephone", story.phones),
        ("account", story.accounts),
        ("orders", (orders,)),
        ("tickets", (str(story.tickets),)),
        ("known before as", story.merged_from),
        ("what happened", story.steps),
    )


def _title(text: str) -> RenderableType:
    return Group(Text(), Rule(Text(text, style="bold"), align="left", characters="-", style="dim"))


def _note(text: str) -> Padding:
    return _indented(Text(text, style="dim"))


def _indented(content: RenderableType) -> Padding:
    return indented(content, INDENT)


def indented_lines(lines: Sequence[str]) -> Text:
    """Lines that stand in by a margin and are never wrapped: they are there to be copied."""
    return Text("\n".join(f"{' ' * INDENT}{printable(line)}" for line in lines), no_wrap=True)
