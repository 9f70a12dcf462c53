"""Keeps personal data out of log lines: what may stand in one, and in which form.

Nothing of a record may reach a log: not by a field, not by the text of somebody else's
exception, not by an argument that a library formats into its message.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

from icustomer.errors import IcustomerError

LONGEST_TEXT = 300
"""Characters of one value: longer ones are content, not names."""
MOST_FRAMES = 12
"""Innermost frames of a stack that are told."""
PHONE_DIGITS = range(7, 16)
"""Digits of a phone number (E.164 allows 15; shorter than 7 is no subscriber's number)."""
WITHHELD = "[withheld]"

PLAIN = frozenset({
    "address", "attempt", "batch", "bytes", "change_id", "claim", "command", "conflicts",
    "count", "customer_id", "customers", "dead_letters", "entries", "epoch", "events", "format",
    "generation", "group", "group_id", "groups", "identifiers", "kind", "lag", "level", "limit",
    "logger", "nonce", "offset", "outcome", "outcomes", "partition", "partitions", "pid", "port",
    "position", "published", "reason", "records", "remaining", "retry_seconds", "seconds",
    "server", "signal", "slot", "slots", "space", "stage", "state", "status", "task",
    "timestamp", "topic", "topics", "trace_id", "version", "worker", "workers",
})  # fmt: skip
"""Fields whose values are ours: figures, names of topics and servers, IDs that we made."""
SCRUBBED = frozenset({
    "event", "detail", "error", "event_id", "failure", "remedy", "requested_by",
})  # fmt: skip
"""Fields with text in which something of a sender's could stand."""

_EMAIL = re.compile(r"[^\s@\"'<>(){}\[\],;]+@[^\s@\"'<>(){}\[\],;]+")
_NUMBER = re.compile(r"(?<![\w.])\+?\(?\d[\d ()./\u2010-\u2015\u00a0-]{4,}\d(?!\w)")
_INTERNET_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_QUOTED = re.compile(r"""b?'[^']*'|b?"[^"]*"|`[^`]*`|\{.*\}|\[.*\]|<.*>""")
_TECHNICAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:/-]{0,119}", re.ASCII)
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+ #0]*[\d.*]*[a-zA-Z]")


def scrub(text: str) -> str:
    """The text on one line without what looks like an e-mail address or a phone number."""
    line = " ".join(text.split())[:LONGEST_TEXT]
    return _NUMBER.sub(_without_number, _EMAIL.sub("[email]", line))


def _without_number(found: re.Match[str]) -> str:
    text = found[0]
    digits = sum(character.isdecimal() for character in text)
    if digits not in PHONE_DIGITS or _INTERNET_ADDRESS.fullmatch(text):
        return text
    return "[number]"


def safe_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one of our own lines; values of unknown fields are withheld."""
    return {key: _safe_field(key, value) for key, value in fields.items()}


def _safe_field(key: str, value: Any) -> Any:
    if key in PLAIN:
        return _plain(value)
    if key in SCRUBBED:
        return describe_exception(value) if isinstance(value, BaseException) else _scrubbed(value)
    return WITHHELD


def _plain(value: Any) -> Any:
    """Numbers and short texts as they are, also within lists and tables."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(entry) for entry in value]
    return f"<{type(value).__name__}>"


def _scrubbed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _scrubbed(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(entry) for entry in value]
    plain = _plain(value)
    return scrub(plain) if isinstance(plain, str) else plain


def foreign_message(template: str, arguments: tuple[Any, ...]) -> str:
    """What a library wanted to say, without what it may have quoted of a record.

    Only the first line is told, quoted and bracketed text is left out, and of the arguments
    only numbers and single technical words (topics, hosts, states) are filled in.
    """
    line = _QUOTED.sub("[...]", (template.splitlines() or [""])[0])
    rest = iter(arguments)
    return scrub(_PLACEHOLDER.sub(lambda _: _argument(next(rest, None)), line))


def _argument(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, str) and _TECHNICAL.fullmatch(value):
        return value
    return f"<{type(value).__name__}>"


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Type, causes and stack. The text is told of our own errors only: somebody else's may
    quote the record that it stumbled over."""
    described: dict[str, Any] = {"type": _type_name(error)}
    if isinstance(error, IcustomerError):
        described["text"] = scrub(str(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        described["cause"] = _type_name(cause)
    if isinstance(error, BaseExceptionGroup):
        described["parts"] = [_type_name(part) for part in error.exceptions]
    if error.__traceback__ is not None:
        described["stack"] = _stack(error)
    return described


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _stack(error: BaseException) -> list[str]:
    """The frames, innermost last, without their source lines."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{_short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short_path(path: str) -> str:
    """The path from the package on; of other code the file and its folder."""
    parts = PurePath(path).parts
    start = max((i for i, part in enumerate(parts) if part == "icustomer"), default=-2)
    return "/".join(parts[start:])
