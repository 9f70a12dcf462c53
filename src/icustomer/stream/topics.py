"""The topics as they should be, how to create them, and what differs from that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, TypedDict

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IncompatibleBrokerVersion, TopicAlreadyExistsError, for_code
from msgspec import Struct

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.errors import OperatorError, UnavailableError
from icustomer.stream.failures import translated

DEFAULT_PARTITIONS = 12
"""As many workers as can share the work; more can only be had by a new set of topics."""

BROKER_REPLICATION = -1
"""Kafka's own sign for "as the broker has it"."""

DAY_MS: Final = 24 * 60 * 60 * 1_000
REPAIR_MS = 7 * DAY_MS
"""How long a stale last record may wait to be mended before compaction takes the newer one,
and how long tombstones stay: an outage may last that long."""

KEPT_MS = 30 * DAY_MS
"""Retention of what is kept by time."""

MIB = 1024 * 1024
RECORD_OVERHEAD_BYTES = 128
"""Batch header (61) and the lengths within one record (at most 21), rounded up."""

INPUT_BYTES = MIB + MIB // 4
"""A value of 1 MiB, and room for its key and headers."""

MAX_MESSAGE_BYTES: Mapping[Topic, int] = {
    **dict.fromkeys(INPUTS, INPUT_BYTES),
    Topic.PROFILES: 4 * MIB,
    Topic.IDENTITY_CHANGES: MIB,
    Topic.IDENTITY_STATE: 8 * MIB,
    Topic.DEAD_LETTERS: 2 * INPUT_BYTES,
}
"""Bytes of a batch that a topic takes (`max.message.bytes`). Groups hold up to 1,000 facets
and thousands of orders; a profile shows few of them. A dead letter is its input and the
reason."""

MAX_RECORD_BYTES: Mapping[Topic, int] = {
    topic: size - RECORD_OVERHEAD_BYTES for topic, size in MAX_MESSAGE_BYTES.items()
}
"""Bytes of key, value and headers of one record that fit for certain."""

REQUEST_SECONDS = 30.0
"""For one question to the admin API."""

VISIBLE_POLL_SECONDS = 0.1
"""Between two looks for a new topic."""


class Comparison(StrEnum):
    """When an existing setting is right."""

    EXACTLY = "exactly"
    AT_LEAST = "at least"


class Setting(Struct, frozen=True):
    """One setting of a topic, named as Kafka names it."""

    name: str
    value: str
    comparison: Comparison = Comparison.EXACTLY

    def holds(self, actual: str | None) -> bool:
        if self.comparison is Comparison.AT_LEAST and actual is not None and actual.isdigit():
            return int(actual) >= int(self.value)
        return actual == self.value


Difference = TypedDict(
    "Difference", {"topic": str, "setting": str, "is": str | None, "should_be": str}
)
"""One line of `topics check`; `is` is None for what does not exist."""


COMPACTED = (Topic.PROFILES, Topic.IDENTITY_STATE)

_COMPACTION = (
    Setting("cleanup.policy", "compact"),
    Setting("min.compaction.lag.ms", str(REPAIR_MS), Comparison.AT_LEAST),
    Setting("delete.retention.ms", str(REPAIR_MS), Comparison.AT_LEAST),
)
_RETENTION = (
    Setting("cleanup.policy", "delete"),
    Setting("retention.ms", str(KEPT_MS)),
)


def topic_name(prefix: str, topic: Topic) -> str:
    """`<TOPIC_PREFIX>.<short name>`."""
    return f"{prefix}.{topic}"


def settings(topic: Topic) -> tuple[Setting, ...]:
    """The settings that matter to icustomer; inputs belong to those who send, so that only
    their size matters."""
    size = Setting("max.message.bytes", str(MAX_MESSAGE_BYTES[topic]), Comparison.AT_LEAST)
    if topic in INPUTS:
        return (size,)
    if topic in COMPACTED:
        return (*_COMPACTION, size)
    return (*_RETENTION, size)


