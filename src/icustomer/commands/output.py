"""How commands answer: one JSON document for programs, text of 80 columns for people."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS = 80
"""What fits every terminal, also where the output goes to a file."""


def print_json(document: Any) -> None:
    """The document on one line of standard output."""
    print(json.dumps(document, ensure_ascii=False))  # noqa: T201 -- this is the command's answer


def people_console() -> Console:
    """Standard output for people; colours only on a terminal."""
    return Console(width=COLUMNS, highlight=False, soft_wrap=False)


def tell(text: str) -> None:
    """A remark beside the answer: one line on standard error."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(text)


def table(*columns: str) -> Table:
    """A plain table; cells fold rather than lose their end."""
    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        result.add_column(column, overflow="fold")
    return result
