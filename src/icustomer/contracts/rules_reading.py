"""From the text of a rule file to the rules, or to its mistakes: line, key, what, remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from icustomer.contracts.rules_checks import checked
from icustomer.contracts.rules_file import (
    AccountKind,
    BlockedEntry,
    Composite,
    EmailKind,
    Limits,
    OwnKind,
    PhoneKind,
    RulesFile,
    Source,
    SurvivorshipSection,
)
from icustomer.contracts.rules_lines import Path, line_of, lines_of

_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)")
_NAMED: tuple[Path, ...] = (("kinds",), ("composites",))
_OF_NAMES = ("string_pattern_mismatch",)
_UNION_BRANCHES = ("function-", "list[", "literal[")


_TYPES = {
    "int_type": "must be a whole number",
    "string_type": "must be text, in quotation marks",
    "list_type": "must be a list",
    "model_type": "must be a table: write [{table}]",
    "dict_type": "must be a table: write [{table}]",
    "string_too_short": "must not be empty",
    "string_too_long": "has more than {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "has more than {max_length} entries",
}
"""What is told of values of another type or length, in the words of TOML."""
_IN_TWO_BRACKETS: Path = ("blocked",)
"""A list of tables, which TOML writes with two brackets."""


class Mistake(NamedTuple):
    """One thing that is wrong with a rule file."""

    line: int
    """Counted from 1."""
    key: str
    """Dotted, such as `kinds.phone.match`; empty for a mistake of syntax."""
    problem: str
    """What is wrong, and what to do; one line."""

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        return f"line {self.line}: {key}{self.problem}"


class RulesMistakesError(ValueError):
    """The text is no rule file."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(str(mistakes[0]))
        self.mistakes = mistakes
        """One or more, in the order of their lines."""


def read_rules(text: str) -> RulesFile:
    """The rule file, with all defaults filled in; `RulesMistakesError` for what is none."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesMistakesError([_of_syntax(str(error), text)]) from None
    except RecursionError:
        raise RulesMistakesError([Mistake(1, "", "no TOML: nested too deep")]) from None
    try:
        file = RulesFile.model_validate(document)
    except ValidationError as error:
        found = [_of_model(one) for one in error.errors(include_url=False)]
        raise RulesMistakesError(_placed(found, text)) from None
    wrong = list(checked(file))
    if wrong:
        raise RulesMistakesError(_placed(wrong, text))
    return file


def _of_syntax(told: str, text: str) -> Mistake:
    match = _SYNTAX.fullmatch(told)
    if match is None:
        return Mistake(1, "", f"no TOML: {told}")
    line = int(match["line"]) if match["line"] else text.count("\n") + 1
    return Mistake(line, "", f"no TOML: {match['what'][:1].lower()}{match['what'][1:]}")


def _placed(found: Iterable[tuple[Path, str]], text: str) -> list[Mistake]:
    lines = lines_of(text)
    first: dict[Path, str] = {}
    for path, problem in found:
        first.setdefault(path, problem)
    return sorted(
        Mistake(line_of(path, lines), ".".join(map(str, path)), problem)
        for path, problem in first.items()
    )


def _of_model(error: ErrorDetails) -> tuple[Path, str]:
    path = tuple(step for step in error["loc"] if not _is_branch(step) and step != "[key]")
    if error["type"] == "extra_forbidden":
        return path, _unknown(path)
    if error["type"] == "missing":
        return path, f"is missing: add {path[-1]} to this table"
    if error["loc"][-1] == "[key]" or (path[:-1] in _NAMED and error["type"] in _OF_NAMES):
        return path, "a name is 1 to 32 of a-z, 0-9, _ and -, and begins with a letter"
    if error["type"] == "list_type" and path == _IN_TWO_BRACKETS:
        return path, "is a list of tables: write [[blocked]]"
    if error["type"] in _TYPES:
        table = ".".join(map(str, path))
        return path, _TYPES[error["type"]].format_map({"table": table, **error.get("ctx", {})})
    return path, _must(error["msg"])


def _is_branch(step: str | int) -> bool:
    """Whether a step names one of several forms of a value, and nothing that is written."""
    return isinstance(step, str) and step.startswith(_UNION_BRANCHES)


def _must(message: str) -> str:
    told = message.replace("Input should be", "must be").replace("a valid boolean", "true or false")
    return f"{told[:1].lower()}{told[1:]}"


def _unknown(path: Path) -> str:
    known = sorted(_keys_beside(path))
    near = get_close_matches(str(path[-1]), known, 1)
    if near:
        return f"is no setting; did you mean {near[0]}?"
    return f"is no setting; here are: {', '.join(known)}"


def _keys_beside(path: Path) -> Iterator[str]:
    """The keys that the table of an unknown one may have."""
    model: Any = RulesFile
    match path:
        case ("kinds", name, _):
            special = {"account": AccountKind, "email": EmailKind, "phone": PhoneKind}
            model = special.get(str(name), OwnKind)
        case ("composites", _, _):
            model = Composite
        case ("blocked", _, _):
            model = BlockedEntry
        case ("sources", _, _):
            model = Source
        case ("limits", _):
            model = Limits
        case ("survivorship", _):
            model = SurvivorshipSection
    for name, field in model.model_fields.items():
        yield field.alias or name
