"""Where it is measured: real servers, topics and spaces of its own, cleaned up at the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis
from confluent_kafka import Consumer, ConsumerGroupState, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from msgspec import Struct, field

from benchmarks.people import PARTITIONS, STREAM_SHARES, Event
from benchmarks.preload import END_OFFSET, EPOCH, Customer
from icustomer.app import GC_THRESHOLDS, keyring_of
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.errors import OperatorError
from icustomer.settings import Settings
from icustomer.store.port import Checkpoint, Claim
from icustomer.store.redis import RedisStore
from icustomer.store.redis_rebuild import RESTORE_SIZE
from icustomer.stream.admin import open_admin
from icustomer.stream.connection import Connection
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.topics import create, topic_name

SECRET = "62656e63686d61726b" * 4
"""Not secret: the people are made up."""
RESTORED_AT_ONCE = 5_000
"""Customers in memory while a space is filled."""
QUEUED = 500_000
"""Records that the sending client holds at most."""
ADMIN_SECONDS = 30.0
JOIN_SECONDS = 60.0
JOIN_POLL_SECONDS = 0.1

REMEDY = (
    "set ICUSTOMER_TEST_KAFKA_SERVERS and ICUSTOMER_TEST_REDIS_URL, "
    "or start Docker, or install Java, Maven and redis-server"
)

Ends = dict[tuple[str, int], int]
"""Topic and partition to the offset behind the last record."""


@contextmanager
def servers() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Address of a Kafka, URL of a Redis, and where they come from: those that the tests take.

    Raises `OperatorError` if there is none and none can be started.
    """
    tests = str(Path(__file__).parent.parent / "tests")
    if tests not in sys.path:
        sys.path.insert(0, tests)
    from servers.kafka import KafkaUnavailableError, running_kafka  # noqa: PLC0415 - found above
    from servers.redis import running_redis  # noqa: PLC0415 - likewise

    with ExitStack() as stack:
        try:
            kafka = stack.enter_context(running_kafka())
            store = stack.enter_context(running_redis())
        except (KafkaUnavailableError, OperatorError, redis.RedisError) as error:
            raise OperatorError(f"no servers to measure on ({error}): {REMEDY}") from error
        yield kafka.servers, store.url, {"kafka": kafka.origin, "redis": store.origin}


class Ground(Struct):
    """Topics under a prefix of this run alone, and how far they were written."""

    kafka: str
    redis: str
    prefix: str = field(default_factory=lambda: f"bench-{uuid4().hex[:10]}")
    ends: Ends = field(default_factory=dict)
    spaces: set[str] = field(default_factory=set)
    """Spaces that may have keys."""
    sender: Any = None

    def settings(self, space: str, group: str) -> dict[str, str]:
        """The settings of a worker, as its environment."""
        return {
            "ICUSTOMER_KAFKA_SERVERS": self.kafka,
            "ICUSTOMER_REDIS_URL": self.redis,
            "ICUSTOMER_TOPIC_PREFIX": self.prefix,
            "ICUSTOMER_SPACE": space,
            "ICUSTOMER_CONSUMER_GROUP": group,
            "ICUSTOMER_SECRET_KEY": SECRET,
            "ICUSTOMER_HTTP_PORT": "0",
        }

    @property
    def keyring(self) -> Keyring:
        """Of all spaces of this run."""
        return keyring_of(Settings(secret_key=SECRET))  # type: ignore[arg-type] # a text is read

    def name(self, topic: Topic) -> str:
        return topic_name(self.prefix, topic)

    def send(self, events: Iterable[Event]) -> None:
        """Append the events and wait until all are acknowledged."""
        for event in events:
            self.send_soon(event)
        self.sender.flush()

    def send_soon(self, event: Event) -> None:
        """Hand an event to the sending client."""
        name = self.name(event.topic)
        self.sender.produce(name, event.value, event.key, event.partition)
        self.ends[name, event.partition] += 1
        self.sender.poll(0)

    def place_group(self, group: str) -> None:
        """Let a group begin behind all that was sent so far."""
        with reader_of(self.kafka, group) as reader:
            offsets = [TopicPartition(*place, end) for place, end in self.ends.items()]
            reader.commit(offsets=offsets, asynchronous=False)

    @contextmanager
    def progress(self, group: str) -> Iterator[Any]:
        """A function that tells how many records the group has not committed yet."""
        wanted = [TopicPartition(*place) for place in self.ends]
        with reader_of(self.kafka, group) as reader:
            yield lambda: sum(
                self.ends[each.topic, each.partition] - max(0, each.offset)
                for each in reader.committed(wanted, timeout=ADMIN_SECONDS)
            )

    async def fill_space(self, space: str, customers: Iterator[Customer]) -> None:
        """Write a space as a rebuild writes it, and the claim that workers believe."""
        self.spaces.add(space)
        claim = self._claim(space)
        store = RedisStore(self.redis, space)
        try:
            await store.begin_rebuild(claim.nonce)
            await self.claim_space(space)
            await _restore(store, claim.nonce, customers)
            await store.finish_rebuild(claim.nonce, claim, Checkpoint("", {}))
        finally:
            await store.close()

    async def claim_space(self, space: str) -> None:
        """Make the space's claim the last one in the changelog: all spaces of a run share it,
        and a worker that finds another's last would rebuild."""
        log = KafkaLog(Connection(self.kafka), space=space, prefix=self.prefix, group="none")
        try:
            await log.write_claim(self._claim(space))
        finally:
            await log.close()

    def _claim(self, space: str) -> Claim:
        return Claim(EPOCH, f"{self.keyring.fingerprint()}.{space}")

    def drop_space(self, space: str) -> None:
        """Delete all keys of a space."""
        with redis.Redis.from_url(self.redis) as client:
            batch: list[bytes] = []
            for key in client.scan_iter(f"{{{space}}}:*", count=RESTORED_AT_ONCE):
                batch.append(key)
                if len(batch) >= RESTORED_AT_ONCE:
                    client.unlink(*batch)
                    batch.clear()
            if batch:
                client.unlink(*batch)


