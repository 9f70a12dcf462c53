"""Kafka in memory, as far as icustomer can tell the difference: partitions with
transactions, producers fenced by epoch, consumer groups, compaction.

Each method is one request, carried out whole at the moment it is called: the one who calls
decides when that is. Nothing here waits, and nothing depends on a clock or on chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field, structs

from icustomer.contracts.topics import Topic
from icustomer.errors import FencedError, UnavailableError
from icustomer.stream.log_reader import Isolation
from icustomer.stream.memory_group import MemoryGroup
from icustomer.stream.partitions import murmur2
from icustomer.stream.port import Headers, InputPartition, OutputRecord

DEFAULT_PARTITIONS = 3
"""Few enough for a simulation to hit the same partition often."""


class State(StrEnum):
    """Of a transaction."""

    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Transaction(Struct, eq=False):
    """What a producer has begun: its partitions, and offsets that count once it commits."""

    state: State = State.OPEN
    partitions: set[tuple[Topic, int]] = field(default_factory=set)
    offsets: dict[str, dict[InputPartition, int]] = field(default_factory=dict)
    """Consumer group -> offsets."""
    began: int = 0
    """Milliseconds, by the broker's clock."""
    batches: list[Sequence[OutputRecord]] = field(default_factory=list)
    """What was appended: a batch is known by being the same object, as a broker knows it by its
    sequence number."""


class Stored(Struct, frozen=True, eq=False):
    """A record where it lies; a marker of a transaction's end has no content."""

    topic: Topic
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    transaction: Transaction | None = None
    """None: appended by a plain producer."""
    marker: bool = False

    def visible(self, isolation: Isolation) -> bool:
        """Whether a reader gets to see it, once it has come as far as this."""
        if self.marker:
            return False
        if isolation is Isolation.UNCOMMITTED or self.transaction is None:
            return True
        return self.transaction.state is State.COMMITTED


class _Partition:
    """One log. Offsets grow by one and are never given twice; compaction leaves holes."""

    def __init__(self) -> None:
        self.stored: list[Stored] = []
        self.end = 0

    def append(self, record: Stored) -> None:
        """The record, at the next offset."""
        self.stored.append(structs.replace(record, offset=self.end))
        self.end += 1

    def end_for(self, isolation: Isolation) -> int:
        """The end, or the last stable offset: that of the first record still undecided."""
        if isolation is Isolation.UNCOMMITTED:
            return self.end
        undecided = (
            stored.offset
            for stored in self.stored
            if stored.transaction is not None and stored.transaction.state is State.OPEN
        )
        return next(undecided, self.end)


class _Producer(Struct):
    """A transactional ID: its epoch, and what it has open."""

    epoch: int = -1
    transaction: Transaction | None = None


