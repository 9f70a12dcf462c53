"""`icustomer unshare` and `split --all` on real servers, and what a rebuild makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from icustomer.contracts.topics import Topic
from integration.conftest import MakeProgram
from integration.support.program import Program, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

HOME = "+41446681800"
GIVEN = ("Ana", "Ben", "Dora", "Peter")
SWALLOWED = 300
"""Claims of one customer."""


def signup(number: int, given: str, **said: Any) -> Plain:
    event = {
        "event_id": f"s-{number}",
        "occurred_at": "2026-03-01T09:00:00Z",
        "source": "shop",
        "name": {"given": given, "family": "Lima"},
        **said,
    }
    return Plain(Topic.SIGNUPS, b"one key: one order", json.dumps(event).encode())


def household() -> Iterator[Plain]:
    """Four on one number, and Ana once more, known by the number alone."""
    for number, given in enumerate(GIVEN):
        yield signup(number, given, phone=HOME, email=f"{given.lower()}@x.example")
    yield signup(9, "Ana", phone=HOME)


def swallowed() -> Iterator[Plain]:
    """A chain of claims, each of which shares one card with the next."""
    for number in range(SWALLOWED):
        cards = [{"kind": "email", "value": f"c{number + place}@y.example"} for place in (0, 1)]
        yield signup(1_000 + number, "Omar", identifiers=cards)


@pytest.fixture
def program(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Program]:
    made = make_program(kafka_server.servers, redis_server.url)
    made.start_worker().wait_ready()
    yield made
    made.stop()
    delete_topics(kafka_server.servers, made.prefix)


def test_a_word_takes_effect_is_told_again_as_a_duplicate_and_outlasts_a_rebuild(
    program: Program, kafka_server: KafkaServer
) -> None:
    reader = Reader(kafka_server.servers, program.prefix)
    program.send([*household(), *swallowed()])
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    early = program.json("unshare", "phone:+41446681801", "--reason", "nobody has it yet")
    assert early == {"outcome": "matched", "customer_ids": []}
    assert len(program.json("lookup", f"phone:{HOME}")) == 5

    told = program.json("unshare", "phone:044 668 18 00", "--country", "CH", "--reason", "a family")
    assert told["outcome"] == "merged"
    assert len(told["customer_ids"]) == 4
    again = program.json("unshare", f"phone:{HOME}", "--reason", "a family")
    assert again == {"outcome": "duplicate", "customer_ids": told["customer_ids"]}

    (omar,) = (program.json("lookup", "email:c7@y.example"),)
    parted = program.json("split", omar["customer_id"], "--all", "--reason", "not one person")
    assert parted["outcome"] == "split"
    assert len(parted["customer_ids"]) == SWALLOWED

    program.json("rebuild")
    program.send([signup(5_000, "Ines", phone=HOME), *list(swallowed())[:20]])
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    uses = {
        phone["use"]
        for profile in program.json("lookup", f"phone:{HOME}")
        for phone in profile["phones"]
    }
    assert uses == {"contested"}
    assert len(program.json("lookup", "email:c7@y.example")) == 2
    assert program.json("verify")["problems"] == []
