"""Bytes of an input record to a validated message, or to the reason why not.

First the bytes are read as JSON under rules that hold for all of them, ignored fields
included; then the model of the topic judges what was read. Whatever the bytes, the answer is
a message or a rejection, never an exception.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder
from pydantic import TypeAdapter
from pydantic import ValidationError as ModelError

from icustomer.contracts.commands import Command, CommandModel
from icustomer.contracts.events import Event, Order, Signup, Support
from icustomer.contracts.explain import explain
from icustomer.contracts.plain import PlainEvent, plain_event
from icustomer.contracts.rejection import Reason, Rejection
from icustomer.contracts.topics import Topic

MAX_BYTES = 1_048_576
"""1 MiB, what a record may have by Kafka's own default."""
MAX_NESTING = 32
"""Objects and arrays inside each other, the message itself included."""
DIGITS_KEPT = 2_000
"""Digits of a number that are read when there are too many for Python (4,300): above every
limit of a text or a number, so that what is cut is refused or ignored all the same."""

_LONG_DIGITS = re.compile(rb"(?<![0-9eE])(?<![eE][+-])([0-9]{%d})[0-9]+" % DIGITS_KEPT)
_UNREADABLE = Decimal("NaN")
"""Stands for a number whose exponent is beyond Decimal; no model accepts it."""


class _NotJsonError(Exception):
    """The message says what about the bytes is no JSON of ours."""


def _number(text: str) -> Decimal:
    """A JSON number with point or exponent, exactly."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return _UNREADABLE


_JSON: Decoder[Any] = Decoder(float_hook=_number)
_MODELS = {
    Topic.SIGNUPS: TypeAdapter[Any](Signup),
    Topic.ORDERS: TypeAdapter[Any](Order),
    Topic.SUPPORT: TypeAdapter[Any](Support),
    Topic.COMMANDS: TypeAdapter[Any](Command),
}
_VALIDATE = {topic: adapter.validator.validate_python for topic, adapter in _MODELS.items()}


def decode(topic: Topic, value: bytes | None) -> Event | PlainEvent | CommandModel | Rejection:
    """The message in the value of a record of an input topic, or why it is refused.

    Reasons: `empty`, `too_large`, `not_json`, `invalid`.
    """
    if not value:
        return Rejection(Reason.EMPTY, "no value")
    if len(value) > MAX_BYTES:
        return Rejection(Reason.TOO_LARGE, f"{len(value)} bytes, at most {MAX_BYTES}")
    if (plain := plain_event(topic, value)) is not None:
        return plain
    return judge(topic, value)


def judge(topic: Topic, value: bytes) -> Event | CommandModel | Rejection:
    """The same by the models alone: what they say holds."""
    try:
        message: Event | CommandModel = _VALIDATE[topic](_read(value))
    except _NotJsonError as error:
        return Rejection(Reason.NOT_JSON, str(error))
    except ModelError as error:
        return Rejection(Reason.INVALID, explain(error))
    return message


def _read(value: bytes) -> dict[str, Any]:
    """The object that the bytes spell. Floats become Decimal; of equal keys the last counts."""
    try:
        document = _JSON.decode(value)
    except ValidationError:
        document = _read_long(value)
    except UnicodeDecodeError:
        raise _NotJsonError("not UTF-8") from None
    except DecodeError:
        raise _NotJsonError("malformed") from None
    except RecursionError:
        raise _NotJsonError(_TOO_DEEP) from None
    if type(document) is not dict:
        raise _NotJsonError("not an object")
    if value.count(b"{") + value.count(b"[") > MAX_NESTING:
        _check_nesting(document)
    return document


_TOO_DEEP = f"nested more than {MAX_NESTING} deep"


def _read_long(value: bytes) -> Any:
    """Again, with whole numbers cut that have more digits than Python converts."""
    return _JSON.decode(_LONG_DIGITS.sub(rb"\1", value))


def _check_nesting(document: dict[str, Any]) -> None:
    """Level by level: as many rounds as are allowed, whatever the shape."""
    level: list[Any] = [document]
    for _ in range(MAX_NESTING):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) in (dict, list)
        ]
        if not level:
            return
    raise _NotJsonError(_TOO_DEEP)
