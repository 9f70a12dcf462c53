"""Two workers with a hot customer, a shared phone and a mesh in every batch: all is worked off,
nothing grows beyond its limit, and the ordinary customers come out right."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from benchmarks.overload_core import ordinary
from benchmarks.overload_events import CASES, ONE_PHONE, overload
from benchmarks.people import Event

from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.core.rules import DEFAULT_RULES
from icustomer.store.codec import decode
from icustomer.store.limits import INDEX_LIMIT
from integration.conftest import MakeProgram
from integration.support.judging import last_records
from integration.support.program import Program, wait_until
from integration.support.reading import Reader, delete_topics
from integration.support.town import unsettled
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

ORDINARY = 1_000
HUBS = {
    "hot orders": 1_200,
    "names and e-mails on a phone": 1_500,
    "mesh": 1_500,
    "repeated": 300,
}
"""Case to its events: each beyond the limit that it meets."""
HOT = HUBS["hot orders"]
"""The hot customer's orders: more than are kept in detail. `repeated` tells the first again."""
WORKED_OFF_SECONDS = 240.0


def strewn() -> Iterator[Event]:
    """All cases and the ordinary events in turns."""
    streams = [ordinary(ORDINARY), *(overload(name, count) for name, count in HUBS.items())]
    while streams:
        for stream in list(streams):
            event = next(stream, None)
            if event is None:
                streams.remove(stream)
            else:
                yield event


@pytest.fixture(scope="module")
def worked_off(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[tuple[Program, Counter[str], dict[str, Any]]]:
    """A program that is done with the backlog, its outcomes, and the last profiles."""
    program = make_program(kafka_server.servers, redis_server.url)
    program.send(strewn())
    reader = Reader(kafka_server.servers, program.prefix)
    workers = [program.start_worker() for _ in range(2)]
    wait_until(
        lambda: reader.lag(program.prefix) == 0 or any(each.ended() for each in workers),
        "the end of the backlog",
        WORKED_OFF_SECONDS,
    )
    wait_until(lambda: not unsettled(program, redis_server.url), "an empty outbox")
    assert [each.terminate() for each in workers] == [0, 0]
    outcomes = sum((each.outcomes() for each in workers), Counter[str]())
    yield program, outcomes, last_records(reader.read(Topic.PROFILES))
    delete_topics(kafka_server.servers, program.prefix)


def customers(profiles: dict[str, Any], email: str) -> list[dict[str, Any]]:
    return [
        profile
        for profile in profiles.values()
        if any(each["value"] == email for each in profile.get("emails", ()))
    ]


def test_every_event_has_its_outcome(worked_off: Any) -> None:
    _, outcomes, _ = worked_off
    assert outcomes.total() == ORDINARY + sum(HUBS.values()), outcomes
    assert outcomes[Outcome.DEAD_LETTERED] == 0
    assert outcomes[Outcome.DUPLICATE] >= HUBS["repeated"] - 1


def test_the_hot_customer_has_all_orders_and_those_on_the_phone_are_themselves(
    worked_off: Any,
) -> None:
    _, _, profiles = worked_off
    (hot,) = customers(profiles, "busy@hot.example")
    assert hot["orders"]["count"] == HOT
    on_phone = [
        profile
        for profile in profiles.values()
        if any(each["value"] == ONE_PHONE for each in profile.get("phones", ()))
    ]
    active = [profile for profile in on_phone if profile["status"] == "active"]
    assert len(active) == HUBS["names and e-mails on a phone"]


def test_ordinary_customers_have_what_they_told(worked_off: Any) -> None:
    _, _, profiles = worked_off
    orders: dict[str, set[str]] = {}
    tickets: dict[str, set[str]] = {}
    for event in ordinary(ORDINARY):
        told = json.loads(event.value)
        orders.setdefault(told["email"], set()).update({told.get("order_id")} - {None})
        tickets.setdefault(told["email"], set()).update({told.get("ticket_id")} - {None})
    for email, ordered in orders.items():
        (found,) = customers(profiles, email)
        counted = found.get("orders", {}).get("count", 0), found.get("support", {}).get("count", 0)
        assert counted == (len(ordered), len(tickets[email])), email


def test_what_stands_in_redis_is_bounded(worked_off: Any, redis_server: RedisServer) -> None:
    program, _, _ = worked_off
    with redis.Redis.from_url(redis_server.url) as client:
        space = f"{{{program.space}}}"
        groups = list(client.scan_iter(f"{space}:group:*", count=1_000))
        sizes = [len(decode(blob).facets) for blob in client.mget(groups)]
        assert max(sizes) <= DEFAULT_RULES.max_group
        indexes = list(client.scan_iter(f"{space}:index:*", count=1_000))
        assert indexes
        assert max(client.scard(key) for key in indexes) <= INDEX_LIMIT + 1


def test_the_cases_are_those_of_the_benchmark() -> None:
    assert set(HUBS) <= set(CASES)
