"""Guests on real servers: the times of the records alone decide, in real Kafka and Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from confluent_kafka import Producer

from integration.conftest import MakeProgram
from integration.support.program import Program, wait_until
from integration.support.reading import Reader, delete_topics
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

DAWN = 1_767_225_600
"""2026-01-01T00:00:00Z, in seconds."""
DAY = 86_400


class Shop:
    """Sends records with times of their own, and reads what came of them."""

    def __init__(self, program: Program, kafka: KafkaServer, redis_server: RedisServer) -> None:
        self.program = program
        self._servers = kafka.servers
        self.reader = Reader(kafka.servers, program.prefix)
        self.redis = redis.Redis.from_url(redis_server.url)

    def send(self, topic: str, day: float, **said: Any) -> None:
        at = DAWN + int(day * DAY)
        document = {
            "event_id": f"{topic}-{day}-{said.get('order_id', '')}",
            "occurred_at": datetime.fromtimestamp(at, UTC).isoformat(),
            "source": "shop",
            **said,
        }
        producer = Producer({"bootstrap.servers": self._servers})
        producer.produce(
            f"{self.program.prefix}.{topic}",
            json.dumps(document).encode(),
            key=b"one key",
            timestamp=at * 1_000,
        )
        assert producer.flush(30) == 0

    def order(self, number: str, day: float, email: str) -> None:
        self.send("orders", day, order_id=number, status="placed", email=email, guest=True)

    def applied(self) -> None:
        wait_until(lambda: self.reader.lag(self.program.prefix) == 0, "lag 0")

    def profiles(self) -> dict[str, dict[str, Any]]:
        """The last record of each customer ID; those that are erased are not in it."""
        last = {each.key(): each.value() for each in self.reader.read("profiles")}
        return {(key or b"").decode(): json.loads(value) for key, value in last.items() if value}

    def of(self, email: str) -> dict[str, Any] | None:
        for profile in self.profiles().values():
            if any(each["value"] == email for each in profile.get("emails", ())):
                return profile
        return None

    def changes(self) -> list[dict[str, Any]]:
        return [json.loads(each.value() or b"{}") for each in self.reader.read("identity-changes")]


@pytest.fixture
def shop(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Shop]:
    made = Shop(make_program(kafka_server.servers, redis_server.url), kafka_server, redis_server)
    yield made
    for key in made.redis.scan_iter(match=f"{{{made.program.space}}}:*", count=5_000):
        made.redis.unlink(key)
    made.redis.close()
    delete_topics(kafka_server.servers, made.program.prefix)


def stored(shop: Shop) -> bytes:
    """All that Redis holds of the space."""
    keys = shop.redis.scan_iter(match=f"{{{shop.program.space}}}:*", count=5_000)
    return b"".join((shop.redis.dump(key) or b"") + key for key in keys)


def test_who_is_claimed_in_time_stays_and_the_others_go_by_the_times_of_records(
    shop: Shop,
) -> None:
    worker = shop.program.start_worker()
    worker.wait_ready()
    shop.order("1", 0, "early@x.example")
    shop.order("2", 0, "late@x.example")
    shop.applied()
    assert {each["status"] for each in shop.profiles().values()} == {"guest"}
    late = shop.of("late@x.example")
    assert late is not None
    shop.send("signups", 29, email="early@x.example", name={"full": "Anna Berg"})
    shop.applied()
    # Somebody else's record alone moves the clock on.
    shop.send("support", 31, ticket_id="T", status="opened", email="other@x.example")
    wait_until(lambda: shop.of("late@x.example") is None, "the guest is erased")
    early = shop.of("early@x.example")
    assert early is not None
    assert (early["status"], early["orders"]["count"]) == ("active", 1)
    erased = [each for each in shop.changes() if each["type"] == "erased"]
    assert [each["customer_id"] for each in erased] == [late["customer_id"]]
    shop.order("2", 0, "late@x.example")
    shop.send("signups", 32, email="late@x.example", name={"full": "Peter Holt"})
    shop.applied()
    again = shop.of("late@x.example")
    assert again is not None
    assert again["customer_id"] != late["customer_id"]
    assert "orders" not in again or not again["orders"]["count"]
    assert worker.outcomes()["suppressed"] == 1
    assert worker.terminate() == 0
    done = shop.program.call("verify", "--json")
    assert json.loads(done.stdout)["problems"] == [], done.stdout
    assert shop.program.call("rebuild").returncode == 0
    shop.program.start_worker().wait_ready()
    wait_until(lambda: shop.program.call("verify").returncode == 0, "all laws after a rebuild")
    assert shop.redis.zcard(f"{{{shop.program.space}}}:guests") > 0, "what is left waits again"


def test_a_signup_at_the_end_of_the_time_finds_nothing_even_in_one_batch(shop: Shop) -> None:
    shop.order("1", 0, "guest@x.example")
    shop.send("signups", 30, email="guest@x.example", name={"full": "Anna Berg"})
    shop.program.start_worker().wait_ready()
    shop.applied()
    profile = wait_until(lambda: shop.of("guest@x.example"), "the customer")
    assert profile["status"] == "active"
    assert "orders" not in profile or not profile["orders"]["count"]


def test_without_retention_nothing_of_an_unmatched_guest_is_stored(shop: Shop) -> None:
    shop.program.environment["ICUSTOMER_GUEST_RETENTION"] = "0"
    worker = shop.program.start_worker()
    worker.wait_ready()
    shop.send("signups", 0, email="known@x.example", name={"full": "Anna Berg"})
    shop.applied()
    shop.order("1", 1, "guest@x.example")
    shop.order("2", 1, "known@x.example")
    shop.applied()
    profile = shop.of("known@x.example")
    assert profile is not None
    assert profile["orders"]["count"] == 1
    assert len(shop.profiles()) == 1
    everything = [
        each.value() or b""
        for topic in ("profiles", "identity-state")
        for each in shop.reader.read(topic)
    ]
    assert b"guest@x.example" not in stored(shop) + b"".join(everything)
    assert len(shop.reader.read("dead-letters")) == 0
    assert worker.outcomes()["suppressed"] == 1
    assert "guest@x.example" not in shop.program.all_logs()
