"""From the options of `icustomer dead-letters` to the letters that are meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from icustomer.commands.usage import UsageError
from icustomer.contracts.rejection import Reason
from icustomer.contracts.topics import INPUTS
from icustomer.core.times import microseconds
from icustomer.setting_values import parse_duration
from icustomer.stream.dead_letters_choice import Wanted
from icustomer.stream.topics import topic_name


class Filters(Struct, frozen=True):
    """The options as they were written; empty: not given."""

    reasons: Sequence[str] = ()
    topics: Sequence[str] = ()
    since: str = ""
    until: str = ""


def wanted(filters: Filters, prefix: str, now: datetime) -> Wanted:
    """UsageError for a reason, topic or time that cannot be. `now`: what ages count from."""
    return Wanted(
        frozenset(map(_reason, filters.reasons)),
        frozenset(_topic(name, prefix) for name in filters.topics),
        _time("--since", filters.since, now),
        _time("--until", filters.until, now),
    )


def _reason(text: str) -> str:
    return _one_of("--reason", text, list(Reason))


def _topic(text: str, prefix: str) -> str:
    """The full name, from that or from the short one."""
    short = text.removeprefix(f"{prefix}.")
    return topic_name(prefix, INPUTS[_names().index(_one_of("--topic", short, _names()))])


def _names() -> list[str]:
    return [topic.value for topic in INPUTS]


def _one_of(option: str, text: str, possible: Iterable[str]) -> str:
    if text not in set(possible):
        raise UsageError(f"{option} must be one of {', '.join(possible)}")
    return text


def _time(option: str, text: str, now: datetime) -> int | None:
    if not text:
        return None
    try:
        return microseconds(_moment(text, now))
    except (ValueError, TypeError, OverflowError):  # TypeError: a time without an offset
        raise UsageError(
            f"{option} must be a time with its offset, such as 2026-03-14T09:26:53Z, or an age, "
            "such as 30m, 2h or 7d"
        ) from None


def _moment(text: str, now: datetime) -> datetime:
    try:
        return now - parse_duration(text)
    except ValueError:
        return datetime.fromisoformat(text.strip())


def utc_now() -> datetime:
    """Now, by this machine's clock."""
    return datetime.now(UTC)
