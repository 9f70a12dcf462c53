"""Reads the rule file that a setting or an argument names."""

from __future__ import annotations

from pathlib import Path

from icustomer.contracts.rules_file import RulesFile
from icustomer.contracts.rules_reading import RulesMistakesError, read_rules
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.errors import SettingsError

MOST_BYTES = 4_000_000
"""More than ten thousand blocked values take."""


def load_text(path: Path) -> str:
    """The text of the file; `SettingsError` if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise SettingsError(f"{path}: more than {MOST_BYTES:,} bytes are no rule file")
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} must be a readable text file in UTF-8: {error}") from None


def load_file(path: Path | None) -> RulesFile:
    """The rules of a file, or the built-in ones; `SettingsError`, in one line, for mistakes."""
    if path is None:
        return RulesFile()
    try:
        return read_rules(load_text(path))
    except RulesMistakesError as error:
        more = len(error.mistakes) - 1
        rest = f" ({more} more: icustomer rules check {path})" if more else ""
        raise SettingsError(f"{path}, {error.mistakes[0]}{rest}") from None


def load_rules(path: Path | None) -> Rules:
    """The same as the core reads them."""
    return DEFAULT_RULES if path is None else load_file(path).rules()
