"""A worker that meets state of a newer icustomer stops with one line, and leaves all as it is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import redis
from confluent_kafka import Message, Producer

from icustomer.contracts.topics import Topic
from icustomer.store.codec import CODEC_VERSION, VERSION_DIGITS, version_of
from icustomer.store.port import Session, entry_only
from icustomer.store.redis import RedisStore
from integration.support.program import Program, Worker, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from integration.support.redis_process import RedisProcess

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EMAIL = "petronella@newer.example"
STOP_SECONDS = 30
EXIT_SECONDS = 60


@pytest.fixture
def program(kafka_server, server: RedisProcess, make_program):
    made = make_program(kafka_server.servers, server.url)
    yield made
    made.stop()
    delete_topics(kafka_server.servers, made.prefix)


def told(event_id: str) -> Plain:
    document = {
        "event_id": event_id,
        "occurred_at": "2026-11-01T10:00:00Z",
        "source": "test",
        "email": EMAIL,
        "locale": event_id,
    }
    return Plain(Topic.SIGNUPS, b"key", json.dumps(document).encode())


@pytest.fixture
def reader(program: Program) -> Reader:
    """Of a space with one customer, whose worker has ended."""
    found = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    worker = program.start_worker()
    worker.wait_ready()
    program.send([told("first")])
    wait_until(lambda: found.lag(program.prefix) == 0, "lag 0")
    assert worker.terminate(STOP_SECONDS) == 0
    return found


def newer(blob: bytes) -> bytes:
    return blob[:VERSION_DIGITS] + bytes([CODEC_VERSION + 1]) + blob[VERSION_DIGITS + 1 :]


def groups_of(program: Program, server: RedisProcess) -> dict[bytes, bytes]:
    """Groups by their keys."""
    with redis.Redis.from_url(server.url) as client:
        found = list(client.scan_iter(match=f"{{{program.space}}}:group:*"))
        return dict(zip(found, client.mget(found), strict=True)) if found else {}


def renew_the_group(program: Program, server: RedisProcess) -> bytes:
    """Have the one group stand as a newer release would have written it; its ID."""
    ((key, blob),) = groups_of(program, server).items()
    with redis.Redis.from_url(server.url) as client:
        client.set(key, newer(blob))
    return key.rpartition(b":group:")[2]


def everything(program: Program, server: RedisProcess, reader: Reader) -> tuple[Any, ...]:
    """What must stay as it is."""
    published = [
        [(each.key(), each.value()) for each in reader.read(topic)]
        for topic in (Topic.PROFILES, Topic.IDENTITY_CHANGES, Topic.DEAD_LETTERS)
    ]
    groups = [each.value() for each in reader.read(Topic.IDENTITY_STATE) if len(each.key()) == 16]
    return groups_of(program, server), groups, published, reader.lag(program.prefix)


def assert_stops(worker: Worker) -> None:
    """With exit code 1 and one line that names the format and the remedy."""
    assert worker.process.wait(EXIT_SECONDS) == 1
    (line,) = worker.told("cannot_go_on")
    assert "format 2" in line["failure"]["text"]
    assert "run the newer one" in line["failure"]["text"]
    log = worker.log.read_text()
    assert "Traceback" not in log
    assert log.count("icustomer: The state has format 2") == 1


def test_an_event_that_leads_to_it(program: Program, server: RedisProcess, reader: Reader) -> None:
    renew_the_group(program, server)
    program.send([told("second")])
    before = everything(program, server, reader)
    assert before[-1] == 1
    assert_stops(program.start_worker())
    assert everything(program, server, reader) == before


def test_an_entry_that_a_dead_worker_left(
    program: Program, server: RedisProcess, reader: Reader
) -> None:
    group_id = renew_the_group(program, server)
    (profile,) = reader.read(Topic.PROFILES)
    before = everything(program, server, reader)
    asyncio.run(leave_an_entry(program, server, group_id, profile.key().decode()))
    assert_stops(program.start_worker())
    assert everything(program, server, reader) == before


async def leave_an_entry(
    program: Program, server: RedisProcess, group_id: bytes, customer_id: str
) -> None:
    """As a worker does that dies between commit and publication."""
    store = RedisStore(server.url, program.space)
    try:
        slot, fence = await store.lease_slot("dead"), await store.read_fence()
        assert fence is not None
        session = Session(slot, "dead", fence)
        version = version_of((await store.load([], [customer_id])).groups[group_id] or b"")
        write = entry_only({group_id: version}, [group_id], [customer_id], version)
        assert await store.commit(session, [write]) == [True]
        await store.release(slot, "dead")
    finally:
        await store.close()


def test_a_changelog_that_is_read_again(
    program: Program, server: RedisProcess, reader: Reader
) -> None:
    (record,) = (each for each in reader.read(Topic.IDENTITY_STATE) if len(each.key()) == 16)
    publish_newer(program, record)
    server.kill()
    server.start()
    before = everything(program, server, reader)
    assert_stops(program.start_worker())
    # Groups that were put down for the rebuild lead nowhere; the space is not open.
    assert everything(program, server, reader)[1:] == before[1:]
    with redis.Redis.from_url(server.url) as client:
        assert not client.exists(f"{{{program.space}}}:fence")
        assert not list(client.scan_iter(match=f"{{{program.space}}}:links:*"))


def publish_newer(program: Program, record: Message) -> None:
    producer = Producer(
        {"bootstrap.servers": program.environment["ICUSTOMER_KAFKA_SERVERS"], "log_level": 0}
    )
    producer.produce(
        record.topic(),
        newer(record.value()),
        record.key(),
        record.partition(),
        headers=record.headers(),
    )
    assert producer.flush(EXIT_SECONDS) == 0


def test_a_look_at_it_from_the_command_line(
    program: Program, server: RedisProcess, reader: Reader
) -> None:
    assert reader.read(Topic.PROFILES)
    assert program.json("lookup", f"email:{EMAIL}")
    renew_the_group(program, server)
    done = program.call("lookup", f"email:{EMAIL}")
    assert done.returncode == 1
    assert done.stderr.startswith("icustomer: The state has format 2")
    assert len(done.stderr.splitlines()) == 1