async def create(
    admin: AIOKafkaAdminClient,
    prefix: str,
    partitions: int = DEFAULT_PARTITIONS,
    replication: int = BROKER_REPLICATION,
) -> list[str]:
    """Create the topics that are missing; the names of those created.

    Existing topics are left as they are: `check` tells what is wrong with them. Raises
    `OperatorError` if Kafka refuses one, `UnavailableError` if it cannot answer.
    """
    wanted = [
        NewTopic(
            name=topic_name(prefix, topic),
            num_partitions=partitions,
            replication_factor=replication,
            # The class wants assignments with a -1, and takes none for an answer.
            replica_assignments={} if replication == BROKER_REPLICATION else None,
            topic_configs={setting.name: setting.value for setting in settings(topic)},
        )
        for topic in Topic
    ]
    with translated("create topics"):
        async with asyncio.timeout(REQUEST_SECONDS):
            response = await admin.create_topics(wanted)
    created = [name for name, code, reason in response.topic_errors if _created(name, code, reason)]
    with translated("show the new topics"):
        async with asyncio.timeout(REQUEST_SECONDS):
            await _until_visible(admin, prefix, created)
    return created


async def _until_visible(admin: AIOKafkaAdminClient, prefix: str, names: list[str]) -> None:
    """Brokers hear of a new topic a moment after its creation was answered."""
    while True:
        known = {topic_name(prefix, topic) for topic in await _partition_counts(admin, prefix)}
        if known.issuperset(names):
            return
        await asyncio.sleep(VISIBLE_POLL_SECONDS)


def _created(name: str, code: int, reason: str | None) -> bool:
    """False: it was there already. Refusals come as codes in the response."""
    if code == TopicAlreadyExistsError.errno:
        return False
    _raise_for(code, f"{name}: {reason}")
    return True


def _raise_for(code: int, detail: str) -> None:
    error = for_code(code)
    if code == 0:
        return
    message = f"Kafka answered {error.__name__} ({detail})"
    raise UnavailableError(message) if error.retriable else OperatorError(message)


async def check(
    admin: AIOKafkaAdminClient, prefix: str, partitions: int | None = None
) -> list[Difference]:
    """What differs from how the topics should be; nothing is altered.

    `partitions`: what the compacted outputs should have. Without it the smaller number among
    them counts, for partitions can only have been added, and old keys stay behind then.
    """
    with translated("describe topics"):
        async with asyncio.timeout(REQUEST_SECONDS):
            counts = await _partition_counts(admin, prefix)
            actual = await settings_of(admin, [topic_name(prefix, topic) for topic in counts])
    return [
        *_missing(prefix, counts),
        *_deviating_partitions(prefix, counts, partitions),
        *_deviating_settings(prefix, counts, actual),
    ]


async def _partition_counts(admin: AIOKafkaAdminClient, prefix: str) -> dict[Topic, int]:
    """Asks for all topics: asking for one by name may create it."""
    described = {entry["topic"]: entry for entry in await admin.describe_topics()}
    return {
        topic: len(described[name]["partitions"])
        for topic in Topic
        if (name := topic_name(prefix, topic)) in described
    }


async def settings_of(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, Any]]:
    """By topic; nothing of a broker that cannot tell, as the embedded one cannot."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    result: dict[str, dict[str, Any]] = {}
    try:
        responses = await admin.describe_configs(resources)
    except IncompatibleBrokerVersion:
        return {}
    for response in responses:
        for code, reason, _, name, entries in response.resources:
            _raise_for(code, f"{name}: {reason}")
            result[name] = {entry[0]: entry[1] for entry in entries}
    return result


def _missing(prefix: str, counts: Mapping[Topic, int]) -> Iterator[Difference]:
    for topic in Topic:
        if topic not in counts:
            yield _difference(topic_name(prefix, topic), "exists", None, "yes")


def _deviating_partitions(
    prefix: str, counts: Mapping[Topic, int], expected: int | None
) -> Iterator[Difference]:
    compacted = {topic: counts[topic] for topic in COMPACTED if topic in counts}
    should_be = expected if expected is not None else min(compacted.values(), default=0)
    for topic, count in compacted.items():
        if count != should_be:
            yield _difference(topic_name(prefix, topic), "partitions", str(count), str(should_be))


def _deviating_settings(
    prefix: str, counts: Mapping[Topic, int], actual: Mapping[str, Mapping[str, str | None]]
) -> Iterator[Difference]:
    for topic in counts:
        name = topic_name(prefix, topic)
        if name not in actual:
            continue
        for setting in settings(topic):
            value = actual[name].get(setting.name)
            if not setting.holds(value):
                yield _difference(name, setting.name, value, setting.value)


def _difference(topic: str, setting: str, actual: str | None, should_be: str) -> Difference:
    return {"topic": topic, "setting": setting, "is": actual, "should_be": should_be}
