"""A consumer group in memory: members, generations, assignments and committed offsets.

A rebalance happens whenever it is asked for, waiting for nobody: harsher than Kafka, whose
members may finish their batch first. A member that is thrown out is not told, as in Kafka.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.stream.port import InputPartition


class MemoryGroup:
    """One group over all input topics of a cluster."""

    def __init__(self, partitions: int) -> None:
        self._partitions = [
            InputPartition(topic, number) for topic in INPUTS for number in range(partitions)
        ]
        self._members: dict[str, set[InputPartition]] = {}
        self._turn = 0
        self.generation = 0
        self.announced = False
        """A rebalance is on its way: batches in hand are asked to end."""
        self.committed: dict[InputPartition, int] = {}
        """One for each partition, in whichever generation of its topic it was committed."""

    def commit(self, offsets: Mapping[InputPartition, int]) -> None:
        """Take the offsets, whoever sends them and from whatever generation."""
        places = {partition[:2] for partition in offsets}
        self._drop(lambda partition: partition[:2] in places)
        self.committed.update(offsets)

    def forget(self, topic: Topic) -> None:
        """Drop the offsets of a topic: it is deleted."""
        self._drop(lambda partition: partition.topic == topic)

    def _drop(self, dropped: Callable[[InputPartition], bool]) -> None:
        kept = {each: end for each, end in self.committed.items() if not dropped(each)}
        self.committed = kept

    def join(self, member: str) -> None:
        """Become a member; the partitions are shared out anew."""
        self._members[member] = set()
        self.rebalance()

    def leave(self, member: str) -> None:
        """End a membership, by the member's will or because it is held for dead."""
        if self._members.pop(member, None) is not None:
            self.rebalance()

    def has(self, member: str) -> bool:
        return member in self._members

    def announce(self) -> None:
        """Ask the members to end their batches: what a rebalance begins with."""
        self.announced = True

    def rebalance(self) -> None:
        """Share the partitions out anew, each time beginning with another member, so that
        partitions move."""
        self.generation += 1
        self.announced = False
        self._turn += 1
        names = list(self._members)
        for name in names:
            self._members[name] = set()
        for index, partition in enumerate(self._partitions):
            if names:
                self._members[names[(index + self._turn) % len(names)]].add(partition)

    def assigned(self, member: str) -> set[InputPartition]:
        """Partitions of a member as the group has them."""
        return set(self._members.get(member, ()))
