"""What a model refused, in one line for people: field and rule, never a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from icustomer.contracts import commands, common, events

MAX_ERRORS = 5
"""Errors told of one message: enough to see what is wrong, and a header stays short."""
UNKNOWN_KEY = "*"
"""Stands for a key that the sender chose (of a preference, a consent): it may be personal."""

RULES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is required",
        "string_type": "must be text",
        "string_too_long": "must have at most {max_length} characters",
        "string_pattern_mismatch": "must match {pattern}",
        "bool_type": "must be true or false",
        "int_type": "must be a whole number",
        "literal_error": "must be {expected}",
        "greater_than_equal": "must be {ge} or more",
        "less_than_equal": "must be {le} or less",
        "too_long": "must have at most {max_length} entries",
        "too_short": "must have at least {min_length} entries",
        "tuple_type": "must be a list",
        "dict_type": "must be an object",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
        "union_tag_invalid": "must be {expected_tags}",
        "union_tag_not_found": "is required",
        common.RULE: "must be {rule}",
    }
)
"""Error types of pydantic that the models can give, as rules; the braces hold limits."""

BLANK_PATTERN = r"\S"


def _field_names() -> frozenset[str]:
    models = [
        item
        for module in (common, events, commands)
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, common.Message)
    ]
    return frozenset(name for model in models for name in model.model_fields)


FIELD_NAMES = _field_names()
_COMMAND_NAMES = frozenset({"merge", "split", "forget", "unshare", "suppress"})
_PRICE_FORMS = frozenset({"amount", "money"})


def explain(error: ValidationError) -> str:
    """`field: rule; field: rule`, the first few of them."""
    details = error.errors(include_url=False, include_input=False)
    told = [f"{_field(detail)}: {_rule(detail)}" for detail in details[:MAX_ERRORS]]
    if len(details) > MAX_ERRORS:
        told.append(f"and {len(details) - MAX_ERRORS} more")
    return "; ".join(told)


def _rule(detail: Mapping[str, Any]) -> str:
    context = detail.get("ctx", {})
    if context.get("pattern") == BLANK_PATTERN:
        return "must not be empty"
    rule = RULES.get(detail["type"])
    return rule.format_map(context) if rule else f"breaks the rule {detail['type']}"


def _field(detail: Mapping[str, Any]) -> str:
    if detail["type"].startswith("union_tag"):
        return ".".join([*_path(detail["loc"]), "command"])
    return ".".join(_path(detail["loc"])) or "message"


def _path(location: tuple[int | str, ...]) -> Iterator[str]:
    """The names of the models' fields on the way; numbers of entries in brackets' stead."""
    for step in _steps(location):
        yield str(step) if isinstance(step, int) or step in FIELD_NAMES else UNKNOWN_KEY


def _steps(location: tuple[int | str, ...]) -> Iterator[int | str]:
    """Without the tags of unions, which are no fields."""
    for index, step in enumerate(location):
        is_command = index == 0 and step in _COMMAND_NAMES
        is_price_form = index > 0 and location[index - 1] == "price" and step in _PRICE_FORMS
        if not (is_command or is_price_form):
            yield step
