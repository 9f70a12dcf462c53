"""What was refused and is redriven reaches a worker, and has the effect that it had not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from confluent_kafka import Message, Producer

from icustomer.contracts.topics import Topic
from icustomer.core.times import SECOND
from integration.support.judging import last_records
from integration.support.program import Program, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from servers.kafka import KafkaServer
from servers.redis import RedisServer
from unit.dead_letters.letters import record, refused

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

NOT_RFC_3339 = "yesterday"
MAX_ATTEMPTS = 3
ODD = (("odd", b"\xff\x00"), ("none", None), ("", b"no name"))


class Town:
    """A program with a worker, and what came out of it."""

    def __init__(self, program: Program, servers: str) -> None:
        self.program = program
        self.reader = Reader(servers, program.prefix)
        self.servers = servers
        self.expected = 0

    def send(self, *records: Plain) -> None:
        self.program.send(records)
        self.wait(len(records))

    def wait(self, more: int) -> None:
        """Until so many more records were handled. Offsets alone do not tell: the end of a
        redrive's transaction has one too."""
        self.expected += more
        (worker,) = self.program.workers
        wait_until(lambda: worker.outcomes().total() >= self.expected, "outcomes")

    def profiles(self) -> dict[str, dict[str, Any]]:
        return last_records(self.reader.read(Topic.PROFILES))

    def active(self) -> list[dict[str, Any]]:
        return [each for each in self.profiles().values() if each["status"] == "active"]

    def letters(self) -> list[Message]:
        """Without marks."""
        found = self.reader.read(Topic.DEAD_LETTERS)
        return [each for each in found if "icustomer-reason" in dict(each.headers())]

    def listed(self) -> list[dict[str, Any]]:
        return list(self.program.json("dead-letters", "list"))

    def redrive(self, *arguments: str) -> Mapping[str, Any]:
        told: dict[str, Any] = self.program.json("dead-letters", "redrive", *arguments)
        self.wait(told["redriven"])
        return told


@pytest.fixture
def towns(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: Any
) -> Iterator[tuple[Town, Town]]:
    """Two spaces with the same secret: the same people get the same IDs in both."""
    programs = [make_program(kafka_server.servers, redis_server.url) for _ in range(2)]
    for program in programs:
        program.start_worker().wait_ready()
    yield tuple(Town(program, kafka_server.servers) for program in programs)
    for program in programs:
        program.stop()
        delete_topics(kafka_server.servers, program.prefix)


def plain(topic: str, event_id: str, headers: Any = (), **fields: Any) -> Plain:
    message = {
        "event_id": event_id,
        "occurred_at": "2026-03-14T09:26:53Z",
        "source": "shop",
        **fields,
    }
    return Plain(
        topic, fields.get("email", event_id).encode(), json.dumps(message).encode(), headers
    )


ANN = plain("signups", "signup-1", email="ann@example.org", name={"full": "Ann Lee"})
BEN = plain("signups", "signup-2", email="ben@example.org", name={"full": "Ben Low"})
ORDER = plain("orders", "o-1", email="ann@example.org", order_id="O-1", status="placed")


def test_what_was_refused_takes_effect_once_nothing_is_against_it(towns: tuple[Town, Town]) -> None:
    elsewhere, town = towns
    elsewhere.send(ANN, BEN)
    ids = sorted(elsewhere.profiles())
    assert len(ids) == 2
    merge = plain(
        "commands",
        "merge-1",
        command="merge",
        customer_ids=ids,
        requested_by="test",
        reason="one person",
    )

    # The customers are not known yet.
    town.send(merge)
    assert [each["reason"] for each in town.listed()] == ["refused_command"]
    town.send(ANN, BEN)
    assert sorted(town.profiles()) == ids
    assert len(town.active()) == 2
    assert town.redrive("--reason", "invalid")["redriven"] == 0
    assert town.redrive("--reason", "refused_command")["redriven"] == 1
    assert len(town.active()) == 1
    assert town.listed() == []

    # A worker of an older version did not know the message.
    write_letter(town, ORDER)
    assert [each["reason"] for each in town.listed()] == ["invalid"]
    assert town.redrive()["redriven"] == 1
    (profile,) = town.active()
    assert profile["orders"]["by_status"] == {"placed": 1}

    # A redrive that is repeated changes nothing.
    assert town.redrive()["redriven"] == 0
    assert town.active() == [profile]


def write_letter(town: Town, event: Plain) -> None:
    """A letter that the worker of another version wrote."""
    original = record(partition=0, offset=0, key=event.key, value=event.value)
    made = refused(
        original, prefix=town.program.prefix, reason="invalid", failed=1_700_000_000 * SECOND
    )
    producer = Producer({"bootstrap.servers": town.servers, "log_level": 0})
    producer.produce(
        f"{town.program.prefix}.{Topic.DEAD_LETTERS}",
        made.value,
        made.key,
        headers=list(made.headers),
    )
    assert producer.flush(60) == 0


def test_what_is_refused_again_and_again_is_counted_and_left(towns: tuple[Town, Town]) -> None:
    _, town = towns
    town.send(plain("signups", "signup-1", ODD, email="ann@example.org", occurred_at=NOT_RFC_3339))
    (first,) = town.letters()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert town.redrive()["redriven"] == 1
        last = town.letters()[-1]
        assert (last.key(), last.value()) == (first.key(), first.value())
        assert last.partition() == first.partition()
        assert last.headers()[: len(ODD) + 1] == [
            *ODD,
            ("icustomer-attempt", str(attempt).encode()),
        ]
        assert len(town.listed()) == 1
    told = town.redrive()
    assert (told["redriven"], told["left"]["attempts"]) == (0, 1)
    assert len(town.letters()) == 1 + MAX_ATTEMPTS
    shown = town.program.call("dead-letters", "list", "--all")
    assert "ann@example.org" not in shown.stdout
    assert shown.returncode == 0


def test_neither_secret_nor_worker_nor_redis_is_needed(
    kafka_server: KafkaServer, make_program: Any
) -> None:
    program = make_program(kafka_server.servers, "redis://127.0.0.1:1")
    del program.environment["ICUSTOMER_SECRET_KEY"]
    write_letter(Town(program, kafka_server.servers), ORDER)
    assert program.json("dead-letters", "list", "--counts") == [
        {"reason": "invalid", "topic": f"{program.prefix}.orders", "letters": 1}
    ]
    assert program.json("dead-letters", "redrive", "--dry-run")["redriven"] == 1
    assert program.json("dead-letters", "redrive")["redriven"] == 1
    assert "no dead letters" in program.call("dead-letters", "list").stdout
    wrong = program.call("dead-letters", "redrive", "--topic", "profiles")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    delete_topics(kafka_server.servers, program.prefix)
