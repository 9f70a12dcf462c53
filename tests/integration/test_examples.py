"""The example programs of docs/examples, run as their user would, against the real servers."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis

from icustomer.contracts.topics import Topic
from integration.conftest import MakeProgram
from integration.support.program import Program, wait_until
from integration.support.reading import Plain, Reader, delete_topics, send
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SECONDS = 60
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Example:
    """Both programs and the table of one identity space."""

    def __init__(self, program: Program, table: Path) -> None:
        self.program = program
        self.table = table
        self.prefix = program.prefix
        self.servers = program.environment["ICUSTOMER_KAFKA_SERVERS"]
        self.environment = program.environment
        self._followers: list[subprocess.Popen[bytes]] = []

    def run(self, name: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(EXAMPLES / name), *arguments],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def publish(self, *arguments: str, **more: str) -> None:
        done = self.run("publisher.py", *arguments, **more)
        assert (done.returncode, done.stderr) == (0, "")

    def follow(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """All that is there now."""
        return self.run("subscriber.py", "follow", str(self.table), "--once", *arguments)

    def follow_on(self) -> subprocess.Popen[bytes]:
        """Until it is stopped."""
        words = [sys.executable, str(EXAMPLES / "subscriber.py"), "follow", str(self.table)]
        self._followers.append(subprocess.Popen(words, env=self.environment))
        return self._followers[-1]

    def show(self, customer_id: str) -> dict[str, Any] | None:
        done = self.run("subscriber.py", "show", str(self.table), customer_id)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        return self.sql(f"SELECT * FROM {name} ORDER BY 1")  # noqa: S608 - a name of ours

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.table)) as table, table:
            return table.execute(statement).fetchall()

    def id_of(self, number: str) -> str:
        """The customer of an account of the shop, as the worker sees it."""
        found = self.program.json("lookup", f"account:shop/{number}")
        return str(found["customer_id"])

    def stop(self) -> None:
        for each in self._followers:
            if each.poll() is None:
                each.kill()
            each.wait()


@pytest.fixture
def example(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram, tmp_path: Path
) -> Iterator[Example]:
    """With topics of its own."""
    program = make_program(kafka_server.servers, redis_server.url)
    made = Example(program, tmp_path / "customers.db")
    yield made
    made.stop()
    program.stop()
    delete_topics(kafka_server.servers, program.prefix)
    with redis.Redis.from_url(redis_server.url) as client:
        for key in client.scan_iter(f"{{{program.space}}}:*", count=5_000):
            client.unlink(key)


@pytest.fixture(scope="module")
def scratch(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Program]:
    """Topics that no worker writes to."""
    program = make_program(kafka_server.servers, redis_server.url)
    yield program
    delete_topics(kafka_server.servers, program.prefix)


@pytest.fixture
def by_hand(scratch: Program, tmp_path: Path) -> Example:
    """A table of its own, of records that the tests write."""
    return Example(scratch, tmp_path / "customers.db")


def test_a_table_follows_what_is_published_through_merge_and_split(example: Example) -> None:
    example.program.start_worker().wait_ready()
    lagging = Reader(example.servers, example.prefix)
    example.publish("signup", "--account", "A-1", "--email", "ada@old.example", "--given", "Ada")
    wait_until(lambda: lagging.lag(example.prefix) == 0, "the first signup")
    example.publish(
        "signup", "--account", "A-2", "--email", "ada@new.example", "--given", "Ada",
        TRACEPARENT=TRACE,
    )  # fmt: skip
    wait_until(lambda: lagging.lag(example.prefix) == 0, "the second signup")
    older, younger = example.id_of("A-1"), example.id_of("A-2")
    follower = example.follow_on()
    wait_until(example.table.exists, "a table")
    wait_until(lambda: example.show(older) and example.show(younger), "two customers")

    order = ("order", "O-1", "--status", "placed", "--total", "54.00", "--currency", "GBP")
    example.publish(*order, "--account", "A-1", "--email", "ada@new.example")
    merged = wait_until(
        lambda: (found := example.show(younger)) and found["customer_id"] == older and found,
        "the younger ID leads to the older customer",
    )
    assert merged["merged_from"] == [younger]
    assert merged["orders"]["totals"] == {"GBP": "54.00"}

    follower.kill()
    follower.wait()
    split = example.program.json("split", younger, "--reason", "mother and daughter")
    assert split["outcome"] == "split"
    follower = example.follow_on()
    wait_until(
        lambda: (found := example.show(younger)) and found["customer_id"] == younger,
        "the younger ID has a profile again",
    )
    follower.send_signal(signal.SIGTERM)
    assert follower.wait(SECONDS) == 0
    assert_rebuilt_alike(example)
    assert_trace_passed_on(example)


def assert_rebuilt_alike(example: Example) -> None:
    """What was followed through all of it equals what is read from the beginning."""

    def read(*arguments: str) -> tuple[list[Any], list[Any]]:
        done = example.follow(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return example.rows("customers"), example.rows("changes")

    customers, changes = wait_until(
        lambda: (followed := read()) == read("--rebuild") and followed, "the same table again"
    )
    assert len(customers) == 2
    assert {"created", "merged", "split"} <= {row[1] for row in changes}


def assert_trace_passed_on(example: Example) -> None:
    profiles = Reader(example.servers, example.prefix).read(Topic.PROFILES)
    traces = {dict(each.headers() or ()).get("traceparent") for each in profiles}
    assert TRACE.encode() in traces


def test_repeats_lower_versions_chains_and_tombstones_are_as_the_guide_says(
    by_hand: Example,
) -> None:
    def publish(*records: Plain) -> None:
        send(by_hand.servers, by_hand.prefix, records)
        done = by_hand.follow()
        assert (done.returncode, done.stderr) == (0, "")

    publish(profile("ic_A", 3), redirect("ic_B", 5, "ic_A"), redirect("ic_C", 4, "ic_B"))
    assert by_hand.show("ic_C") == json.loads(profile("ic_A", 3).value or b"")
    publish(profile("ic_A", 2), profile("ic_B", 4), tombstone("ic_C", 3), profile("ic_A", 3))
    assert by_hand.rows("customers") == [
        ("ic_A", 3, None, str(profile("ic_A", 3).value, "utf-8")),
        ("ic_B", 5, "ic_A", None),
        ("ic_C", 4, "ic_B", None),
    ]
    publish(profile("ic_B", 6))
    found = by_hand.show("ic_C")
    assert found is not None
    assert found["customer_id"] == "ic_B"
    publish(tombstone("ic_B", 7), profile("ic_B", 6))
    assert by_hand.show("ic_B") is None
    assert by_hand.show("ic_C") is None
    publish(created("one"), created("one"), created("two"))
    assert [row[0] for row in by_hand.rows("changes")] == ["one", "two"]


def test_a_table_that_was_left_alone_for_a_week_is_rebuilt(by_hand: Example) -> None:
    send(by_hand.servers, by_hand.prefix, [profile("ic_D", 1)])
    assert by_hand.follow().returncode == 0
    before = by_hand.rows("customers")
    by_hand.sql("INSERT INTO customers VALUES ('ic_Z', 1, NULL, '{}')")
    assert by_hand.follow().returncode == 0
    assert len(by_hand.rows("customers")) == len(before) + 1
    by_hand.sql("UPDATE positions SET seen_at = seen_at - 7 * 86400")
    assert by_hand.follow().returncode == 0
    assert by_hand.rows("customers") == before


def test_mistakes_are_told_in_a_line(by_hand: Example) -> None:
    nowhere = by_hand.follow("--prefix", "nowhere")
    unknown = by_hand.run("subscriber.py", "show", str(by_hand.table), "ic_A")
    nobody = by_hand.run("publisher.py", "support", "T-1", "--status", "opened")
    assert "nowhere.profiles" in nowhere.stderr
    for done in (nowhere, unknown, nobody):
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1, done.stderr


def profile(customer_id: str, version: int) -> Plain:
    return _record(customer_id, version, {"status": "active"})


def redirect(customer_id: str, version: int, target: str) -> Plain:
    return _record(customer_id, version, {"status": "merged", "merged_into": target})


def tombstone(customer_id: str, version: int) -> Plain:
    return _record(customer_id, version, None)


def _record(customer_id: str, version: int, told: dict[str, Any] | None) -> Plain:
    whole = told and {"customer_id": customer_id, "version": version, **told}
    value = json.dumps(whole).encode() if whole else None
    headers = (("ce_id", f"{customer_id}:{version}".encode()),)
    return Plain(Topic.PROFILES, customer_id.encode(), value, headers)


def created(change_id: str) -> Plain:
    told = {"change_id": change_id, "type": "created", "customer_id": "ic_A"}
    value = json.dumps({**told, "at": "2026-03-01T09:00:00Z"}).encode()
    return Plain(Topic.IDENTITY_CHANGES, b"ic_A", value)
