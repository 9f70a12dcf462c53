"""The options of every decision on the command line, and how it asks and signs."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

CustomerId = Annotated[str, typer.Argument(metavar="ID", help="A customer ID.")]
Reason = Annotated[str, typer.Option(help="Why: kept with the command for those who ask later.")]
RequestedBy = Annotated[
    str, typer.Option(help="Who answers for it; your login name if not given.", show_default=False)
]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait until it took effect.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def ask(question: str) -> None:
    """Ask on a terminal; elsewhere nobody could answer."""
    if sys.stdin.isatty():
        typer.confirm(question, abort=True)


def requester(name: str) -> str:
    """The name given, or that of whoever is logged in."""
    try:
        return name or getpass.getuser()
    except (OSError, KeyError):
        raise typer.BadParameter("--requested-by is needed: nobody is logged in") from None
