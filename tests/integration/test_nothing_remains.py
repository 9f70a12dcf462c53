"""Forgotten is forgotten: nothing of the person in the files of Redis and of the compacted logs.

The servers are the test's own: compaction lag and segments are short, the append-only file and
the snapshot are written anew. That the search works is seen by what it finds of the person before
and of the spouse afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from icustomer.contracts.topics import Topic
from integration.conftest import MakeProgram
from integration.support.program import Program, wait_until
from integration.support.raw_files import contents, found_in, require_readable, segments
from integration.support.reading import Plain, Reader
from servers.kafka import JavaKafka
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

SHARED_PHONE = "+41446681800"
PERSON = {
    "email": "balthasar.oehninger@vanishing.example",
    "phone": SHARED_PHONE,
    "name": {"given": "Balthasar", "family": "Oehninger"},
    "account": {"service": "shop", "number": "ACC-771234"},
    "birth_date": "1961-07-23",
}
OF_PERSON = {
    "balthasar",
    "oehninger",
    "vanishing.example",
    "acc-771234",
    "ord-550011",
    "tic-660022",
    "schwindgasse",
    "1961-07-23",
    "791234567",
    "visa-9921",
}
"""Texts that tell of the person, and of nobody else."""
SPOUSE = {
    "email": "dorothea.winkelried@staying.example",
    "phone": SHARED_PHONE,
    "name": {"given": "Dorothea", "family": "Winkelried"},
}
OF_SPOUSE = {"dorothea", "winkelried", "staying.example", "ord-880099", "446681800"}
COMPACTED = (Topic.PROFILES, Topic.IDENTITY_STATE)
SOON = {
    "min.compaction.lag.ms": "0",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.001",
    "delete.retention.ms": "1000",
    "file.delete.delay.ms": "100",
}
"""Milliseconds, but for the ratio: compaction takes what it may at once."""
FILLERS = 40
"""Others who tell something: enough that every partition gets records, and with them a new
segment, without which nothing of the last one is compacted."""


def event(topic: Topic, event_id: str, at: int, **said: Any) -> Plain:
    told = {"event_id": event_id, "occurred_at": f"2026-03-01T09:00:{at:02}Z", "source": "shop"}
    return Plain(topic, event_id.encode(), json.dumps(told | said).encode())


def told_by_both() -> Iterator[Plain]:
    address = {"street": "Schwindgasse 9", "city": "Zug", "country": "CH"}
    yield event(Topic.SIGNUPS, "p1", 1, **PERSON, address=address)
    order = {
        "order_id": "ORD-550011",
        "status": "paid",
        "total": {"amount": "9", "currency": "CHF"},
    }
    yield event(Topic.ORDERS, "p2", 2, **PERSON, **order, payment={"brand": "visa-9921"})
    email, phone = PERSON["email"], "+41791234567"
    ticket = {"ticket_id": "TIC-660022", "status": "opened"}
    yield event(Topic.SUPPORT, "p3", 3, email=email, phone=phone, **ticket)
    yield event(Topic.SIGNUPS, "s1", 4, **SPOUSE)
    yield event(Topic.ORDERS, "s2", 5, **SPOUSE, **(order | {"order_id": "ORD-880099"}))


def filler(round_: int) -> Iterator[Plain]:
    for number in range(FILLERS):
        email = f"filler{number}@others.example"
        said = {"email": email, "preferences": {"round": round_}}
        yield event(Topic.SIGNUPS, f"f{round_}-{number}", round_ % 60, **said)


class Files:
    """The raw files of both servers."""

    def __init__(self, program: Program, kafka: JavaKafka, server: RedisServer) -> None:
        self._program = program
        self._logs = kafka.data
        self._redis = redis.Redis.from_url(server.url)
        self._directory = Path(self._redis.config_get("dir")["dir"])

    def begin(self) -> None:
        """From now on Redis writes down everything, and packs nothing."""
        self._redis.config_set("rdbcompression", "no")
        self._redis.config_set("appendonly", "yes")
        wait_until(lambda: not self._is_rewriting(), "the first append-only file")

    def rewrite(self) -> None:
        """The snapshot and the append-only file anew."""
        self._redis.save()
        self._redis.bgrewriteaof()
        wait_until(lambda: not self._is_rewriting(), "the append-only file")

    def _is_rewriting(self) -> bool:
        told = self._redis.info("persistence")
        return bool(told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])

    def of_redis(self) -> list[bytes]:
        return contents(each for each in self._directory.rglob("*") if each.is_file())

    def of_kafka(self, topic: Topic) -> list[bytes]:
        files = segments(self._logs, f"{self._program.prefix}.{topic}")
        require_readable(each for each in files if each.suffix == ".log")
        return contents(files)


def compact_soon(kafka: JavaKafka, prefix: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.servers, "log_level": 0})
    changes = [
        ConfigResource(
            ResourceType.TOPIC,
            f"{prefix}.{topic}",
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in SOON.items()
            ],
        )
        for topic in COMPACTED
    ]
    for done in admin.incremental_alter_configs(changes).values():
        done.result()


def test_nothing_of_a_forgotten_person_is_left_in_any_file(
    kafka: JavaKafka, own_redis: RedisServer, make_program: MakeProgram
) -> None:
    program = make_program(kafka.servers, own_redis.url)
    compact_soon(kafka, program.prefix)
    files = Files(program, kafka, own_redis)
    files.begin()
    reader = Reader(kafka.servers, program.prefix)
    worker = program.start_worker()
    worker.wait_ready()
    program.send([*told_by_both(), *filler(0)])
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    person = program.json("lookup", f"email:{PERSON['email']}")["customer_id"]
    files.rewrite()
    assert found_in(OF_PERSON, files.of_redis()) == OF_PERSON, "the search finds what is there"
    assert found_in(OF_PERSON, files.of_kafka(Topic.IDENTITY_STATE)) == OF_PERSON
    assert "oehninger" in found_in(OF_PERSON, files.of_kafka(Topic.PROFILES))

    done = program.json("forget", person, "--reason", "article 17", "--yes")
    assert done == {"outcome": "erased", "customer_ids": [person]}
    assert program.call("lookup", person, "--json").returncode == 1
    assert found_in(OF_PERSON, files.of_kafka(Topic.IDENTITY_CHANGES)) == set()

    files.rewrite()
    assert found_in(OF_PERSON, files.of_redis()) == set()
    rounds = iter(range(1, 1_000))

    def is_compacted() -> bool:
        program.send(filler(next(rounds)))
        wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
        return not any(found_in(OF_PERSON, files.of_kafka(topic)) for topic in COMPACTED)

    wait_until(is_compacted, "compaction of profiles and changelog", 240)
    for haystack in (files.of_redis(), *map(files.of_kafka, COMPACTED)):
        assert found_in(OF_SPOUSE, haystack) == OF_SPOUSE, "the spouse keeps everything"

    assert worker.terminate() == 0
    redis.Redis.from_url(own_redis.url).flushall()
    again = program.variant(CONSUMER_GROUP=f"{program.prefix}-again")
    worker = again.start_worker()
    worker.wait_ready()
    wait_until(lambda: reader.lag(f"{program.prefix}-again") == 0, "a replay from the beginning")
    assert worker.outcomes()["suppressed"] == 3
    assert program.call("lookup", f"email:{PERSON['email']}", "--json").returncode == 1
    spouse = program.json("lookup", f"email:{SPOUSE['email']}")
    assert spouse["orders"]["count"] == 1
    files.rewrite()
    assert found_in(OF_PERSON, files.of_redis()) == set()
    assert program.call("verify", "--json").returncode == 0
    worker.terminate()
