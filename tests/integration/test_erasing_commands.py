"""`icustomer forget` and `suppress` as a user runs them, on real servers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from icustomer.contracts.topics import Topic
from integration.conftest import MakeProgram
from integration.support.damage import Damage
from integration.support.program import Program, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

PHONE = "+41446681800"
NAMES = ("Anneliese", "Boris", "Chiara", "Dimitri", "Esperanza")
NOBODY = "ic_7K3M-9QX2-4HTB-W6PZ-S"
WHY = ("--reason", "a person asked")


def signup(name: str) -> Plain:
    event = {
        "event_id": f"signup-{name}",
        "occurred_at": "2026-03-01T09:00:00Z",
        "source": "shop",
        "phone": PHONE,
        "email": f"{name.lower()}@hotel.example",
        "name": {"given": name, "family": f"{name}witz"},
    }
    return Plain(Topic.SIGNUPS, name.encode(), json.dumps(event).encode())


@pytest.fixture(scope="module")
def hotel(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Program]:
    """Five guests who gave the phone of the house."""
    made = make_program(kafka_server.servers, redis_server.url)
    made.start_worker().wait_ready()
    made.send(map(signup, NAMES))
    reader = Reader(kafka_server.servers, made.prefix)
    wait_until(lambda: reader.lag(made.prefix) == 0, "lag 0")
    yield made
    made.stop()
    hands = Damage(made)
    for key in hands.redis.scan_iter(hands.keys.everything, 5_000):
        hands.redis.unlink(key)
    delete_topics(kafka_server.servers, made.prefix)


def test_forget_names_whom_it_erased_and_tells_where_copies_remain(hotel: Program) -> None:
    known = hotel.json("lookup", "email:boris@hotel.example")["customer_id"]
    done = hotel.call("forget", known.lower(), *WHY)
    assert done.returncode == 0, done.stderr
    assert f"erased: {known}" in done.stdout
    told = " ".join(done.stdout.split())
    for place in ("signups", "dead-letters", "profiles", "identity-state"):
        assert f"{hotel.prefix}.{place}: " in told
    assert "retention.ms" in told
    assert "min.compaction.lag.ms" in told
    again = hotel.call("forget", known, *WHY, "--json")
    assert again.returncode == 1
    answer = json.loads(again.stdout)
    assert (answer["outcome"], answer["detail"]) == (
        "dead_lettered",
        f"{known} was forgotten",
    )


def test_forgetting_an_unknown_customer_is_refused(hotel: Program) -> None:
    done = hotel.call("forget", NOBODY, *WHY, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outcome"] == "dead_lettered"


def test_suppress_takes_a_shared_phone_from_everybody_and_keeps_it_out(hotel: Program) -> None:
    before = hotel.json("lookup", "email:chiara@hotel.example")
    assert before["phones"][0]["use"] == "shared"
    done = hotel.json("suppress", f"phone:{PHONE}", *WHY)
    assert done["outcome"] == "suppressed"
    assert before["customer_id"] in done["customer_ids"]
    assert hotel.json("suppress", f"phone:{PHONE}", *WHY)["outcome"] == "suppressed"
    hotel.send([signup("Fritz")])
    wait_until(
        lambda: hotel.call("lookup", "email:fritz@hotel.example", "--json").returncode == 0,
        "a signup",
    )
    found = hotel.json("lookup", "email:fritz@hotel.example")
    assert found["phones"] == []
    assert hotel.json("lookup", "email:chiara@hotel.example")["phones"] == []
    assert hotel.call("lookup", f"phone:{PHONE}", "--json").returncode == 1
    assert hotel.call("verify", "--json").returncode == 0


def test_suppressing_what_the_rules_block_is_refused_with_the_reason(hotel: Program) -> None:
    done = hotel.call("suppress", "email:noreply@example.com", *WHY, "--json")
    assert done.returncode == 1
    assert "match nobody by it" in json.loads(done.stdout)["detail"]


@pytest.mark.parametrize(
    "arguments", [("suppress", "phone"), ("suppress", "phone:12"), ("forget", "x")]
)
def test_what_cannot_be_meant_is_wrong_usage(hotel: Program, arguments: tuple[str, str]) -> None:
    done = hotel.call(*arguments, *WHY)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
