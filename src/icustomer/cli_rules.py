"""The words of `icustomer rules`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icustomer.cli_common import Json, exit_unless

rules_app = typer.Typer(help="Show the matching rules, or check a rule file.", no_args_is_help=True)


@rules_app.command("show")
def show_rules(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="A rules.toml; that of ICUSTOMER_RULES, or the built-in rules, if not given.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the rules with every default, each with what it means."""
    from icustomer.commands.rules import show
    from icustomer.settings import load_settings

    show(file or load_settings().rules, as_json=as_json)


@rules_app.command("check")
def check_rules(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A rules.toml.")
    ],
    as_json: Json = False,
) -> None:
    """Tell every mistake of a rule file: line, key, what is wrong and what to do."""
    from icustomer.commands.rules import check as check_file

    exit_unless(check_file(file, as_json=as_json))
