"""Dead letters for tests, made as workers make them."""

from __future__ import annotations

from typing import Any, NamedTuple

from icustomer.contracts.topics import Topic
from icustomer.core.times import SECOND
from icustomer.stream.dead_letters import Letter, read_letter
from icustomer.stream.port import Headers, InputRecord, OutputRecord
from icustomer.stream.records import DeadLetter, dead_letter
from icustomer.stream.topics import MAX_RECORD_BYTES

PREFIX = "customer"
HOME = 2
FAILED = 1_773_480_413 * SECOND
FAILED_AT = "2026-03-14T09:26:53Z"


class Raw(NamedTuple):
    """What a consumer gives."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def record(**changed: Any) -> InputRecord:
    fields: dict[str, Any] = {
        "topic": Topic.ORDERS,
        "partition": 3,
        "offset": 14,
        "timestamp": 15,
        "key": b"k",
        "value": b"{",
        "headers": (),
    }
    return InputRecord(**fields | changed)


def refused(
    original: InputRecord,
    *,
    prefix: str = PREFIX,
    reason: str = "not_json",
    failed: int = FAILED,
    size: int = MAX_RECORD_BYTES[Topic.DEAD_LETTERS],
) -> OutputRecord:
    """The record of the letter."""
    names = {topic: f"{prefix}.{topic}" for topic in Topic}
    return dead_letter(DeadLetter(original, reason, "value: malformed", failed), names, size)


def raw(made: OutputRecord, home: int = HOME) -> Raw:
    return Raw(home, made.key, made.value, tuple(made.headers))


def letter(reason: str = "not_json", failed: int = FAILED, **changed: Any) -> Letter:
    found = read_letter(raw(refused(record(**changed), reason=reason, failed=failed)))
    assert found is not None
    return found
