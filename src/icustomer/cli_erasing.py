"""The words of `icustomer forget` and `icustomer suppress`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from icustomer.cli_common import (
    CustomerId,
    Json,
    Reason,
    RequestedBy,
    Timeout,
    Yes,
    ask,
    exit_unless,
    requester,
)


def forget(
    customer_id: CustomerId,
    reason: Reason,
    requested_by: RequestedBy = "",
    timeout: Timeout = 30,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase a customer, and all IDs that redirect to it; cannot be undone."""
    from icustomer.commands.decisions import Word
    from icustomer.commands.erasing import forget as say
    from icustomer.settings import load_settings

    if not yes:
        ask(f"Erase all that is known of {customer_id}? This cannot be undone.")
    word = Word(requester(requested_by), reason, timeout)
    exit_unless(asyncio.run(say(load_settings(), customer_id, word, as_json=as_json)))


def suppress(
    identifier: Annotated[
        str, typer.Argument(metavar="KIND:VALUE", help="For example email:a@example.org.")
    ],
    reason: Reason,
    requested_by: RequestedBy = "",
    timeout: Timeout = 30,
    yes: Yes = False,  # noqa: ARG001 -- every decision takes it; this one never asks
    as_json: Json = False,
) -> None:
    """Never match nor store an identifier again; cannot be undone."""
    from icustomer.commands.decisions import Word, parse_claim
    from icustomer.commands.erasing import suppress as say
    from icustomer.settings import load_settings

    word = Word(requester(requested_by), reason, timeout)
    exit_unless(asyncio.run(say(load_settings(), parse_claim(identifier), word, as_json=as_json)))
