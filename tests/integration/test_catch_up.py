"""Redis restarted, emptied, set back, and the changelog made again: the same state stands, and
how long it takes is told."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis

from icustomer.contracts.topics import Topic
from icustomer.local.generator import generate
from icustomer.stream.admin import open_admin
from icustomer.stream.changelog import CLAIM_KEY
from icustomer.stream.connection import Connection
from icustomer.stream.topic_ids import topic_ids
from icustomer.stream.topics import create, topic_name
from integration.conftest import PARTITIONS, MakeProgram
from integration.support.judging import Profiles, last_records
from integration.support.program import Program, Worker, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from integration.support.redis_process import RedisProcess
from servers.kafka import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

CUSTOMERS = 2_000
EVENTS = 500
"""Of people and households besides: merges, shared phones, orders."""
SEED = 11
LONGEST_SECONDS = 10.0
"""Of a catch-up with nothing to do. It takes less than 2 s on a machine that has the time."""
PATIENCE_SECONDS = 240.0
"""A changelog that was made again is noticed within half a minute; what is left by a rebuild
is taken over in portions, one every few seconds."""
KINDS = ("group", "links", "aliases", "index")
SNAPSHOT, LOG_OF_REDIS = "dump.rdb", "appendonlydir"
STOP_SECONDS = 30


class KeptRedis(RedisProcess):
    """A server that keeps what it knows, and can be set back to a copy of it."""

    def start(self) -> None:
        super().start()
        # Switched on afterwards, a log begins with what the snapshot held.
        with self.client() as client:
            client.config_set("appendonly", "yes")
            wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"], "a log")

    @property
    def directory(self) -> Path:
        return Path(self._directory.name)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def restart(self) -> None:
        """Killed, and back with all that it knew."""
        self.snapshot()
        self.kill()
        self.start()

    def snapshot(self) -> bytes:
        with self.client() as client:
            client.save()
        return (self.directory / SNAPSHOT).read_bytes()

    def set_back(self, snapshot: bytes) -> None:
        """Killed, and back with what a copy knows."""
        self.kill()
        shutil.rmtree(self.directory / LOG_OF_REDIS, ignore_errors=True)
        (self.directory / SNAPSHOT).write_bytes(snapshot)
        self.start()


class Place:
    """A program with some thousand customers, its servers, and what stands there."""

    def __init__(self, program: Program, server: KeptRedis) -> None:
        self.program = program
        self.server = server
        self.reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
        self._numbers = count()

    def worker(self) -> Worker:
        worker = self.program.start_worker()
        worker.wait_ready()
        return worker

    def send(self, customers: int) -> None:
        """Sign so many new customers up, and wait until it is done."""
        self.program.send(_signups(self._numbers, customers))
        self.wait_quiet()

    def wait_quiet(self) -> None:
        wait_until(lambda: self.reader.lag(self.program.prefix) == 0, "lag 0")
        wait_until(lambda: self._entries() == 0, "an empty outbox", PATIENCE_SECONDS)

    def _entries(self) -> int:
        with self.server.client() as client:
            return client.hlen(f"{{{self.program.space}}}:outbox")

    def fence(self) -> bytes:
        with self.server.client() as client:
            return client.get(f"{{{self.program.space}}}:fence") or b""

    def mark(self) -> str:
        """A key of the space that only a wipe takes away."""
        name = f"{{{self.program.space}}}:mark"
        with self.server.client() as client:
            client.set(name, 1)
        return name

    def has(self, name: str) -> bool:
        with self.server.client() as client:
            return bool(client.exists(name))

    def state(self) -> dict[bytes, Any]:
        """Groups and all that leads to them."""
        with self.server.client() as client:
            names = [
                name
                for kind in KINDS
                for name in client.scan_iter(f"{{{self.program.space}}}:{kind}:*", count=5_000)
            ]
            pipeline = client.pipeline(transaction=False)
            for name in names:
                _ask(pipeline, name)
            return dict(zip(names, pipeline.execute(), strict=True))

    def groups(self) -> dict[bytes, bytes]:
        """By group ID, as Redis holds them."""
        prefix = f"{{{self.program.space}}}:group:".encode()
        return {
            name[len(prefix) :]: blob
            for name, blob in self.state().items()
            if name.startswith(prefix)
        }

    def changelog(self) -> dict[bytes, bytes]:
        """By group ID, as the last records tell."""
        last = {each.key(): each.value() for each in self.reader.read(Topic.IDENTITY_STATE)}
        return {key: value for key, value in last.items() if value and key != CLAIM_KEY}

    def profiles(self) -> Profiles:
        """Without the courtesy of telling what led to them."""
        published = last_records(self.reader.read(Topic.PROFILES))
        return {
            customer_id: {name: told for name, told in document.items() if name != "change"}
            for customer_id, document in published.items()
        }


def _ask(pipeline: Any, name: bytes) -> None:
    kind = name.partition(b"}:")[2].partition(b":")[0]
    asks = {b"group": pipeline.get, b"index": pipeline.smembers}
    asks.get(kind, pipeline.hgetall)(name)


def _signups(numbers: Iterator[int], customers: int) -> Iterator[Plain]:
    for _ in range(customers):
        number = next(numbers)
        event = {
            "event_id": f"signup-{number}",
            "occurred_at": "2026-03-01T09:00:00Z",
            "source": "shop",
            "email": f"customer.{number}@catch-up.example",
            "account": {"service": "shop", "number": f"{number:07}"},
        }
        yield Plain(Topic.SIGNUPS, b"%d" % number, json.dumps(event).encode())


@pytest.fixture(scope="module")
def place(kafka_server: KafkaServer, make_program: MakeProgram) -> Iterator[Place]:
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    with KeptRedis() as server:
        program = make_program(kafka_server.servers, server.url)
        made = Place(program, server)
        worker = made.worker()
        program.send(generate(SEED, EVENTS).records)
        made.send(CUSTOMERS)
        assert worker.terminate(STOP_SECONDS) == 0
        assert len(made.groups()) > CUSTOMERS
        yield made
        program.stop()
        delete_topics(kafka_server.servers, program.prefix)


@pytest.fixture
def worker(place: Place) -> Iterator[Worker]:
    """A worker at work, stopped in order afterwards."""
    worker = place.worker()
    yield worker
    if not worker.ended():
        assert worker.terminate(STOP_SECONDS) == 0


def seconds_of_catch_up(worker: Worker, number: int) -> float:
    """How long the catch-up of this number took, in seconds, once it is over."""

    def over() -> bool:
        return len(worker.told("catch_up_ended")) > number and len(worker.told("ready")) > 0

    wait_until(over, "the end of a catch-up")
    began, ended = (
        datetime.fromisoformat(worker.told(event)[number]["timestamp"])
        for event in ("catch_up_began", "catch_up_ended")
    )
    return (ended - began).total_seconds()


def tell(what: str, seconds: float) -> None:
    print(f"{what}: {seconds:.2f} s")  # noqa: T201 - the figure is what is wanted


def test_a_redis_that_was_restarted_with_its_data_is_caught_up_in_a_moment(
    place: Place, worker: Worker
) -> None:
    expected, mark = place.state(), place.mark()
    for number in range(2):
        # The first reads what came since the checkpoint; for the second there is nothing to do.
        place.server.restart()
        seconds = seconds_of_catch_up(worker, number)
    tell("catch-up with nothing to do", seconds)
    assert seconds < LONGEST_SECONDS
    assert place.has(mark), "all was deleted and read again"
    place.wait_quiet()
    assert place.state() == expected
    place.send(10)
    assert len(place.groups()) == len(place.changelog())


def test_a_redis_that_was_emptied_is_filled_again(place: Place, worker: Worker) -> None:
    expected, profiles, mark = place.state(), place.profiles(), place.mark()
    with place.server.client() as client:
        client.flushall()
    tell(f"catch-up of {len(place.changelog())} groups", seconds_of_catch_up(worker, 0))
    place.wait_quiet()
    assert not place.has(mark)
    assert place.state() == expected
    assert place.profiles() == profiles


def test_a_redis_that_was_set_back_is_brought_up_to_date(place: Place, worker: Worker) -> None:
    mark, snapshot = place.mark(), place.server.snapshot()
    place.send(300)
    expected, profiles = place.state(), place.profiles()
    place.server.set_back(snapshot)
    tell("catch-up of 300 groups", seconds_of_catch_up(worker, 0))
    place.wait_quiet()
    assert place.has(mark), "all was deleted and read again"
    assert place.state() == expected
    assert place.profiles() == profiles


def test_a_changelog_that_was_made_again_holds_all_groups_afterwards(
    place: Place, worker: Worker
) -> None:
    expected, profiles = place.state(), place.profiles()
    groups = place.groups()
    asyncio.run(make_again(place.program))
    wait_until(lambda: place.changelog() == groups, "all groups", PATIENCE_SECONDS)
    seconds_of_catch_up(worker, 0)
    place.wait_quiet()
    assert any("another one than before" in str(line) for line in worker.told("disturbed"))
    assert place.state() == expected
    assert place.profiles() == profiles
    place.send(10)
    assert place.changelog() == place.groups()


async def make_again(program: Program) -> None:
    """Delete the changelog topic and make it anew, as fast as the broker does."""
    connection = Connection(program.environment["ICUSTOMER_KAFKA_SERVERS"])
    name = topic_name(program.prefix, Topic.IDENTITY_STATE)
    before = await topic_ids(connection, [name])
    async with open_admin(connection) as admin:
        await admin.delete_topics([name])
        while (await topic_ids(connection, [name])) in ({}, before):
            await create(admin, program.prefix, int(PARTITIONS), 1)


def test_what_a_worker_killed_in_the_middle_of_it_began_is_completed_by_another(
    place: Place, worker: Worker
) -> None:
    expected, profiles = place.state(), place.profiles()
    with place.server.client() as client:
        client.flushall()
    wait_until(lambda: place.fence().startswith(b"pending:"), "a catch-up")
    worker.kill()
    assert place.fence().startswith(b"pending:"), "it was over already"
    assert place.state() != expected
    other = place.worker()
    place.wait_quiet()
    assert place.state() == expected
    assert place.profiles() == profiles
    assert other.terminate(STOP_SECONDS) == 0
