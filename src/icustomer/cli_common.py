"""What commands have in common on the command line."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

FAILED = 1
"""Exit code of what could not be done, or of a check that found something."""

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
CustomerId = Annotated[str, typer.Argument(metavar="ID", help="A customer ID.")]
Country = Annotated[
    str | None, typer.Option(help="Country (CH, US) whose local numbers a phone may be.")
]
Reason = Annotated[str, typer.Option(help="Why: kept with the command for those who ask later.")]
RequestedBy = Annotated[
    str, typer.Option(help="Who answers for it; your login name if not given.", show_default=False)
]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait until it took effect.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def exit_unless(done: bool) -> None:
    """End with `FAILED` unless all was well."""
    if not done:
        raise typer.Exit(FAILED)


def ask(question: str) -> None:
    """Ask on a terminal; elsewhere nobody could answer."""
    if sys.stdin.isatty():
        typer.confirm(question, abort=True)


def requester(name: str) -> str:
    """Who answers for a command: the name given, else who is logged in."""
    try:
        return name or getpass.getuser()
    except (OSError, KeyError):
        raise typer.BadParameter("--requested-by is needed: nobody is logged in") from None


def tell_in_one_line(what: str) -> None:
    """What went wrong, on standard error; nothing where the help was shown instead."""
    if words := what.split():
        sys.stderr.write(f"icustomer: {' '.join(words)}\n")
