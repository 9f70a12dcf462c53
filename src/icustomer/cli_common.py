"""What commands have in common on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

FAILED = 1
"""Exit code of what could not be done, or of a check that found something."""

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]


def exit_unless(done: bool) -> None:
    """End with `FAILED` unless all was well."""
    if not done:
        raise typer.Exit(FAILED)
