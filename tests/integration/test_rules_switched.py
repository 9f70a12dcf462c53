"""The rules of a space are switched on real servers, among events."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icustomer.core.model import Group, epoch_of
from icustomer.local.generator import generate
from integration.conftest import MakeProgram
from integration.support.damage import Damage
from integration.support.program import Program, wait_until
from integration.support.reading import Reader, delete_topics
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

SEED = 53
PEOPLE = 400
WITHOUT_VETO = "[kinds.phone]\nveto = false\n"


@pytest.fixture
def before(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Program]:
    """A space matched by the built-in rules."""
    made = make_program(kafka_server.servers, redis_server.url)
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    yield made
    made.stop()
    unlink_all(made)
    delete_topics(kafka_server.servers, made.prefix)


def unlink_all(program: Program) -> None:
    hands = Damage(program)
    for key in hands.redis.scan_iter(hands.keys.everything, 5_000):
        hands.redis.unlink(key)


def wait_for_all(program: Program) -> None:
    """All events are read, and all that came of them is published."""
    reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    hands = Damage(program)
    wait_until(lambda: not hands.redis.exists(hands.keys.outbox), "an empty outbox")


def changes_by_rules(program: Program) -> Counter[str]:
    """Types of the identity changes that the switch brought about."""
    reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    found: dict[str, Any] = {}
    for message in reader.read("identity-changes"):
        told = json.loads(message.value())
        found[told["change_id"]] = told
    return Counter(one["type"] for one in found.values() if "rules" in json.dumps(one))


def who(groups: dict[bytes, Group]) -> dict[str, tuple[bytes, ...]]:
    return {one.id: one.facets for group in groups.values() for one in group.customers}


def test_a_space_is_switched_there_and_back_among_events(before: Program, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(WITHOUT_VETO)
    after = before.variant(RULES=str(path))
    old = before.start_worker("--workers", "1")
    old.wait_ready()
    before.send(generate(SEED, PEOPLE).records)
    wait_for_all(before)
    told = before.json("rules", "diff", str(path), "--on", "live")
    assert told["joins"] > 0

    switched = before.json("rules", "activate", str(path), "--reason", "a trial")
    assert switched["switched"]
    assert switched["converted"] == switched["groups"] > 0
    wait_until(old.ended, "the worker with the former rules to stop")
    assert old.process.returncode == 1
    assert "Traceback" not in old.log.read_text()

    before.send(generate(SEED + 1, PEOPLE // 4).records)
    new = after.start_worker("--workers", "1")
    new.wait_ready()
    wait_for_all(after)
    groups = Damage(after).groups()
    assert all(epoch_of(group.version) >= switched["since"] for group in groups.values())
    assert changes_by_rules(after)["merged"] > 0
    verified = after.json("verify")
    assert verified["complete"]
    assert not verified["problems"]
    again = before.json("rules", "activate", str(path), "--reason", "a trial")
    assert not again["switched"]

    unlink_all(after)
    rebuilt = after.json("rebuild")
    assert rebuilt["groups"] == len(groups)
    assert who(Damage(after).groups()) == who(groups)

    default = tmp_path / "default.toml"
    default.write_text("")
    back = after.json("rules", "activate", str(default), "--reason", "it was worse")
    assert back["switched"]
    wait_until(new.ended, "the worker with the new rules to stop")
    before.start_worker("--workers", "1").wait_ready()
    wait_for_all(before)
    assert changes_by_rules(before)["split"] > 0
    verified = before.json("verify")
    assert verified["complete"]
    assert not verified["problems"]
