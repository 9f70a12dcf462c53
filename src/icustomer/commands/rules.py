"""`icustomer rules`: shows the policy in force, and tells what is wrong with a rule file."""

from __future__ import annotations

from pathlib import Path

from icustomer.commands.output import print_json
from icustomer.contracts.rules_loading import load_file, load_text
from icustomer.contracts.rules_reading import Mistake, RulesMistakesError, read_rules
from icustomer.contracts.rules_text import as_json as document_of
from icustomer.contracts.rules_text import as_toml


def show(path: Path | None, *, as_json: bool) -> None:
    """Print the rules of the file, or the built-in ones, with every default."""
    file = load_file(path)
    if as_json:
        print_json(document_of(file))
    else:
        print(as_toml(file), end="")  # noqa: T201 -- this is the command's answer


def check(path: Path, *, as_json: bool) -> bool:
    """Print each mistake of the file on a line; False if there are any."""
    mistakes = _mistakes(path)
    if as_json:
        print_json([mistake._asdict() for mistake in mistakes])
    elif mistakes:
        for mistake in mistakes:
            print(f"{path}: {mistake}")  # noqa: T201 -- likewise
    else:
        print(f"{path}: every setting is as it should be")  # noqa: T201 -- likewise
    return not mistakes


def _mistakes(path: Path) -> list[Mistake]:
    try:
        read_rules(load_text(path))
    except RulesMistakesError as error:
        return list(error.mistakes)
    return []
