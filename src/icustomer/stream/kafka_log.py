"""The log on Kafka: transactions out, changelog and claims back in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, OffsetAndMetadata, TopicPartition

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.errors import OperatorError, UnavailableError
from icustomer.store.port import Checkpoint, Claim
from icustomer.stream.batches import pack
from icustomer.stream.changelog import CLAIM_KEY, decode_claim, decode_group, encode_claim
from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated
from icustomer.stream.generations import committing
from icustomer.stream.lag_reader import GroupReader
from icustomer.stream.log_reader import (
    Isolation,
    close_reader,
    ends_of,
    open_reader,
    partitions_of,
    read_to_end,
)
from icustomer.stream.partitions import CLAIM_PARTITION
from icustomer.stream.port import (
    FROM_THE_BEGINNING,
    ChangelogRecord,
    InputPartition,
    OutputRecord,
)
from icustomer.stream.producers import (
    TRANSACTION_SECONDS,
    Begun,
    open_producer,
    stop_producer,
)
from icustomer.stream.slots import MAX_SLOTS, transactional_id
from icustomer.stream.topic_ids import topic_ids
from icustomer.stream.topics import MAX_RECORD_BYTES, topic_name

INITIALISED_AT_ONCE = 8
"""Slots initialised side by side: each opens connections of its own for a moment."""


class KafkaLog:
    """`Log` on Kafka, for one worker: not to be shared between tasks.

    `prefix`: TOPIC_PREFIX; `group`: the consumer group whose offsets are committed.
    """

    def __init__(self, connection: Connection, *, space: str, prefix: str, group: str) -> None:
        self._connection = connection
        self._space = space
        self._prefix = prefix
        self._group = group
        self._producer: AIOKafkaProducer | None = None
        self._begun: Begun | None = None
        self._claim_writer: AIOKafkaProducer | None = None
        self._claim_reader: AIOKafkaConsumer | None = None
        self._group_reader: GroupReader | None = None
        self._claims: list[Claim] = []
        """The last two, as far as they were read."""
        self._highest: Claim | None = None
        """Of all that were read."""
        self._changelog_id = ""
        """ID of the topic that the claims were read from."""

    @staticmethod
    def max_record_bytes(topic: Topic) -> int:
        """Bytes of key, value and headers of one record that `publish` takes for certain."""
        return MAX_RECORD_BYTES[topic]

    async def initialise(self, slot: int) -> None:
        await self._drop_producer()
        self._producer = await self._open(slot)

    async def begin(self, offsets: Mapping[InputPartition, int]) -> None:
        """See `Log.begin`. The request goes out behind the caller's back."""
        producer = self._initialised()
        if self._begun is not None:
            await self._drop_producer()
            raise UnavailableError("The log has begun a transaction that nobody completed")
        self._begun = Begun(producer, self._positions(offsets), self._group)

    async def publish(
        self, records: Sequence[OutputRecord], offsets: Mapping[InputPartition, int]
    ) -> int:
        """See `Log.publish`. Besides, `RecordTooLargeError` for a record that its topic does
        not take; it ends the session, as every error does."""
        producer = self._initialised()
        if self._begun is None and not records and not offsets:
            return 0
        with translated("tell the partitions of a topic"):
            async with asyncio.timeout(TRANSACTION_SECONDS):
                batches = await pack(producer, records, self._name)
        if self._begun is None:
            await self.begin(offsets)
        with translated("complete a transaction"):
            try:
                return await self._begun_with(offsets).complete(batches, self._name)
            except BaseException:
                await self._drop_producer()
                raise
            finally:
                self._begun = None

    async def last_claim(self) -> Claim | None:
        """The reader stays open and remembers its position, and with it the claims."""
        try:
            reader = await self._opened_claim_reader()
            reader.resume(*reader.assignment())
            async for record in read_to_end(reader):
                if record.key == CLAIM_KEY and record.value is not None:
                    self._remember(decode_claim(record.value))
            # Nobody waits for claims: until the next call nothing is fetched.
            reader.pause(*reader.assignment())
        except BaseException:
            await self._close_claim_reader()
            raise
        return self._claims[-1] if self._claims else None

    def _remember(self, claim: Claim) -> None:
        self._claims = [*self._claims[-1:], claim]
        if self._highest is None or claim.number > self._highest.number:
            self._highest = claim

    async def highest_claim(self) -> Claim | None:
        await self.last_claim()
        return self._highest

    async def claim_before(self, claim: Claim) -> Claim | None:
        if await self.last_claim() != claim:
            return None
        return self._claims[0] if len(self._claims) > 1 else None

    async def write_claim(self, claim: Claim) -> None:
        if self._claim_writer is None:
            self._claim_writer = await open_producer(self._connection)
        with translated("take a claim"):
            try:
                async with asyncio.timeout(TRANSACTION_SECONDS):
                    await self._claim_writer.send_and_wait(
                        self._name(Topic.IDENTITY_STATE),
                        key=CLAIM_KEY,
                        value=encode_claim(claim),
                        partition=CLAIM_PARTITION,
                    )
            except BaseException:
                await self._close_claim_writer()
                raise

    async def fence_slot(self, slot: int) -> None:
        await stop_producer(await self._open(slot))

    async def initialise_all(self) -> None:
        """See `Log.initialise_all`; one's own session ends too: initialise again."""
        await self._drop_producer()
        places = asyncio.Semaphore(INITIALISED_AT_ONCE)
        outcomes = await asyncio.gather(
            *(self._fence_in_turn(slot, places) for slot in range(MAX_SLOTS)),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def changelog_end(self) -> Checkpoint:
        """See `Log.changelog_end`. What was remembered of a topic that was deleted since is
        forgotten."""
        name = self._name(Topic.IDENTITY_STATE)
        topic_id = (await topic_ids(self._connection, [name])).get(name, "")
        if topic_id != self._changelog_id:
            await self._close_claim_reader()
            self._changelog_id = topic_id
        async with self._changelog_reader(FROM_THE_BEGINNING) as reader:
            ends = await ends_of(reader)
        return Checkpoint(topic_id, {each.partition: end for each, end in ends.items()})

    async def changelog(
        self, since: Mapping[int, int] = FROM_THE_BEGINNING
    ) -> AsyncIterator[ChangelogRecord]:
        async with self._changelog_reader(since) as reader:
            async for record in read_to_end(reader):
                if record.key != CLAIM_KEY:
                    yield decode_group(record.key, record.value, record.headers)

    @asynccontextmanager
    async def _changelog_reader(self, since: Mapping[int, int]) -> AsyncIterator[AIOKafkaConsumer]:
        reader = await open_reader(self._connection, Isolation.COMMITTED)
        try:
            partitions = await partitions_of(reader, self._name(Topic.IDENTITY_STATE))
            reader.assign(partitions)
            for each in partitions:
                reader.seek(each, since.get(each.partition, 0))
            yield reader
        finally:
            await close_reader(reader)

    async def unread_since(self) -> int | None:
        """See `Log.unread_since`. The reader stays open, and is opened anew after an error."""
        try:
            told = await (await self._opened_group_reader()).read()
        except OperatorError as error:
            # A topic that is missing is missed by whoever reads it; this is no place to stop.
            await self._close_group_reader()
            raise UnavailableError(str(error)) from error
        except BaseException:
            await self._close_group_reader()
            raise
        return min((each.first.timestamp_ms for each in told if each.first), default=None)

    async def _opened_group_reader(self) -> GroupReader:
        if self._group_reader is None:
            names = [self._name(topic) for topic in INPUTS]
            reader = GroupReader(self._connection, self._group, names)
            self._group_reader = await reader.__aenter__()
        return self._group_reader

    async def _close_group_reader(self) -> None:
        reader, self._group_reader = self._group_reader, None
        if reader is not None:
            await reader.__aexit__(None, None, None)

    async def close(self) -> None:
        await self._drop_producer()
        await self._close_group_reader()
        await self._close_claim_writer()
        await self._close_claim_reader()

    def _name(self, topic: Topic) -> str:
        return topic_name(self._prefix, topic)

    async def _open(self, slot: int) -> AIOKafkaProducer:
        return await open_producer(self._connection, transactional_id(self._space, slot))

    async def _fence_in_turn(self, slot: int, places: asyncio.Semaphore) -> None:
        async with places:
            await self.fence_slot(slot)

    async def _opened_claim_reader(self) -> AIOKafkaConsumer:
        if self._claim_reader is None:
            reader = await open_reader(self._connection, Isolation.UNCOMMITTED)
            self._claim_reader = reader
            partitions = await partitions_of(reader, self._name(Topic.IDENTITY_STATE))
            reader.assign(partitions[CLAIM_PARTITION : CLAIM_PARTITION + 1])
        return self._claim_reader

    def _initialised(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise UnavailableError("The log was not initialised, or its session broke")
        return self._producer

    def _begun_with(self, offsets: Mapping[InputPartition, int]) -> Begun:
        """The open transaction, if these are its offsets and no batch's that was given up."""
        if self._begun is None or self._begun.offsets != self._positions(offsets):
            raise UnavailableError("The transaction was begun with other offsets")
        return self._begun

    def _positions(
        self, offsets: Mapping[InputPartition, int]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        return {
            TopicPartition(self._name(topic), partition): committing(offset, generation)
            for (topic, partition, generation), offset in offsets.items()
        }

    async def _drop_producer(self) -> None:
        """Let the producer go; what it has open is aborted."""
        begun, self._begun = self._begun, None
        producer, self._producer = self._producer, None
        if begun is not None:
            await begun.abandon()
        elif producer is not None:
            await stop_producer(producer)

    async def _close_claim_writer(self) -> None:
        writer, self._claim_writer = self._claim_writer, None
        if writer is not None:
            await stop_producer(writer)

    async def _close_claim_reader(self) -> None:
        reader, self._claim_reader = self._claim_reader, None
        self._claims, self._highest = [], None
        if reader is not None:
            await close_reader(reader)
