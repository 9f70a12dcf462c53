"""The words of `icustomer explain` and `icustomer export`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from icustomer.cli_common import Country, Json, RequestedBy, exit_unless, requester

WHO = "An ID, email:..., phone:... or account:SERVICE/NUMBER."
MOST_EXPLAINED = 2


def explain(
    whom: Annotated[
        list[str],
        typer.Argument(metavar="ID|KIND:VALUE [ID|KIND:VALUE]", help=f"{WHO} One or two."),
    ],
    country: Country = None,
    svg: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Draw it in this file, too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell how a customer was put together; of two, why they are one or not."""
    from icustomer.commands.explain import explain as tell
    from icustomer.settings import load_settings

    if len(whom) > MOST_EXPLAINED:
        raise typer.BadParameter("name one customer, or two")
    exit_unless(asyncio.run(tell(load_settings(), whom, country, svg, as_json=as_json)))


def export(
    who: Annotated[str, typer.Argument(metavar="ID|KIND:VALUE", help=WHO)],
    country: Country = None,
    html: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write a page for people, too.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the document here.")
    ] = None,
    requested_by: RequestedBy = "",
    as_json: Json = False,  # noqa: ARG001 -- it always answers so
) -> None:
    """Hand out all that is known of a customer, as one JSON document."""
    from icustomer.commands.export import Files
    from icustomer.commands.export import export as hand_out
    from icustomer.settings import load_settings

    by = requester(requested_by)
    exit_unless(asyncio.run(hand_out(load_settings(), who, country, Files(output, html), by)))
