"""What the log in memory can do besides: what a simulation builds on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from icustomer.contracts.topics import Topic
from icustomer.errors import FencedError, UnavailableError
from icustomer.stream.log_reader import Isolation
from icustomer.stream.memory import MemoryKafka, MemoryLog, MemorySubscriber, PromptNetwork
from icustomer.stream.memory_broker import State
from icustomer.stream.port import InputPartition, InputRecord, OutputRecord, Ownership

PLACE = Topic.PROFILES, 0
ID = "icustomer.space.0"


def record(key: bytes = b"k", value: bytes | None = b"v") -> OutputRecord:
    return OutputRecord(Topic.PROFILES, key, value, ())


def values(kafka: MemoryKafka, isolation: Isolation = Isolation.COMMITTED) -> list[bytes | None]:
    return [stored.value for stored in kafka.records(Topic.PROFILES, isolation)]


class DyingNetwork(PromptNetwork):
    """Carries out a number of requests; at the next one the client dies."""

    def __init__(self, requests: int) -> None:
        self.left = requests
        self.late: list[Callable[[], Any]] = []

    async def call(self, request: Callable[[], Any]) -> Any:
        if self.left == 0:
            self.late.append(request)
            raise asyncio.CancelledError
        self.left -= 1
        return await super().call(request)


def test_readers_committed_stop_at_an_open_transaction() -> None:
    kafka = MemoryKafka(1)
    epoch = kafka.initialise(ID)
    kafka.add_partitions(ID, epoch, [PLACE])
    kafka.append(ID, epoch, PLACE, [record(value=b"open")])
    kafka.append_plain(PLACE, record(value=b"plain"))
    assert values(kafka) == []
    assert values(kafka, Isolation.UNCOMMITTED) == [b"open", b"plain"]
    kafka.end(ID, epoch, State.ABORTED)
    assert values(kafka) == [b"plain"]
    assert kafka.end_offset(PLACE) == 3


@pytest.mark.parametrize("requests", range(1, 5))
async def test_a_client_may_die_at_any_request_and_a_late_one_is_fenced(requests: int) -> None:
    kafka = MemoryKafka(1)
    network = DyingNetwork(requests)
    log = MemoryLog(kafka, space="space", group="group", network=network)
    await log.initialise(0)
    with pytest.raises(asyncio.CancelledError):
        await log.publish([record()], {InputPartition(Topic.ORDERS, 0): 1})
    assert values(kafka) == []
    successor = MemoryLog(kafka, space="space", group="group")
    await successor.initialise(0)
    with pytest.raises(FencedError):
        network.late[0]()
    await successor.publish([record(value=b"new")], {})
    assert values(kafka) == [b"new"]
    assert kafka.group("group").committed == {}


def test_a_late_request_of_a_transaction_that_is_over_is_refused() -> None:
    kafka = MemoryKafka(1)
    epoch = kafka.initialise(ID)
    kafka.add_partitions(ID, epoch, [PLACE])
    kafka.end(ID, epoch, State.COMMITTED)
    with pytest.raises(UnavailableError):
        kafka.append(ID, epoch, PLACE, [record()])
    with pytest.raises(UnavailableError):
        kafka.end(ID, epoch, State.COMMITTED)


def test_compaction_keeps_the_last_of_each_key_in_the_old_part() -> None:
    kafka = MemoryKafka(1)
    for value in (b"1", b"2", None):
        kafka.append_plain(PLACE, record(b"gone", value))
    for value in (b"1", b"2"):
        kafka.append_plain(PLACE, record(b"kept", value))
    kafka.append_plain(PLACE, record(b"kept", b"young"))
    kafka.compact(Topic.PROFILES, before=6)
    assert [(s.offset, s.value) for s in kafka.records(Topic.PROFILES)] == [
        (2, None),
        (4, b"2"),
        (5, b"young"),
    ]
    kafka.compact(Topic.PROFILES, before=6, tombstones_before=4)
    assert values(kafka) == [b"2", b"young"]


def test_compaction_does_not_reach_past_an_open_transaction() -> None:
    kafka = MemoryKafka(1)
    kafka.append_plain(PLACE, record(value=b"old"))
    epoch = kafka.initialise(ID)
    kafka.add_partitions(ID, epoch, [PLACE])
    kafka.append(ID, epoch, PLACE, [record(value=b"open")])
    kafka.compact(Topic.PROFILES, before=100)
    assert values(kafka, Isolation.UNCOMMITTED) == [b"old", b"open"]


def inputs(kafka: MemoryKafka, count: int) -> None:
    for number in range(count):
        kafka.produce(Topic.ORDERS, b"%d" % number, b"%d" % number)


async def test_a_failed_batch_is_read_again() -> None:
    kafka = MemoryKafka(2)
    inputs(kafka, 10)
    member = MemorySubscriber(kafka, "group", "a")
    seen: list[InputRecord] = []

    async def fail(records: list[InputRecord], _: Ownership) -> None:
        raise UnavailableError(str(len(records)))

    async def take(records: list[InputRecord], _: Ownership) -> None:
        seen.extend(records)

    with pytest.raises(UnavailableError):
        await member.step(fail, max_records=4)
    while await member.step(take, max_records=4):
        pass
    assert sorted(int(each.value or b"") for each in seen) == list(range(10))


async def test_a_new_generation_starts_at_the_committed_offsets() -> None:
    kafka = MemoryKafka(1)
    inputs(kafka, 4)
    log = MemoryLog(kafka, space="space", group="group")
    await log.initialise(0)
    member = MemorySubscriber(kafka, "group", "a")
    seen: list[int] = []

    async def commit_half(records: list[InputRecord], ownership: Ownership) -> None:
        seen.extend(each.offset for each in records)
        place = InputPartition(Topic.ORDERS, 0)
        assert ownership.owned([place]) == {place}
        await log.publish([], {place: 2})
        kafka.group("group").announce()
        assert ownership.revoking
        kafka.group("group").rebalance()
        assert ownership.revoking

    await member.step(commit_half)
    await member.step(commit_half)
    assert seen == [0, 1, 2, 3, 2, 3]


async def test_a_member_held_for_dead_believes_in_its_partitions_until_it_polls() -> None:
    kafka = MemoryKafka(2)
    inputs(kafka, 6)
    group = kafka.group("group")
    zombie, other = MemorySubscriber(kafka, "group", "z"), MemorySubscriber(kafka, "group", "o")
    held: list[set[InputPartition]] = []

    async def lose_membership(records: list[InputRecord], ownership: Ownership) -> None:
        group.leave("z")
        mine = {InputPartition(each.topic, each.partition) for each in records}
        held.append(ownership.owned(mine))
        assert ownership.owned(mine) == mine
        assert ownership.revoking

    await zombie.step(lose_membership)
    assert held
    assert group.assigned("z") == set()

    async def take(_: list[InputRecord], __: Ownership) -> None:
        return

    await other.step(take)
    await zombie.step(take)
    assert not zombie.assignment & group.assigned("o")
    assert group.assigned("z") == zombie.assignment != set()
    await other.leave()
    assert group.assigned("o") == set()
