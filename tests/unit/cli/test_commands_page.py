"""The page on commands names every command and every option, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from icustomer.cli import app

PAGE = Path(__file__).parents[3] / "docs/reference/commands.md"
EVERYWHERE = {"--help"}


def options(command, path=()):
    """Command line of each command -> its long options."""
    subcommands = getattr(command, "commands", {})
    names = {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    found = {" ".join(path): {name for name in names if name.startswith("--")} - EVERYWHERE}
    for name, subcommand in subcommands.items():
        found |= options(subcommand, (*path, name))
    return found


def test_every_command_and_option_is_explained():
    text = PAGE.read_text()
    found = options(typer.main.get_command(app))
    assert [command for command in found if f"icustomer {command}" not in text] == []
    told = set(re.findall(r"--[a-z-]+[a-z]", text)) - EVERYWHERE
    # `--validate` is what happens anyway.
    assert told == set().union(*found.values()) - {"--validate"}
