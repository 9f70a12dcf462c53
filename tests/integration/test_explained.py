"""`icustomer explain` and `export` on real servers: a small story, and nobody works meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import redis

from icustomer.contracts.customer_export import CUSTOMER_EXPORT
from icustomer.contracts.explanation import EXPLANATION
from icustomer.contracts.topics import Topic
from integration.conftest import MakeProgram
from integration.support.program import Program, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

HOME = "+41446681800"
OFFICE = "info@office.example"
NOBODY = "ic_7K3M-9QX2-4HTB-W6PZ-S"


def signup(number: int, given: str, **said: Any) -> Plain:
    event = {
        "event_id": f"s-{number}",
        "occurred_at": f"2026-03-01T09:00:{number:02}Z",
        "source": "shop",
        "name": {"given": given, "family": "Lima"},
        **said,
    }
    return Plain(Topic.SIGNUPS, b"one key: one order", json.dumps(event).encode())


def story() -> Iterator[Plain]:
    """Ana twice, Ben on her phone, and five who write from one office."""
    yield signup(1, "Ana", email="ana@example.org", email_verified=True, phone=HOME)
    yield signup(2, "Ana", email="ana@example.org", account={"service": "shop", "number": "7"})
    yield signup(3, "Ben", email="ben@example.org", phone=HOME, consents={"news": True})
    for number, given in enumerate(("Dora", "Peter", "Ines", "Omar", "Yuki"), 4):
        claim = {"kind": "email", "value": OFFICE}
        yield signup(number, given, email=f"{given.lower()}@x.example", identifiers=[claim])


@pytest.fixture(scope="module")
def told(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Program]:
    """The story, and a split by a person; the worker has ended."""
    made = make_program(kafka_server.servers, redis_server.url)
    worker = made.start_worker()
    worker.wait_ready()
    made.send(story())
    reader = Reader(kafka_server.servers, made.prefix)
    wait_until(lambda: reader.lag(made.prefix) == 0, "lag 0")
    dora, yuki = (made.json("lookup", f"email:{who}@x.example") for who in ("dora", "yuki"))
    ids = [each["customer_id"] for each in (dora, yuki)]
    made.json("merge", *ids, "--reason", "one desk", "--requested-by", "desk")
    ana = made.json("lookup", "account:shop/7")["customer_id"]
    made.json("split", ana, "--identifier", "account:shop/7", "--reason", "two")
    assert worker.terminate() == 0
    yield made
    with redis.Redis.from_url(redis_server.url) as client:
        for key in client.scan_iter(match=f"{{{made.space}}}:*", count=5_000):
            client.unlink(key)
    delete_topics(kafka_server.servers, made.prefix)


def state(program: Program) -> dict[bytes, Any]:
    with redis.Redis.from_url(program.environment["ICUSTOMER_REDIS_URL"]) as client:
        keys = sorted(client.scan_iter(match=f"{{{program.space}}}:*", count=5_000))
        return {key: client.dump(key) for key in keys}


def explained(program: Program, *whom: str) -> Any:
    document = program.json("explain", *whom)
    for each in document if isinstance(document, list) else [document]:
        EXPLANATION.validate_python(each)
    return document


def reasons(program: Program, one: str, other: str) -> list[tuple[str, str | None]]:
    document = explained(program, one, other)
    return [
        (each["reason"], each["identifier"] and each["identifier"]["value"])
        for each in document["between"]
    ]


def test_a_customer_is_explained_by_its_evidence(told: Program) -> None:
    document = explained(told, "email:dora@x.example")
    (join,) = document["joins"]
    assert join["rule"] == "must_link"
    assert [each["command"] for each in document["commands"]] == ["merge"]
    assert document["commands"][0]["event_id"] == join["told"]["event_id"]
    assert len(document["redirects"]) == 1
    assert [each["identifier"]["value"] for each in document["shared"]] == [OFFICE]
    assert document["current"]


def test_why_two_are_two(told: Program) -> None:
    assert reasons(told, "email:ben@example.org", "account:shop/7") == [
        ("no_common_identifier", None)
    ]
    assert reasons(told, "email:peter@x.example", "email:omar@x.example") == [("shared", OFFICE)]
    documents = explained(told, "email:ana@example.org", "account:shop/7")
    assert [each["one"] for each in documents] == [False, True]
    (word,) = documents[0]["between"]
    assert (word["reason"], word["command"]["command"]) == ("cannot_link", "split")
    (veto,) = (
        each
        for document in explained(told, f"phone:{HOME}", "email:ben@example.org")
        for each in document["between"]
    )
    assert (veto["reason"], veto["names"]) == ("names", ["Ana Lima", "Ben Lima"])


def test_retired_ids_and_people_who_read(told: Program, tmp_path: Any) -> None:
    document = explained(told, "email:dora@x.example")
    retired = document["redirects"][0]["customer_id"]
    chain = explained(told, retired, document["customer_id"])["chain"]
    assert [each["rule"] for each in chain] == ["must_link"]
    drawing = tmp_path / "picture.svg"
    shown = told.call("explain", retired, "--svg", str(drawing))
    assert shown.returncode == 0
    assert "a person said so" in shown.stdout
    assert ET.fromstring(drawing.read_text()).tag.endswith("svg")  # noqa: S314 -- our own
    assert drawing.stat().st_mode & 0o077 == 0, "personal data is for its owner's eyes"


def test_an_export_is_whole_and_tells_nothing_of_others(told: Program, tmp_path: Any) -> None:
    before = state(told)
    page, file = tmp_path / "ben.html", tmp_path / "ben.json"
    done = told.call(
        *("export", "email:ben@example.org", "--html", str(page), "--output", str(file))
    )
    assert (done.returncode, done.stdout) == (0, "")
    document = json.loads(file.read_text())
    CUSTOMER_EXPORT.validate_python(document)
    assert document["profile"] == told.json("lookup", "email:ben@example.org")
    assert [each["value"] for each in document["consents"]] == [True]
    for text in (page.read_text(), file.read_text()):
        assert "Ben" in text
        assert "Ana" not in text
    assert told.json("export", document["customer_id"])["customer_id"] == document["customer_id"]
    assert state(told) == before, "nothing was written"


@pytest.mark.parametrize("command", ["explain", "export"])
def test_who_is_not_there_is_not_found(told: Program, command: str) -> None:
    done = told.call(command, NOBODY, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"error": "not_found"}
    pair = told.call("explain", "email:ben@example.org", NOBODY, "--json")
    assert (pair.returncode, json.loads(pair.stdout)) == (1, {"error": "not_found"})


def test_a_file_that_cannot_be_written_is_told_in_one_line(told: Program, tmp_path: Any) -> None:
    target = str(tmp_path / "nowhere" / "x.json")
    done = told.call("export", "email:ben@example.org", "--output", target)
    assert done.returncode == 1
    logged, told_to_people = done.stderr.splitlines()
    assert json.loads(logged)["event"] == "exported"
    assert "cannot be written" in told_to_people
