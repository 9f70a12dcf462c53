"""Writes rules out: as a TOML file with a comment at each setting, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from icustomer.contracts.rules_file import RulesFile
from icustomer.core.blocking import placeholders

WIDTH = 100
"""Columns of a comment."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DELETE = "\x7f"
"""JSON leaves it as it is, TOML wants it escaped."""


def as_toml(file: RulesFile) -> str:
    """The rules as a file that reads back as the same, every setting told and explained."""
    lines = [
        "# The rules in force, every default written out. What is left out of a rule file has the",
        "# value shown here. Each setting: docs/reference/rules.md",
        f"# Fingerprint: {file.rules().fingerprint}",
    ]
    lines += _table(file, ())
    lines += _shipped(file)
    return "\n".join(lines) + "\n"


def as_json(file: RulesFile) -> dict[str, Any]:
    """The rules in the form of the file, with their fingerprint and the shipped placeholders."""
    document = file.model_dump(mode="json", by_alias=True)
    shipped = [
        {"kind": one.kind, ("pattern" if one.pattern else "value"): one.pattern or one.value}
        | {"reason": one.reason}
        for one in placeholders()
        if one.kind in file.placeholders
    ]
    return document | {
        "shipped_placeholders": shipped,
        "fingerprint": file.rules().fingerprint,
    }


def _table(model: BaseModel, path: tuple[str, ...]) -> Iterator[str]:
    """The settings of a table, then the tables within it."""
    if path:
        yield ""
        yield f"[{'.'.join(map(_key, path))}]"
    inner: list[tuple[str, Any, str]] = []
    for name, field in type(model).model_fields.items():
        value, told = getattr(model, name), field.description or ""
        key = field.alias or name
        if isinstance(value, BaseModel | dict) or _is_tables(key, value):
            inner.append((key, value, told))
            continue
        yield from _comment(told)
        yield f"{_key(key)} = {_value(value)}"
    inner += [(key, value, "") for key, value in (model.model_extra or {}).items()]
    for key, value, told in inner:
        yield from _inner((*path, key), value, told)


def _is_tables(key: str, value: Any) -> bool:
    """Whether an array is written table by table; the only such one holds block lists."""
    return key == "blocked" and isinstance(value, list)


def _inner(path: tuple[str, ...], value: Any, told: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        if told and len(path) == 1:
            yield ""
            yield from _comment(told)
        yield from _table(value, path)
        return
    yield ""
    yield from _comment(told)
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        if isinstance(value, dict):
            yield from _table(entry, (*path, str(key)))
        else:
            yield from _entry(path, entry)


def _entry(path: tuple[str, ...], entry: BaseModel) -> Iterator[str]:
    yield ""
    yield f"[[{'.'.join(map(_key, path))}]]"
    for name, value in entry.model_dump(exclude_defaults=True).items():
        yield f"{name} = {_value(value)}"


def _comment(text: str) -> Iterator[str]:
    line = "#"
    for word in text.split():
        if len(line) + 1 + len(word) > WIDTH:
            yield line
            line = "#"
        line += f" {word}"
    if text:
        yield line


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return _text(str(value))


def _text(text: str) -> str:
    """As a literal where that is possible, so that patterns stay readable."""
    if "'" not in text and text.isprintable() and "\\" in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace(_DELETE, "\\u007f")


def _shipped(file: RulesFile) -> Iterator[str]:
    shipped = [one for one in placeholders() if one.kind in file.placeholders]
    if shipped:
        yield ""
        yield "# Shipped placeholders that hold, besides what `blocked` says:"
    for one in shipped:
        yield f"#   {one.kind} {one.pattern or one.value}"
        yield f"#     {one.reason}"