class MemoryKafka:
    """One cluster, shared by all clients of a test.

    `partitions`: of every topic. `clock`: milliseconds, for the records' timestamps; without
    one they count up.
    """

    def __init__(
        self, partitions: int = DEFAULT_PARTITIONS, clock: Callable[[], int] | None = None
    ) -> None:
        self.partitions = partitions
        self._clock = clock or self._tick
        self._ticks = 0
        self._logs = {
            (topic, number): _Partition() for topic in Topic for number in range(partitions)
        }
        self._producers: dict[str, _Producer] = {}
        self._groups: dict[str, MemoryGroup] = {}
        self._lives = dict.fromkeys(Topic, 1)
        """How often each topic was made."""

    def topic_id(self, topic: Topic) -> str:
        """Another one each time the topic is made."""
        return f"{topic}.{self._lives[topic]}"

    def make_again(self, topic: Topic) -> None:
        """Delete a topic with all that it holds and what is committed of it, and make it anew."""
        self._lives[topic] += 1
        for number in range(self.partitions):
            self._logs[topic, number] = _Partition()
        for group in self._groups.values():
            group.forget(topic)

    def generation(self, topic: Topic) -> str:
        """As records of an input tell it; "" in the topic's first life."""
        life = self._lives[topic]
        return str(life) if life > 1 else ""

    def group(self, name: str) -> MemoryGroup:
        """The consumer group of that name."""
        if name not in self._groups:
            self._groups[name] = MemoryGroup(self.partitions)
        return self._groups[name]

    # Transactions

    def initialise(self, transactional_id: str) -> int:
        """End what the ID has open, fence its former holders; the new epoch."""
        producer = self._producers.setdefault(transactional_id, _Producer())
        self._end(producer, State.ABORTED)
        producer.epoch += 1
        return producer.epoch

    def add_partitions(
        self, transactional_id: str, epoch: int, partitions: Sequence[tuple[Topic, int]]
    ) -> None:
        """Begin a transaction, unless one is open, and make the partitions part of it."""
        self._begun(transactional_id, epoch).partitions.update(partitions)

    def add_offsets(
        self, transactional_id: str, epoch: int, group: str, offsets: Mapping[InputPartition, int]
    ) -> None:
        """Likewise for offsets; they count when the transaction commits."""
        transaction = self._begun(transactional_id, epoch)
        transaction.offsets.setdefault(group, {}).update(offsets)

    def append(
        self,
        transactional_id: str,
        epoch: int,
        place: tuple[Topic, int],
        records: Sequence[OutputRecord],
    ) -> None:
        """Append to a partition of the open transaction; refused if it is no part of it, so
        that a request that comes late cannot open another. A request that comes twice appends
        once."""
        transaction = self._holder(transactional_id, epoch).transaction
        if transaction is None or place not in transaction.partitions:
            raise UnavailableError("The transaction that the records belong to is over")
        if any(batch is records for batch in transaction.batches):
            return
        transaction.batches.append(records)
        for record in records:
            self._append(place, record, transaction=transaction)

    def end(self, transactional_id: str, epoch: int, state: State) -> None:
        """Commit or abort. Raises `UnavailableError` if nothing is open."""
        producer = self._holder(transactional_id, epoch)
        if producer.transaction is None:
            raise UnavailableError("There is no transaction to end")
        self._end(producer, state)

    @property
    def undecided(self) -> bool:
        """Whether any transaction is open: what comes after it is not shown to
        `read_committed` readers."""
        return any(producer.transaction for producer in self._producers.values())

    def expire(self, before: int) -> None:
        """Abort every transaction begun before (milliseconds), and fence whoever holds it: what
        a broker does when `transaction.timeout.ms` has passed."""
        for name, producer in self._producers.items():
            if producer.transaction is not None and producer.transaction.began < before:
                self.initialise(name)

    # Plain records

    def append_plain(self, place: tuple[Topic, int], record: OutputRecord) -> None:
        """Append outside of every transaction: visible at once."""
        self._append(place, record)

    def produce(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        timestamp: int | None = None,
    ) -> Stored:
        """Append as an upstream does: partition by key, timestamp (ms) as it pleases."""
        place = topic, (murmur2(key or b"") & 0x7FFFFFFF) % self.partitions
        self._append(place, OutputRecord(topic, key, value, headers), timestamp=timestamp)
        return self._logs[place].stored[-1]

    # Reading

    def read(
        self, place: tuple[Topic, int], start: int, isolation: Isolation, limit: int | None = None
    ) -> tuple[list[Stored], int]:
        """Visible records of a partition from `start` on, and the offset to go on at."""
        log = self._logs[place]
        end = log.end_for(isolation)
        found = [
            stored
            for stored in log.stored
            if start <= stored.offset < end and stored.visible(isolation)
        ]
        if limit is not None and len(found) > limit:
            return found[:limit], found[limit].offset
        return found, max(start, end)

    def records(self, topic: Topic, isolation: Isolation = Isolation.COMMITTED) -> list[Stored]:
        """All visible records of a topic, partition by partition in order of offset."""
        places = [(topic, number) for number in range(self.partitions)]
        return [stored for place in places for stored in self.read(place, 0, isolation)[0]]

    def end_offset(
        self, place: tuple[Topic, int], isolation: Isolation = Isolation.COMMITTED
    ) -> int:
        """The end of a partition, or its last stable offset."""
        return self._logs[place].end_for(isolation)

    # Housekeeping

    def compact(self, topic: Topic, *, before: int, tombstones_before: int = 0) -> None:
        """Compact every partition of a topic.

        Only the front of each log, up to its first record that is undecided or not older
        than `before` (timestamp, ms), is looked at, as `min.compaction.lag.ms` has it. There
        the last record of each key stays, a tombstone only from `tombstones_before` on.
        """
        for number in range(self.partitions):
            log = self._logs[topic, number]
            boundary = _boundary(log, before)
            front = [stored for stored in log.stored if stored.offset < boundary]
            rest = [stored for stored in log.stored if stored.offset >= boundary]
            log.stored = _last_of_each_key(front, tombstones_before) + rest

    def _append(
        self,
        place: tuple[Topic, int],
        record: OutputRecord,
        *,
        timestamp: int | None = None,
        transaction: Transaction | None = None,
    ) -> None:
        at = self._clock() if timestamp is None else timestamp
        topic, number = place
        self._logs[place].append(
            Stored(topic, number, -1, at, record.key, record.value, record.headers, transaction)
        )

    def _holder(self, transactional_id: str, epoch: int) -> _Producer:
        """The producer of the ID, if the epoch is still its own."""
        producer = self._producers[transactional_id]
        if producer.epoch != epoch:
            raise FencedError(f"{transactional_id} was initialised again")
        return producer

    def _begun(self, transactional_id: str, epoch: int) -> Transaction:
        producer = self._holder(transactional_id, epoch)
        if producer.transaction is None:
            producer.transaction = Transaction(began=self._clock())
        return producer.transaction

    def _end(self, producer: _Producer, state: State) -> None:
        transaction, producer.transaction = producer.transaction, None
        if transaction is None:
            return
        transaction.state = state
        if state is State.COMMITTED:
            for group, offsets in transaction.offsets.items():
                self.group(group).commit(offsets)
        for topic, number in sorted(transaction.partitions):
            self._logs[topic, number].append(
                Stored(topic, number, -1, self._clock(), None, None, (), transaction, marker=True)
            )

    def _tick(self) -> int:
        self._ticks += 1
        return self._ticks


def _boundary(log: _Partition, before: int) -> int:
    """Offset up to which the log may be compacted."""
    stable = log.end_for(Isolation.COMMITTED)
    young = (stored.offset for stored in log.stored if stored.timestamp >= before)
    return min(stable, next(young, stable))


def _last_of_each_key(front: Sequence[Stored], tombstones_before: int) -> list[Stored]:
    visible = [stored for stored in front if stored.visible(Isolation.COMMITTED)]
    last = {stored.key: stored.offset for stored in visible}
    return [
        stored
        for stored in visible
        if last[stored.key] == stored.offset
        and (stored.value is not None or stored.timestamp >= tombstones_before)
    ]
