"""`icustomer rebuild`: the state as before, beside a worker that goes on; and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from icustomer.store.fence import pending_fence
from integration.support.damage import Damage
from integration.support.program import Program
from integration.support.working import send_more
from servers.kafka import free_ports

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]


@contextmanager
def somebody_else_at_it(program: Program, seconds: int) -> Iterator[None]:
    """A pending fence of another, whose lease ends after so many seconds."""
    hands = Damage(program)
    before = hands.redis.get(hands.keys.fence)
    identity = before.split(b":")[1].decode()
    hands.redis.set(hands.keys.fence, pending_fence(identity, "another"), ex=seconds)
    yield
    if hands.redis.get(hands.keys.fence) is None:
        hands.redis.set(hands.keys.fence, before)


def test_the_state_is_as_before_and_the_worker_goes_on(working: Program) -> None:
    hands = Damage(working)
    groups, links = hands.groups(), hands.links()
    epoch = hands.redis.get(hands.keys.epoch)
    hands.put_link(hands.link_of(hands.plain()), None)
    told = working.json("rebuild")
    assert told["groups"] == len(groups)
    assert told["way"] == "whole changelog"
    assert told["seconds"] > 0
    assert (hands.groups(), hands.links()) == (groups, links)
    assert hands.redis.get(hands.keys.epoch) != epoch
    send_more(working, 300)
    assert len(hands.groups()) > len(groups)


def test_another_rebuild_is_waited_for(working: Program) -> None:
    with somebody_else_at_it(working, 3):
        assert working.call("rebuild", "--timeout", "60").returncode == 0


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"SECRET_KEY": "77" * 32}, "ICUSTOMER_SECRET_KEY"),
        ({"SECRET_KEY": ""}, "ICUSTOMER_SECRET_KEY"),
        ({"REDIS_URL": "redis://127.0.0.1:{port}/0"}, "Redis"),
        ({"KAFKA_SERVERS": "127.0.0.1:{port}"}, "Kafka"),
    ],
    ids=["wrong key", "no key", "Redis away", "Kafka away"],
)
@pytest.mark.parametrize("command", ["rebuild", "verify"])
def test_what_is_wrong_is_told_in_one_line(
    working: Program, command: str, changed: dict[str, str], word: str
) -> None:
    (port,) = free_ports(1)
    elsewhere = {name: value.format(port=port) for name, value in changed.items()}
    before = Damage(working).redis.get(Damage(working).keys.fence)
    process = working.variant(**elsewhere).call(command, "--json")
    assert process.returncode in {1, 2}
    lines = [line for line in process.stderr.splitlines() if line.startswith("icustomer: ")]
    assert len(lines) == 1
    assert word in lines[0]
    assert "Traceback" not in process.stderr
    assert not process.stdout
    assert Damage(working).redis.get(Damage(working).keys.fence) == before


def test_json_is_one_document(working: Program) -> None:
    process = working.call("rebuild", "--json")
    assert set(json.loads(process.stdout)) == {"groups", "seconds", "way", "to_be_published"}
