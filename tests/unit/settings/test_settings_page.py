"""The page on settings says what the settings are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from icustomer.setting_values import Must
from icustomer.settings import Settings

PAGE = Path(__file__).parents[3] / "docs/reference/settings.md"


def shown(value):
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, timedelta):
        value = f"{value.days}d"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def row(name, field):
    must = next(entry.be for entry in field.metadata if isinstance(entry, Must))
    cells = (f"`ICUSTOMER_{name.upper()}`", shown(field.default), must, field.description)
    return f"| {' | '.join(cells)} |"


def test_the_table_is_that_of_the_code():
    expected = [row(name, field) for name, field in Settings.model_fields.items()]
    table = [line for line in PAGE.read_text().splitlines() if line.startswith("| `ICUSTOMER_")]
    assert table == expected, "the table should be:\n" + "\n".join(expected)
