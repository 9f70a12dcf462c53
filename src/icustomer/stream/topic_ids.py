"""Kafka's IDs of topics: they tell a topic that was made again from the one of before.

aiokafka asks for metadata in a version that knows no IDs yet; here is the question in a newer
one, in the words of its protocol classes (Kafka 2.8 and later answer it).
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from io import BytesIO

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated

ANSWER_SECONDS = 10.0
"""To connect and to be answered; as long as other questions about topics may take."""

ID_BYTES = 16
_NO_ID = bytes(ID_BYTES)
"""What a topic has whose broker gives none."""

_METADATA = 3
"""Kafka's number of the request."""
_WITH_IDS = 10
"""The first version of it whose answer holds the IDs."""


async def topic_ids(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """The ID of each topic that exists, in Kafka's own text form; "" where the broker tells
    none. Raises `UnavailableError` when Kafka is away, `OperatorError` when it refuses."""
    with translated(f"tell the IDs of topics at {connection.servers}"):
        async with asyncio.timeout(ANSWER_SECONDS), _client(connection) as client:
            return await ids_from(client, names)


async def ids_from(client: AIOKafkaClient, names: Collection[str]) -> dict[str, str]:
    """The same from a client that is connected; raises what aiokafka raises."""
    try:
        answer = await client.send(client.get_random_node(), _Question(names))
    except NotImplementedError:  # aiokafka's word for a broker that does not know the version
        known = (await client.fetch_all_metadata()).topics()
        return dict.fromkeys(known.intersection(names), "")
    return _ids(answer)


@asynccontextmanager
async def _client(connection: Connection) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**connection.aiokafka_options())
    try:
        await client.bootstrap()
        yield client
    finally:
        await client.close()


def _ids(answer: Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, name, raw, *_ in answer.topics:
        error = for_code(code)
        if error is UnknownTopicOrPartitionError:
            continue
        if code:
            raise error(name)
        found[name] = _text(raw)
    return found


def _text(raw: bytes) -> str:
    """As Kafka's own tools show it: 22 characters of base64, URL-safe."""
    return "" if raw == _NO_ID else urlsafe_b64encode(raw).rstrip(b"=").decode()


class _Uuid(AbstractType):  # type: ignore[misc] # aiokafka comes without types
    """Sixteen bytes."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(ID_BYTES)


_TEXT = CompactString("utf-8")


class _AnswerStruct(Response):  # type: ignore[misc] # likewise
    API_KEY = _METADATA
    API_VERSION = _WITH_IDS
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", _TEXT),
                ("port", Int32),
                ("rack", _TEXT),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _QuestionStruct(RequestStruct):  # type: ignore[misc] # likewise
    API_KEY = _METADATA
    API_VERSION = _WITH_IDS
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AnswerStruct
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic_id", _Uuid), ("topic", _TEXT), ("tags", TaggedFields)),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Question(Request[_QuestionStruct]):  # type: ignore[misc] # likewise
    """Of the topics of these names, created by none of it."""

    API_KEY = _METADATA

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def build(self, struct: type[_QuestionStruct]) -> _QuestionStruct:
        topics: list[tuple[bytes, str, dict[int, bytes]]] = [
            (_NO_ID, name, {}) for name in self._names
        ]
        return struct(topics, False, False, False, {})  # noqa: FBT003 - fields by their order
