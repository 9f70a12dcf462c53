"""The subscriber in memory on a topic that was made again: as the real one, it reads all anew."""

from __future__ import annotations

from icustomer.contracts.topics import Topic
from icustomer.stream.memory import MemoryKafka, MemoryLog, MemorySubscriber
from icustomer.stream.port import InputPartition, InputRecord, Ownership

FORMER, NOW = InputPartition(Topic.ORDERS, 0), InputPartition(Topic.ORDERS, 0, "2")


class Group:
    """A member that commits what it saw."""

    def __init__(self) -> None:
        self.kafka = MemoryKafka(1)
        self.member = MemorySubscriber(self.kafka, "group", "member")
        self.seen: list[tuple[str, int]] = []
        self.log = MemoryLog(self.kafka, space="space", group="group")

    def send(self, count: int) -> None:
        for _ in range(count):
            self.kafka.produce(Topic.ORDERS, b"key", b"value")

    async def read(self) -> None:
        await self.log.initialise(0)
        while await self.member.step(self._take):
            pass

    async def _take(self, records: list[InputRecord], ownership: Ownership) -> None:
        self.seen += [(each.generation, each.offset) for each in records]
        ends = {
            InputPartition(each.topic, each.partition, each.generation): each.offset + 1
            for each in records
        }
        assert ownership.owned(ends) == set(ends)
        await self.log.publish([], ends)

    @property
    def committed(self) -> dict[InputPartition, int]:
        return self.kafka.group("group").committed


async def test_until_it_looks_it_reads_on_under_the_former_name() -> None:
    group = Group()
    group.send(3)
    await group.read()
    group.kafka.make_again(Topic.ORDERS)
    assert group.committed == {}
    group.send(5)
    await group.read()
    assert group.seen == [("", 0), ("", 1), ("", 2), ("", 3), ("", 4)]
    await group.member.look()
    await group.read()
    assert group.seen[5:] == [("2", offset) for offset in range(5)]
    assert group.committed == {NOW: 5}


async def test_a_position_behind_the_end_goes_on_at_the_beginning() -> None:
    group = Group()
    group.send(3)
    await group.read()
    group.kafka.make_again(Topic.ORDERS)
    group.send(1)
    await group.read()
    assert group.seen[3:] == [("", 0)]


async def test_offsets_of_the_former_topic_are_not_believed() -> None:
    group = Group()
    group.kafka.make_again(Topic.ORDERS)
    group.send(3)
    group.kafka.group("group").commit({FORMER: 2})
    await group.read()
    assert group.seen == [("2", 0), ("2", 1), ("2", 2)]


async def test_a_look_at_topics_that_stayed_changes_nothing() -> None:
    group = Group()
    group.send(3)
    await group.read()
    generation = group.member.generation
    await group.member.look()
    assert group.member.generation == generation
    await group.read()
    assert len(group.seen) == 3
