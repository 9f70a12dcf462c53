"""A topic takes less than it should: workers wait, say so, and go on once it was mended."""

from __future__ import annotations

import json
from functools import partial

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from icustomer.contracts.topics import Topic
from icustomer.stream.topics import MAX_MESSAGE_BYTES
from integration.support.judging import last_records
from integration.support.program import Program, Worker, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from integration.support.redis_process import RedisProcess
from integration.support.scraping import Site
from integration.support.town import unsettled

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

LOWERED = 60_000
"""Bytes: any batch of ordinary customers fits, the record of a talkative one does not."""
TRIES = 3
ORDINARY = 60
STOP_SECONDS = 30


@pytest.fixture
def program(kafka_server, server: RedisProcess, make_program):
    made = make_program(kafka_server.servers, server.url, BATCH_RECORDS="20")
    yield made
    made.stop()
    delete_topics(kafka_server.servers, made.prefix)


def signup(event_id: str, **fields: object) -> Plain:
    document = {
        "event_id": event_id,
        "occurred_at": "2026-11-01T10:00:00Z",
        "source": "test",
        "email": f"{event_id}@example.org",
        **fields,
    }
    return Plain(Topic.SIGNUPS, event_id.encode(), json.dumps(document).encode())


TALKATIVE = signup("talkative", preferences={f"p{n}": f"{n}" * 400 for n in range(100)})


def set_limit(program: Program, topic: Topic, size: int) -> None:
    """As an operator does, with a tool that leaves all other settings alone."""
    servers = program.environment["ICUSTOMER_KAFKA_SERVERS"]
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(
        ResourceType.TOPIC, f"{program.prefix}.{topic}", incremental_configs=[entry]
    )
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)


def refusals(worker: Worker) -> list[str]:
    """What the worker said of sizes that were refused."""
    texts = [line["failure"].get("text", "") for line in worker.told("disturbed")]
    return [text for text in texts if "max.message.bytes" in text]


@pytest.mark.parametrize("topic", [Topic.PROFILES, Topic.IDENTITY_STATE])
def test_a_worker_waits_for_a_limit_to_be_raised_and_loses_nothing(
    program: Program, server: RedisProcess, topic: Topic
) -> None:
    limit = LOWERED if topic is Topic.PROFILES else LOWERED // 100
    set_limit(program, topic, limit)
    worker = program.start_worker()
    site = Site(worker)
    worker.wait_ready()
    program.send([TALKATIVE])
    wait_until(lambda: len(refusals(worker)) >= TRIES, "refusals")
    assert f"{program.prefix}.{topic}" in refusals(worker)[0]
    assert f"{MAX_MESSAGE_BYTES[topic]:,}" in refusals(worker)[0]
    site.wait_for("record_too_large")
    assert site.live()
    reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    assert reader.lag(program.prefix) == 1
    assert reader.read(Topic.PROFILES) == []

    set_limit(program, topic, MAX_MESSAGE_BYTES[topic])
    program.send(signup(f"ordinary-{number}") for number in range(ORDINARY))
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    wait_until(lambda: unsettled(program, server.url) == 0, "an empty outbox")
    wait_until(lambda: not site.reasons(), "ready")
    assert not worker.ended()
    published = last_records(reader.read(Topic.PROFILES)).values()
    assert len(published) == ORDINARY + 1
    assert max(len(each["preferences"]) for each in published) == 100
    assert reader.read(Topic.DEAD_LETTERS) == []
    assert worker.outcomes() == {"created": ORDINARY + 1}
    assert worker.terminate(STOP_SECONDS) == 0


def has_done_more(worker: Worker, done: int) -> bool:
    return worker.outcomes().total() > done or bool(refusals(worker))


def test_another_worker_goes_on_meanwhile(program: Program, server: RedisProcess) -> None:
    set_limit(program, Topic.PROFILES, LOWERED)
    workers = [program.start_worker() for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    program.send([TALKATIVE])
    wait_until(lambda: any(map(refusals, workers)), "refusals")
    blocked, free = sorted(workers, key=lambda each: -len(refusals(each)))
    sent = 0
    while len(refusals(blocked)) < 4 * TRIES:
        done = free.outcomes().total()
        program.send([signup(f"ordinary-{sent + number}") for number in range(ORDINARY)])
        sent += ORDINARY
        wait_until(partial(has_done_more, free, done), "a batch")
    assert not refusals(free)
    set_limit(program, Topic.PROFILES, MAX_MESSAGE_BYTES[Topic.PROFILES])
    reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    wait_until(lambda: unsettled(program, server.url) == 0, "an empty outbox")
    assert len(last_records(reader.read(Topic.PROFILES))) == sent + 1
    assert not any(worker.ended() for worker in workers)
