"""The clients of Kafka in memory: a log and a subscriber that behave like the real ones.

Every request goes through a `Network`, which decides when it is carried out and whether the
answer arrives: that is where a simulation puts its crashes, delays and lost replies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from typing import Protocol, TypeVar

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.errors import RetryError, UnavailableError
from icustomer.store.port import Checkpoint, Claim
from icustomer.stream.changelog import CLAIM_KEY, decode_claim, decode_group, encode_claim
from icustomer.stream.log_reader import Isolation
from icustomer.stream.memory_broker import MemoryKafka, State, Stored
from icustomer.stream.memory_group import MemoryGroup
from icustomer.stream.memory_unread import unread_since
from icustomer.stream.partitions import CLAIM_PARTITION, output_partition
from icustomer.stream.port import (
    FROM_THE_BEGINNING,
    ChangelogRecord,
    InputPartition,
    InputRecord,
    OutputRecord,
    Ownership,
)
from icustomer.stream.slots import MAX_SLOTS, transactional_id

__all__ = ["MemoryKafka", "MemoryLog", "MemorySubscriber", "Network", "PromptNetwork"]

Answer = TypeVar("Answer")
Handler = Callable[[list[InputRecord], Ownership], Awaitable[None]]

PAGE = 50
"""Records of the changelog that one request brings."""


class Network(Protocol):
    """The way from a client to the cluster and back."""

    async def call(self, request: Callable[[], Answer]) -> Answer:
        """Have the request carried out, and bring its answer or raise its error. An
        implementation may carry it out late, or lose either way; then it raises
        `UnavailableError` or is cancelled."""
        ...


class PromptNetwork:
    """Every request is carried out and answered; others get a turn before and after it."""

    async def call(self, request: Callable[[], Answer]) -> Answer:
        await asyncio.sleep(0)
        try:
            return request()
        finally:
            await asyncio.sleep(0)


class MemoryLog:
    """`Log` on Kafka in memory. Dropped without `close`, it leaves its transaction open, as a
    killed worker does."""

    def __init__(
        self, kafka: MemoryKafka, *, space: str, group: str, network: Network | None = None
    ) -> None:
        self._kafka = kafka
        self._space = space
        self._group = group
        self._network = network or PromptNetwork()
        self._session: tuple[str, int] | None = None
        self._begun: dict[InputPartition, int] | None = None
        """Offsets of the transaction that is open."""

    async def initialise(self, slot: int) -> None:
        await self._drop_session()
        name = transactional_id(self._space, slot)
        self._session = name, await self._call(partial(self._kafka.initialise, name))

    async def begin(self, offsets: Mapping[InputPartition, int]) -> None:
        """The offsets go here and now; what goes wrong is told here too."""
        session = self._initialised()
        if self._begun is not None:
            await self._drop_session()
            raise UnavailableError("The log has begun a transaction that nobody completed")
        self._begun = dict(offsets)
        try:
            if offsets:
                add = partial(self._kafka.add_offsets, *session, self._group, dict(offsets))
                await self._call(add)
        except RetryError:
            await self._drop_session()
            raise

    async def publish(
        self, records: Sequence[OutputRecord], offsets: Mapping[InputPartition, int]
    ) -> int:
        session = self._initialised()
        if self._begun is None and not records and not offsets:
            return 0
        if self._begun is None:
            await self.begin(offsets)
        try:
            self._require_begun(offsets)
            await self._complete(session, records)
        except RetryError:
            await self._drop_session()
            raise
        except BaseException:
            self._session = None
            raise
        finally:
            self._begun = None
        return 0

    async def last_claim(self) -> Claim | None:
        claims = await self._claims()
        return claims[-1] if claims else None

    async def highest_claim(self) -> Claim | None:
        return max(await self._claims(), key=lambda claim: claim.number, default=None)

    async def claim_before(self, claim: Claim) -> Claim | None:
        claims = await self._claims()
        return claims[-2] if len(claims) > 1 and claims[-1] == claim else None

    async def _claims(self) -> list[Claim]:
        place = Topic.IDENTITY_STATE, CLAIM_PARTITION
        read = partial(self._kafka.read, place, 0, Isolation.UNCOMMITTED)
        stored, _ = await self._call(read)
        return [
            decode_claim(record.value)
            for record in stored
            if record.key == CLAIM_KEY and record.value
        ]

    async def write_claim(self, claim: Claim) -> None:
        record = OutputRecord(Topic.IDENTITY_STATE, CLAIM_KEY, encode_claim(claim), ())
        place = Topic.IDENTITY_STATE, CLAIM_PARTITION
        await self._call(partial(self._kafka.append_plain, place, record))

    async def fence_slot(self, slot: int) -> None:
        name = transactional_id(self._space, slot)
        await self._call(partial(self._kafka.initialise, name))

    async def initialise_all(self) -> None:
        await self._drop_session()
        for slot in range(MAX_SLOTS):
            await self.fence_slot(slot)

    async def changelog_end(self) -> Checkpoint:
        ends = await self._call(self._ends)
        topic_id = self._kafka.topic_id(Topic.IDENTITY_STATE)
        return Checkpoint(topic_id, {number: end for (_, number), end in ends.items()})

    def _ends(self) -> dict[tuple[Topic, int], int]:
        places = [(Topic.IDENTITY_STATE, number) for number in range(self._kafka.partitions)]
        return {place: self._kafka.end_offset(place) for place in places}

    async def changelog(
        self, since: Mapping[int, int] = FROM_THE_BEGINNING
    ) -> AsyncIterator[ChangelogRecord]:
        for place, end in (await self._call(self._ends)).items():
            position = since.get(place[1], 0)
            while position < end:
                read = partial(self._kafka.read, place, position, Isolation.COMMITTED, PAGE)
                stored, position = await self._call(read)
                for record in stored:
                    if record.offset < end and record.key not in {CLAIM_KEY, None}:
                        yield decode_group(record.key or b"", record.value, record.headers)

    async def unread_since(self) -> int | None:
        return await self._call(partial(unread_since, self._kafka, self._group))

    async def close(self) -> None:
        await self._drop_session()

    async def _call(self, request: Callable[[], Answer]) -> Answer:
        return await self._network.call(request)

    def _initialised(self) -> tuple[str, int]:
        if self._session is None:
            raise UnavailableError("The log was not initialised, or its session broke")
        return self._session

    def _require_begun(self, offsets: Mapping[InputPartition, int]) -> None:
        """What is open has these offsets, and not those of a batch that was given up."""
        if self._begun != offsets:
            raise UnavailableError("The transaction was begun with other offsets")

    async def _drop_session(self) -> None:
        """What is open is aborted, if that can be done."""
        session, self._session = self._session, None
        begun, self._begun = self._begun, None
        if session is not None and begun is not None:
            with suppress(RetryError):
                await self._call(partial(self._kafka.end, *session, State.ABORTED))

    async def _complete(self, session: tuple[str, int], records: Sequence[OutputRecord]) -> None:
        """Partition by partition, then the end: as the real one does."""
        batches = self._by_place(records)
        if batches:
            await self._call(partial(self._kafka.add_partitions, *session, list(batches)))
        for place, batch in batches.items():
            await self._call(partial(self._kafka.append, *session, place, batch))
        await self._call(partial(self._kafka.end, *session, State.COMMITTED))

    def _by_place(
        self, records: Sequence[OutputRecord]
    ) -> dict[tuple[Topic, int], list[OutputRecord]]:
        places: dict[tuple[Topic, int], list[OutputRecord]] = {}
        for record in records:
            partition = output_partition(record, self._kafka.partitions)
            places.setdefault((record.topic, partition), []).append(record)
        return places


class MemorySubscriber:
    """One member of a consumer group. `step` reads a batch and has it handled."""

    def __init__(
        self, kafka: MemoryKafka, group: str, member: str, network: Network | None = None
    ) -> None:
        self._kafka = kafka
        self._group = kafka.group(group)
        self._member = member
        self._network = network or PromptNetwork()
        self.generation = -1
        self.assignment: set[InputPartition] = set()
        """As the member believes: it hears of a rebalance when it polls."""
        self._positions: dict[InputPartition, int] = {}
        self._generations: dict[Topic, str] = {}
        """Of the topics, as they were when the assignment began."""

    async def step(self, handler: Handler, max_records: int = 500) -> bool:
        """One poll, and the handler if it brought something (True). If the handler raises, the
        batch is read again, and the error is the caller's."""
        await self._network.call(self._catch_up_with_group)
        batch = await self._network.call(partial(self._poll, max_records))
        if not batch:
            return False
        ownership = MemoryOwnership(self._group, self, self.generation)
        try:
            await handler([self._input_record(stored) for stored in batch], ownership)
        except BaseException:
            self._rewind(batch, ownership)
            raise
        return True

    async def look(self) -> None:
        """Ask for another assignment if a topic was made again."""
        await self._network.call(self._compare_topics)

    async def leave(self) -> None:
        """Leave the group in order."""
        await self._network.call(partial(self._group.leave, self._member))

    def _catch_up_with_group(self) -> None:
        """What a poll does first: join again if thrown out, start a new generation where the
        group's offsets stand."""
        if not self._group.has(self._member):
            self._group.join(self._member)
        if self.generation != self._group.generation:
            self.generation = self._group.generation
            self._generations = {topic: self._kafka.generation(topic) for topic in INPUTS}
            self.assignment = {
                each._replace(generation=self._generations[each.topic])
                for each in self._group.assigned(self._member)
            }
            self._positions = {
                partition: self._group.committed.get(partition, 0) for partition in self.assignment
            }

    def _compare_topics(self) -> None:
        if any(self._kafka.generation(each) != now for each, now in self._generations.items()):
            self.generation = -1

    def _poll(self, max_records: int) -> list[Stored]:
        """A run of each partition, in order of offset."""
        batch: list[Stored] = []
        for partition in sorted(self._positions):
            room = max_records - len(batch)
            if room == 0:
                break
            position, place = self._positions[partition], partition[:2]
            if position > self._kafka.end_offset(place, Isolation.UNCOMMITTED):
                position = 0  # out of range: reading goes on at the earliest
            records, following = self._kafka.read(place, position, Isolation.COMMITTED, room)
            self._positions[partition] = following
            batch += records
        return batch

    def _rewind(self, batch: Iterable[Stored], ownership: MemoryOwnership) -> None:
        if not ownership.current:
            return
        for partition, records in groupby(batch, self._input_partition):
            self._positions[partition] = next(records).offset

    def _input_partition(self, stored: Stored) -> InputPartition:
        generation = self._generations[stored.topic]
        return InputPartition(stored.topic, stored.partition, generation)

    def _input_record(self, stored: Stored) -> InputRecord:
        return InputRecord(
            stored.topic,
            stored.partition,
            stored.offset,
            stored.timestamp,
            stored.key,
            stored.value,
            stored.headers,
            self._generations[stored.topic],
        )


class MemoryOwnership:
    """`Ownership` of one batch of a `MemorySubscriber`."""

    def __init__(self, group: MemoryGroup, member: MemorySubscriber, generation: int) -> None:
        self._group = group
        self._member = member
        self._generation = generation

    @property
    def revoking(self) -> bool:
        return self._group.announced or self._group.generation != self._generation

    @property
    def current(self) -> bool:
        """The member has not begun another generation. It may have been thrown out of this
        one and not know it: a zombie."""
        return self._member.generation == self._generation

    def owned(self, partitions: Iterable[InputPartition]) -> set[InputPartition]:
        if not self.current:
            return set()
        return self._member.assignment.intersection(partitions)
