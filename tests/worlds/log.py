"""The log: gives observations their places and delivers them in batches, some twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random

from msgspec.structs import replace

from icustomer.core.observation import Item, Origin
from worlds.observations import DAWN, SECOND

Batch = list[Item]


class Log:
    """Partitions that grow; one second between two records."""

    def __init__(self, partitions: int = 2) -> None:
        self._partitions = partitions
        self._ends: dict[str, int] = {}
        self._clock = DAWN

    def append(self, item: Item, partition: int = 0) -> Item:
        """The item with its place: the next offset of a partition of its topic."""
        topic = getattr(item, "topic", "commands")
        name = f"{topic}/{partition % self._partitions}"
        offset = self._ends.get(name, 0)
        self._ends[name] = offset + 1
        self._clock += SECOND
        return replace(item, origin=Origin(partition=name, offset=offset, recorded_at=self._clock))

    def append_all(self, items: Iterable[Item]) -> Batch:
        return [self.append(item) for item in items]


def shuffled_arrivals(random: Random, told: Sequence[Item], log: Log) -> Batch:
    """All of it in any order, some of it sent again by upstream on another offset."""
    sent = list(told) + [item for item in told if random.random() < 0.15]
    random.shuffle(sent)
    return [log.append(item, random.randrange(2)) for item in sent]


def batches(random: Random, arrivals: Sequence[Item]) -> Iterator[Batch]:
    """Arrivals cut anywhere; some batches come again whole, or one partition of them does."""
    start = 0
    largest = random.choice((1, 3, 100))
    while start < len(arrivals):
        end = start + random.randint(1, largest)
        batch = list(arrivals[start:end])
        yield batch
        if random.random() < 0.2:
            yield _again(random, arrivals, start, end)
        start = end


def _again(random: Random, arrivals: Sequence[Item], start: int, end: int) -> Batch:
    """A rewind: from this batch or one before it, of all partitions or of one."""
    rewound = arrivals[random.choice((0, start)) : end]
    partitions = {item.origin.partition for item in rewound}
    chosen = random.choice((partitions, {random.choice(sorted(partitions))}))
    return [item for item in rewound if item.origin.partition in chosen]