@contextmanager
def prepared() -> Iterator[tuple[Ground, dict[str, str]]]:
    """Servers with topics of this run, and where the servers come from. What their clients
    log meanwhile is left out: what matters comes as an error."""
    gc.set_threshold(*GC_THRESHOLDS)
    logging.basicConfig(handlers=[logging.NullHandler()])
    with servers() as (kafka, store, origins), ground(kafka, store) as place:
        yield place, origins


@contextmanager
def ground(kafka: str, store: str) -> Iterator[Ground]:
    """Topics of this run, deleted at the end."""
    place = Ground(kafka, store)
    asyncio.run(_create(place))
    place.sender = Producer(
        {
            "bootstrap.servers": kafka,
            "queue.buffering.max.messages": QUEUED,
            "linger.ms": 0,
            "log_level": 0,
        }
    )
    try:
        place.ends = {
            (place.name(topic), each): 0 for topic in STREAM_SHARES for each in range(PARTITIONS)
        }
        place.send(_filler())
        yield place
    finally:
        place.sender = None
        for space in place.spaces:
            place.drop_space(space)
        _delete(place)


async def _create(place: Ground) -> None:
    async with open_admin(Connection(place.kafka)) as admin:
        await create(admin, place.prefix, PARTITIONS)


def _filler() -> Iterator[Event]:
    """Stands where the past stood, so that what is measured has offsets of its own."""
    for topic in STREAM_SHARES:
        for partition in range(PARTITIONS):
            for _ in range(END_OFFSET):
                yield Event(topic, partition, b"", b"{}", "")


def _delete(place: Ground) -> None:
    admin = AdminClient({"bootstrap.servers": place.kafka, "log_level": 0})
    names = [place.name(topic) for topic in Topic]
    for outcome in admin.delete_topics(names, operation_timeout=ADMIN_SECONDS).values():
        outcome.result()


def wait_for_members(kafka: str, group: str, count: int) -> None:
    """Wait until so many workers share the partitions of a group."""
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    deadline = time.monotonic() + JOIN_SECONDS
    while True:
        (described,) = admin.describe_consumer_groups([group]).values()
        told = described.result()
        reading = [each for each in told.members if each.assignment.topic_partitions]
        if told.state is ConsumerGroupState.STABLE and len(reading) == count:
            return
        if time.monotonic() > deadline:
            raise OperatorError(f"{count} workers did not join within {JOIN_SECONDS:.0f} s")
        time.sleep(JOIN_POLL_SECONDS)


@contextmanager
def reader_of(kafka: str, group: str) -> Iterator[Consumer]:
    """A reader of what is committed, which commits nothing by itself."""
    reader = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": group,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    try:
        yield reader
    finally:
        reader.close()


async def _restore(store: RedisStore, nonce: str, customers: Iterator[Customer]) -> None:
    waiting: list[Customer] = []
    for each in customers:
        waiting.append(each)
        if len(waiting) == RESTORED_AT_ONCE:
            await store.begin_rebuild(nonce)
            await _write(store, nonce, waiting)
            waiting = []
    await _write(store, nonce, waiting)


async def _write(store: RedisStore, nonce: str, customers: list[Customer]) -> None:
    for first in range(0, len(customers), RESTORE_SIZE):
        portion = customers[first : first + RESTORE_SIZE]
        groups: dict[bytes, bytes | None] = {ways.group_id: blob for blob, ways in portion}
        await store.restore(nonce, groups, [ways for _, ways in portion])
