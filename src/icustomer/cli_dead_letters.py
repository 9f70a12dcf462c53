"""The words of `icustomer dead-letters`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from icustomer.cli_common import Json, exit_unless

dead_letters_app = typer.Typer(
    help="List the records that were refused, or send them again.", no_args_is_help=True
)

RefusedAs = Annotated[
    list[str] | None,
    typer.Option("--reason", metavar="REASON", help="Refused for this; may be repeated."),
]
CameFrom = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="TOPIC", help="Came from this topic; may be repeated."),
]
Since = Annotated[str, typer.Option(metavar="TIME|AGE", help="Refused then or later, such as 2h.")]
Until = Annotated[str, typer.Option(metavar="TIME|AGE", help="Refused before then.")]


@dead_letters_app.command("list")
def list_dead_letters(
    reason: RefusedAs = None,
    topic: CameFrom = None,
    since: Since = "",
    until: Until = "",
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help="The newest only; a table shows 50 if not given.", show_default=False
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that were redriven.")
    ] = False,
    counts: Annotated[bool, typer.Option("--counts", help="By reason and topic, no more.")] = False,
    as_json: Json = False,
) -> None:
    """Show which records were refused and why; never what they say."""
    from icustomer.commands.dead_letters_filters import Filters
    from icustomer.commands.dead_letters_list import Scope, View, list_letters
    from icustomer.settings import load_settings

    filters = Filters(reason or (), topic or (), since, until)
    scope = Scope.ALL if everything else Scope.WAITING
    view = View.of(counts=counts, as_json=as_json)
    asyncio.run(list_letters(load_settings(), filters, scope, view, limit))


@dead_letters_app.command("redrive")
def redrive_dead_letters(
    reason: RefusedAs = None,
    topic: CameFrom = None,
    since: Since = "",
    until: Until = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="So many at most.", show_default=False)
    ] = None,
    max_attempts: Annotated[
        int, typer.Option(min=1, help="Leave what was redriven so often and refused again.")
    ] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done.")] = False,
    as_json: Json = False,
) -> None:
    """Send refused records again, each once, to the topic that they came from."""
    from icustomer.commands.dead_letters_redrive import Mode, Order, redrive
    from icustomer.settings import load_settings

    mode = Mode.DRY_RUN if dry_run else Mode.SEND
    order = Order(reason or (), topic or (), since, until, limit, max_attempts, mode)
    exit_unless(asyncio.run(redrive(load_settings(), order, as_json=as_json)))
