"""Times: microseconds since the epoch, moments in UTC, and RFC 3339."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""Microseconds."""
DAY, MINUTE = 86_400, 60
"""Seconds."""
DAYS_CACHED = 16_384
"""Days whose date is remembered as text: 45 years."""
TIMES_CACHED = 4_096
"""A time stands several times in a profile, and again in the next version of it."""
_MINUTES = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(DAY // MINUTE))
_SECONDS = tuple(f"{second:02}" for second in range(MINUTE))


def moment(at: int) -> datetime:
    """Microseconds since the epoch as a time in UTC."""
    return EPOCH + timedelta(0, 0, at)


def microseconds(moment: datetime) -> int:
    """The inverse of `moment`."""
    return (moment - EPOCH) // MICROSECOND


@lru_cache(TIMES_CACHED)
def rfc3339(at: int) -> str:
    """Microseconds since the epoch as RFC 3339 in UTC; a fraction only where there is one."""
    seconds, fraction = divmod(at, SECOND)
    days, second = divmod(seconds, DAY)
    text = _date(days) + _MINUTES[second // MINUTE] + _SECONDS[second % MINUTE]
    return f"{text}.{fraction:06d}Z" if fraction else text + "Z"


@lru_cache(DAYS_CACHED)
def _date(days: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
