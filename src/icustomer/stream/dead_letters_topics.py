"""Asks Kafka which topics there are to read dead letters from, and to send them back to."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IncompatibleBrokerVersion, for_code
from msgspec import Struct

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.errors import OperatorError
from icustomer.stream.admin import open_admin
from icustomer.stream.connection import Connection
from icustomer.stream.dead_letters_choice import InputTopic
from icustomer.stream.failures import translated
from icustomer.stream.topics import MAX_MESSAGE_BYTES, REQUEST_SECONDS, topic_name

LIMIT = "max.message.bytes"


class Surroundings(Struct, frozen=True):
    """What exists of a prefix."""

    letters: str
    """Full name of the topic of dead letters."""
    inputs: dict[str, InputTopic]
    """Those input topics that exist, by full name."""


async def letters_topic(connection: Connection, prefix: str) -> str:
    """Full name of the topic of dead letters. Raises as `surroundings` does."""
    async with open_admin(connection) as admin:
        return _letters(await _described(admin), prefix)


async def surroundings(connection: Connection, prefix: str) -> Surroundings:
    """Raises `OperatorError` if there is no topic of dead letters, `UnavailableError` if Kafka
    does not answer."""
    async with open_admin(connection) as admin:
        described = await _described(admin)
        letters = _letters(described, prefix)
        names = [name for each in INPUTS if (name := topic_name(prefix, each)) in described]
        limits = await _limits(admin, names)
    return Surroundings(letters, {name: _input(described[name], limits) for name in names})


async def _described(admin: AIOKafkaAdminClient) -> dict[str, dict[str, Any]]:
    """All topics: asking for one by name may create it."""
    with translated("describe topics"):
        async with asyncio.timeout(REQUEST_SECONDS):
            return {each["topic"]: each for each in await admin.describe_topics()}


def _letters(described: Collection[str], prefix: str) -> str:
    name = topic_name(prefix, Topic.DEAD_LETTERS)
    if name not in described:
        raise OperatorError(
            f"the topic {name} is missing in Kafka; create it with: icustomer topics create"
        )
    return name


def _input(described: dict[str, Any], limits: dict[str, int]) -> InputTopic:
    name = described["topic"]
    return InputTopic(len(described["partitions"]), limits.get(name, MAX_MESSAGE_BYTES[INPUTS[0]]))


async def _limits(admin: AIOKafkaAdminClient, names: Collection[str]) -> dict[str, int]:
    """Largest batch of each topic; nothing of a broker that cannot tell, as the embedded one."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, {LIMIT: None}) for name in names]
    limits: dict[str, int] = {}
    with translated("describe topics"):
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answers = await admin.describe_configs(resources) if resources else []
        except IncompatibleBrokerVersion:
            return {}
        for answer in answers:
            for code, reason, _, name, entries in answer.resources:
                if code:
                    raise for_code(code)(f"{name}: {reason}")
                limits[name] = int(dict(entry[:2] for entry in entries)[LIMIT])
    return limits
