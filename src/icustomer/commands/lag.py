"""`icustomer lag`: how far the workers are behind, once or again and again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import to_builtins
from rich.live import Live
from rich.table import Table

from icustomer.commands.output import people_console, print_json, table, tell
from icustomer.errors import UnavailableError
from icustomer.ops.lag import LagReader, PartitionLag, open_lag_reader
from icustomer.settings import Settings

Lags = Sequence[PartitionLag]
Show = Callable[[Lags], None]

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
"""Of a duration, with their seconds."""

EXACT_SECONDS = 10
"""Below this a tenth of a second is worth telling."""


async def lag(settings: Settings, *, as_json: bool, watch: float | None) -> None:
    """Print the lag of all input partitions; if `watch` is given, again after each so many
    seconds, until interrupted."""
    async with open_lag_reader(settings) as reader:
        if watch is None:
            show: Show = _print_line if as_json else _print_page
            show(await reader.read())
            return
        with _pipe_may_close(), _printing_lines() if as_json else _refreshing() as show_again:
            await _until_interrupted(_watch(reader, watch, show_again))


async def _watch(reader: LagReader, seconds: float, show: Show) -> None:
    """The first read must succeed; after that Kafka may be away for a while, which is told."""
    show(await reader.read())
    while True:
        await asyncio.sleep(seconds)
        try:
            show(await reader.read())
        except UnavailableError as error:
            tell(str(error))


async def _until_interrupted(work: Coroutine[Any, Any, None]) -> None:
    """Who ends a watch with Ctrl-C got what they wanted."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await asyncio.wait((task,))
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    if not task.cancelled():
        task.result()


@contextmanager
def _pipe_may_close() -> Iterator[None]:
    """Who reads the output (`head`) may leave first: that is an end like another."""
    try:
        yield
    except BrokenPipeError:
        # Python writes what is left at its exit, and would tell that it cannot.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _printing_lines() -> Iterator[Show]:
    yield _print_line


@contextmanager
def _refreshing() -> Iterator[Show]:
    """On a terminal a page takes the place of the one before."""
    console = people_console()
    if not console.is_terminal:
        yield _print_page
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda lags: live.update(_page(lags), refresh=True)


def _print_line(lags: Lags) -> None:
    print_json(to_builtins(lags))
    sys.stdout.flush()


def _print_page(lags: Lags) -> None:
    people_console().print(_page(lags))


def _page(lags: Lags) -> Table:
    """The total comes first: a terminal may be too low for all partitions."""
    page = table("topic", "partition", "end", "committed", "records behind", "time behind")
    for column in page.columns[1:]:
        column.justify = "right"
    records = sum(each.lag_records for each in lags)
    seconds = max((each.lag_seconds for each in lags), default=0.0)
    page.add_row("total", "", "", "", str(records), duration(seconds), style="bold")
    for each in lags:
        committed = "never" if each.committed is None else str(each.committed)
        page.add_row(
            each.topic,
            str(each.partition),
            str(each.end),
            committed,
            str(each.lag_records),
            duration(each.lag_seconds),
        )
    return page


def duration(seconds: float) -> str:
    """In the two largest units that count: `0 s`, `2.5 s`, `1 min 5 s`, `3 d 4 h`."""
    if 0 < seconds < EXACT_SECONDS:
        return f"{seconds:.1f} s"
    rest = round(seconds)
    parts: list[str] = []
    for unit, size in UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 ")) or "0 s"
