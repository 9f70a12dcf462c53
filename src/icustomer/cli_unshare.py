"""`icustomer unshare` on the command line: its names, arguments and exit codes."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from icustomer.cli_common import (
    Country,
    Json,
    Reason,
    RequestedBy,
    Timeout,
    Yes,
    exit_unless,
    requester,
)


def unshare(
    identifier: Annotated[
        str, typer.Argument(metavar="KIND:VALUE", help="email:..., phone:... or account:...")
    ],
    reason: Reason,
    country: Country = None,
    requested_by: RequestedBy = "",
    timeout: Timeout = 30,
    yes: Yes = False,  # noqa: ARG001 -- every decision takes it; this one never asks
    as_json: Json = False,
) -> None:
    """Say that an identifier belongs to one person, however many it was seen with."""
    from icustomer.commands.decisions import Word
    from icustomer.commands.unshare import unshare as say
    from icustomer.settings import load_settings

    word = Word(requester(requested_by), reason, timeout)
    exit_unless(asyncio.run(say(load_settings(), identifier, country, word, as_json=as_json)))
