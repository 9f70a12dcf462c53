"""Opens what a command needs to reach Kafka and Redis, and closes it again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from icustomer.activation import check_rules
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.kafka_access import connection
from icustomer.session import check_key
from icustomer.settings import Settings
from icustomer.store.connection import ClusterServer, SingleServer, call
from icustomer.store.keys import SpaceKeys
from icustomer.store.redis import RedisStore
from icustomer.stream.failures import translated
from icustomer.stream.log_reader import Isolation, close_reader, open_reader, partitions_of
from icustomer.stream.producers import open_producer, stop_producer
from icustomer.stream.topics import topic_name


@asynccontextmanager
async def redis_store(
    settings: Settings, keyring: Keyring, rules: Rules | None = None
) -> AsyncIterator[RedisStore]:
    """The store of the space; WrongKeyError if the space was made with another key, for then
    no identifier would be found.

    `rules`: by which what stands there is to be read; OtherRulesError if it is matched by others.
    """
    store = RedisStore(
        settings.redis_url.get_secret_value(), settings.space, cluster=settings.redis_cluster
    )
    try:
        fence = await store.read_fence()
        claim = fence.claim if fence else None
        check_key(claim, keyring.fingerprint())
        if rules is not None:
            check_rules(claim, rules.fingerprint)
        yield store
    finally:
        await store.close()


async def read_groups(settings: Settings, group_ids: Collection[bytes]) -> list[bytes | None]:
    """Encoded groups by their IDs, in the same order; None where nothing stands."""
    if not group_ids:
        return []
    url, keys = settings.redis_url.get_secret_value(), SpaceKeys(settings.space)
    server = (
        ClusterServer(url, keys.fence.decode()) if settings.redis_cluster else SingleServer(url)
    )
    try:
        blobs: list[bytes | None] = await call(server, "MGET", *map(keys.group, group_ids))
    finally:
        await server.close()
    return blobs


@asynccontextmanager
async def kafka_producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """A producer of single records, each acknowledged by all replicas."""
    producer = await open_producer(connection(settings))
    try:
        yield producer
    finally:
        await stop_producer(producer)


@asynccontextmanager
async def new_dead_letters(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader of the dead letters that come from now on."""
    reader = await open_reader(connection(settings), Isolation.COMMITTED)
    try:
        topic = topic_name(settings.topic_prefix, Topic.DEAD_LETTERS)
        reader.assign(await partitions_of(reader, topic))
        with translated("tell the end of the dead letters"):
            await reader.seek_to_end()
        yield reader
    finally:
        await close_reader(reader)
