"""Metrics and health of one worker on real servers: exact figures, and readiness that follows."""

from __future__ import annotations

import json
import socket

import pytest
from confluent_kafka.admin import AdminClient

from icustomer.contracts.topics import Topic
from integration.support.program import wait_until
from integration.support.reading import Plain, delete_topics
from integration.support.scraping import Site

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]


def event(topic, number, **fields):
    document = {
        "event_id": f"e{number}",
        "occurred_at": "2026-11-01T10:00:00Z",
        "source": "test",
        **fields,
    }
    return Plain(topic, f"k{number}".encode(), json.dumps(document).encode())


PLACED = {"status": "placed", "total": {"amount": "10.00", "currency": "CHF"}}
EVENTS = [
    *(event(Topic.SIGNUPS, n, email=f"p{n}@example.org") for n in range(5)),
    event(Topic.ORDERS, 10, order_id="o-1", email="shop@example.org", **PLACED),
    event(Topic.ORDERS, 11, order_id="o-2", email="other@example.org", phone="nonsense", **PLACED),
    event(Topic.SUPPORT, 20, ticket_id="t-1", status="opened"),
    event(Topic.SUPPORT, 21, ticket_id="t-2", status="nonsense", email="s@example.org"),
    Plain(Topic.SIGNUPS, b"broken", b"{"),
]
"""Nobody is told of twice: five, one and one customers; three dead letters."""


@pytest.fixture
def program(kafka_server, server, make_program):
    made = make_program(kafka_server.servers, server.url)
    yield made
    made.stop()
    delete_topics(kafka_server.servers, made.prefix)


def test_a_scrape_tells_exactly_what_became_of_known_events(program):
    site = Site(program.start_worker())
    site.wait_ready()
    program.send(EVENTS)
    wait_for_events(site, len(EVENTS))
    found = {
        (
            name.removeprefix("icustomer_").removesuffix("_total"),
            *sorted(dict(labels).values()),
        ): value
        for (name, labels), value in site.samples().items()
        if name.endswith("_total") and name.startswith("icustomer_") and value
    }
    prefix = program.prefix
    assert found == {
        ("events", "created", f"{prefix}.signups"): 5,
        ("events", "created", f"{prefix}.orders"): 2,
        ("events", "dead_lettered", f"{prefix}.signups"): 1,
        ("events", "dead_lettered", f"{prefix}.support"): 2,
        ("dead_letters", "not_json", f"{prefix}.signups"): 1,
        ("dead_letters", "no_usable_identifier", f"{prefix}.support"): 1,
        ("dead_letters", "invalid", f"{prefix}.support"): 1,
        ("identifiers_rejected", "phone", "phone_syntax"): 1,
        ("published", f"{prefix}.profiles"): 7,
        ("published", f"{prefix}.identity-changes"): 7,
        ("published", f"{prefix}.identity-state"): 7,
        ("published", f"{prefix}.dead-letters"): 3,
    }
    assert site.value("icustomer_end_to_end_seconds_count") == len(EVENTS)
    assert site.value("icustomer_batch_records_sum") == len(EVENTS)
    assert site.value("icustomer_stage_seconds_count", stage="publish") >= 1
    assert site.value("icustomer_ready") == 1
    assert site.worker.terminate() == 0


def wait_for_events(site, number):
    wait_until(lambda: site.total("icustomer_events_total") >= number, f"{number} outcomes")
    wait_until(
        lambda: (
            "icustomer_consumer_lag_records" in {name for name, _ in site.samples()}
            and site.total("icustomer_consumer_lag_records") == 0
        ),
        "lag 0",
    )


def test_readiness_follows_redis_and_a_worker_stays_live_without_it(program, server):
    site = Site(program.start_worker())
    site.wait_ready()
    server.kill()
    site.wait_for("redis_unavailable")
    assert site.live()
    assert site.value("icustomer_ready") == 0
    server.start()
    site.wait_ready()
    assert site.value("icustomer_redis_cuts_total") == 1
    assert site.value("icustomer_catch_up_active") == 0
    assert site.worker.terminate() == 0


def delete_topic(servers, name):
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    admin.delete_topics([name])[name].result()


def test_readiness_follows_the_topics(program, kafka_server):
    site = Site(program.start_worker())
    site.wait_ready()
    delete_topic(kafka_server.servers, f"{program.prefix}.dead-letters")
    site.wait_for("topics_wrong")
    assert site.live()
    program.json("topics", "create", "--partitions", "3", "--replication", "1")
    site.wait_ready()
    assert site.worker.said("topics_mended")
    assert site.worker.terminate() == 0


def test_it_answers_while_it_waits_for_servers(program, server):
    server.kill()
    site = Site(program.start_worker())
    site.wait_for("redis_unavailable")
    assert set(site.reasons()) >= {"starting", "redis_unavailable"}
    assert site.live()
    server.start()
    site.wait_ready()
    assert site.worker.terminate() == 0


@pytest.mark.parametrize("arguments", [(), ("--workers", "2")])
def test_a_port_in_use_is_one_line(program, arguments):
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = program.variant(HTTP_PORT=str(other.getsockname()[1])).call("run", *arguments)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("icustomer:")]
    assert "ICUSTOMER_HTTP_PORT" in line
    assert "Traceback" not in done.stderr
