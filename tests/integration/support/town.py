"""A day in town: generated people and a few commands, handled by two workers, and read back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import redis
from confluent_kafka import Message

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.core.keys import Keyring
from icustomer.core.model import Override
from icustomer.core.observation import Item
from icustomer.local.generator import generate
from icustomer.store.codec import decode
from integration.support.judging import Profiles, items_of, last_records
from integration.support.program import SECRET_KEY, Program, wait_until
from integration.support.reading import Plain, Reader

EVENTS = 2_000
SEED = 20_261
KEYRING = Keyring(bytes.fromhex(SECRET_KEY))
OUTPUTS = (Topic.PROFILES, Topic.IDENTITY_CHANGES, Topic.DEAD_LETTERS)
NOBODY = "ic_7K3M-9QX2-4HTB-W6PZ-S"
"""The ID of no customer of this space."""

TRACE = (
    ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("tracestate", b"shop=1"),
)
TRACED = Plain(
    Topic.SIGNUPS,
    b"traced",
    json.dumps(
        {
            "event_id": "traced-1",
            "occurred_at": "2026-03-01T09:00:00Z",
            "source": "shop",
            "email": "petronella.quistgaard@traced.example",
            "name": {"given": "Petronella", "family": "Quistgaard"},
        }
    ).encode(),
    TRACE,
)
"""An event of somebody new, within a trace."""
BROKEN = Plain(
    Topic.SUPPORT,
    b"\xfe\x00key",
    b'{"event_id": "b-1", "email": "balthasar@broken.example", "phone": "+41446681811", "name": '
    b'{"given": "Balthasar", "family": "Oehninger"\xff',
    (("binary", b"\xff\x00"), ("nothing", None), ("twice", b"1"), ("twice", b"2"), TRACE[0]),
)
"""No JSON, with a key and headers that are no text."""


@dataclass(frozen=True)
class Commands:
    """What was said on the command line, and the IDs that it was about."""

    undone: str
    """Merged by hand and split off again."""
    survivor: str
    """The customer that it had been merged into."""
    retired: str
    """Merged by hand into another, for good."""
    looked_up: dict[str, Any]
    """What `lookup` found for the first ID while it was merged."""
    sent: int
    """Commands that reached Kafka."""


@dataclass(frozen=True)
class Town:
    """All that went in and came out."""

    program: Program
    redis_url: str
    records: dict[Topic, list[Message]]
    """Every committed record of each topic."""
    published: Profiles
    items: list[Item]
    overrides: list[Override]
    commands: Commands
    exit_codes: list[int]

    @property
    def inputs(self) -> int:
        return sum(len(self.records[topic]) for topic in INPUTS)

    def outcomes(self) -> list[Counter[str]]:
        """What each of the two workers counted."""
        return [worker.outcomes() for worker in self.program.workers[:2]]


def live_a_day(program: Program) -> Town:
    """Send everything, wait until it is done, read it back, and stop the workers."""
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    settings = program.environment
    reader = Reader(settings["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    url = settings["ICUSTOMER_REDIS_URL"]
    workers = [program.start_worker() for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    program.send(generate(SEED, EVENTS).records)
    wait_for_lag_0(program, reader)
    commands = give_commands(program, last_records(reader.read(Topic.PROFILES)))
    for lonely in (TRACED, BROKEN):
        program.send([lonely])
        wait_for_lag_0(program, reader)
    total = len(program.sent) + commands.sent
    wait_until(lambda: sum(each.outcomes().total() for each in workers) >= total, "outcomes")
    records = {topic: reader.read(topic) for topic in (*INPUTS, *OUTPUTS)}
    return Town(
        program=program,
        redis_url=url,
        records=records,
        published=last_records(records[Topic.PROFILES]),
        items=everything_told(records),
        overrides=overrides_of(program, url),
        commands=commands,
        exit_codes=[worker.terminate() for worker in workers],
    )


def wait_for_lag_0(program: Program, reader: Reader) -> None:
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")


def give_commands(program: Program, published: Profiles) -> Commands:
    """A merge by hand and its undoing, a merge that stays, and one that is refused."""
    active = sorted(
        document["customer_id"] for document in published.values() if document["status"] == "active"
    )
    first, second, third, fourth = active[:4]
    told = program.json("merge", first, second, "--reason", "one person")
    assert told["outcome"] == "merged"
    (survivor,) = told["customer_ids"]
    undone = ({first, second} - {survivor}).pop()
    looked_up = program.json("lookup", undone)
    told = program.json("split", undone, "--reason", "two people")
    assert told["outcome"] == "split", told
    told = program.json("merge", third, fourth, "--reason", "a twin")
    (kept,) = told["customer_ids"]
    refused = program.call("merge", first, NOBODY, "--reason", "no", "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["outcome"] == "dead_lettered"
    return Commands(undone, survivor, ({third, fourth} - {kept}).pop(), looked_up, 4)


def everything_told(records: dict[Topic, list[Message]]) -> list[Item]:
    """All that the records of the input topics say."""
    return [item for topic in INPUTS for item in items_of(topic, records[topic], KEYRING)]


def overrides_of(program: Program, url: str) -> list[Override]:
    """Every person's word that stands in a group."""
    groups = [decode(blob) for key, blob in state_of(program, url).items() if b":group:" in key]
    words = {override.stamp: override for group in groups for override in group.overrides}
    return list(words.values())


def state_of(program: Program, url: str) -> dict[bytes, Any]:
    """The working state: groups, links, aliases and indexes, by key."""
    with redis.Redis.from_url(url) as client:
        pattern = f"{{{program.space}}}:"
        plain = [
            key
            for kind in ("group", "link", "alias")
            for key in client.scan_iter(match=f"{pattern}{kind}:*", count=5_000)
        ]
        sets = list(client.scan_iter(match=f"{pattern}index:*", count=5_000))
        state: dict[bytes, Any] = dict(zip(plain, client.mget(plain), strict=True))
        return state | {key: client.smembers(key) for key in sets}


def unsettled(program: Program, url: str) -> int:
    """Entries of the outbox."""
    with redis.Redis.from_url(url) as client:
        return int(client.hlen(f"{{{program.space}}}:outbox"))


def header(message: Message, name: str) -> bytes | None:
    """The last header of a name; None if there is none."""
    return dict(message.headers() or ()).get(name)


def only(found: Iterable[Message]) -> Message:
    """The one record that there is."""
    (message,) = found
    return message
