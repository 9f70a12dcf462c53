"""Where copies of what was forgotten remain, and until when: as the broker has it set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.kafka_access import connection
from icustomer.settings import Settings
from icustomer.stream.admin import open_admin
from icustomer.stream.topics import COMPACTED, settings_of, topic_name

Broker = Mapping[str, Mapping[str, str | None]]
"""Topic name to its settings; nothing of a broker that does not tell them."""
BY_TIME = (*INPUTS, Topic.DEAD_LETTERS)


async def copies(settings: Settings) -> list[str]:
    """One line for each place, in words."""
    names = [topic_name(settings.topic_prefix, topic) for topic in (*BY_TIME, *COMPACTED)]
    async with open_admin(connection(settings)) as admin:
        broker = await settings_of(admin, names)
    return list(remaining_copies(settings.topic_prefix, broker, datetime.now(UTC)))


def remaining_copies(prefix: str, broker: Broker, now: datetime) -> Iterator[str]:
    """As `copies`, of the broker's settings."""
    yield "Copies of what was told remain, and nothing erases them earlier:"
    for topic in BY_TIME:
        name = topic_name(prefix, topic)
        yield f"- {name}: {_kept(broker.get(name), now)}"
    for topic in COMPACTED:
        name = topic_name(prefix, topic)
        yield f"- {name}: {_compacted(broker.get(name), now)}"
    yield "- Redis: none in its memory; in its append-only file until it is rewritten next"
    yield "- backups and snapshots of Redis, and of Kafka's disks: as long as you keep them"


def _kept(setting: Mapping[str, str | None] | None, now: datetime) -> str:
    """Of a topic that is kept by time: a segment goes once its last record is old enough."""
    kept, roll = _milliseconds(setting, "retention.ms"), _milliseconds(setting, "segment.ms")
    if kept is None or roll is None:
        return "the broker does not tell how long"
    if kept < 0:
        return "for ever, as retention.ms is -1: delete it there yourself"
    return f"until {_day(now, kept + roll)} at the latest (retention.ms {kept}, segment.ms {roll})"


def _compacted(setting: Mapping[str, str | None] | None, now: datetime) -> str:
    lag = _milliseconds(setting, "min.compaction.lag.ms")
    roll = _milliseconds(setting, "segment.ms")
    if lag is None or roll is None:
        return "the broker does not tell how long"
    return (
        f"in the log until {_day(now, lag + roll)}, and until its cleaner comes by then "
        f"(min.compaction.lag.ms {lag}, segment.ms {roll})"
    )


def _milliseconds(setting: Mapping[str, str | None] | None, name: str) -> int | None:
    text = (setting or {}).get(name)
    return None if text is None else int(text)


def _day(now: datetime, milliseconds: int) -> str:
    try:
        return (now + timedelta(milliseconds=milliseconds)).isoformat(timespec="minutes")
    except OverflowError:
        return "the end of time"
