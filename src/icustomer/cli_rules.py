"""The words of `icustomer rules`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from icustomer.cli_common import Json, Reason, Yes, ask, exit_unless

rules_app = typer.Typer(
    help="Show the matching rules, check a rule file, try it, switch it on.", no_args_is_help=True
)
RulesFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A rules.toml.")
]


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
    file: RulesFile,
    as_json: Json = False,
) -> None:
    """Tell every mistake of a rule file: line, key, what is wrong and what to do."""
    from icustomer.commands.rules import check as check_file

    exit_unless(check_file(file, as_json=as_json))


@rules_app.command("diff")
def diff_rules(
    new: RulesFile,
    on: Annotated[
        str,
        typer.Option(
            metavar="FILE|live", help="Events, JSON Lines or CSV; or what is stored in the space."
        ),
    ] = "live",
    old: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="The rules to compare with; those of ICUSTOMER_RULES if not given.",
            show_default=False,
        ),
    ] = None,
    truth: Annotated[
        str | None, typer.Option(help="The field of a file that names the true person.")
    ] = None,
    examples: Annotated[
        int, typer.Option(min=0, help="Cases shown of those who join, and of those who part.")
    ] = 5,
    as_json: Json = False,
) -> None:
    """Tell who would join and who would part under other rules; nothing is altered."""
    from icustomer.commands.rules_diff import LIVE, diff_file, diff_live
    from icustomer.settings import load_settings

    if on != LIVE:
        files = (old or load_settings().rules, new)
        diff_file(files, Path(on), truth, examples, as_json=as_json)
    elif truth:
        raise typer.BadParameter("--truth goes with --on FILE: nothing that is stored tells it")
    else:
        asyncio.run(diff_live(load_settings(), old, new, examples, as_json=as_json))


@rules_app.command("activate")
def activate_rules(
    file: RulesFile,
    reason: Reason,
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a rebuild of others to end.")
    ] = 60,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Switch the space to other rules: all that is stored is worked out anew."""
    from icustomer.commands.rules_activate import activate
    from icustomer.settings import load_settings

    settings = load_settings()
    if not yes:
        ask(f"Switch {settings.space} to the rules of {file}? Workers with other rules stop.")
    asyncio.run(activate(settings, file, reason, timeout, as_json=as_json))
