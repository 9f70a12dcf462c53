"""Batches of raw records from the input topics, each given to one handler until it succeeds.

FastStream runs the consumer. The offsets are not its matter: the handler commits them in the
transaction that publishes the batch's effects, and a batch that failed is read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from msgspec import Struct

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.errors import OperatorError, RetryError
from icustomer.stream.connection import Connection
from icustomer.stream.gate import BatchOwnership, Gate
from icustomer.stream.inputs import Inputs
from icustomer.stream.inputs_progress import ProgressWatch, Stand
from icustomer.stream.lenient_records import accept_any_header_name
from icustomer.stream.port import InputPartition, InputRecord, Ownership
from icustomer.stream.topics import topic_name

logger = logging.getLogger(__name__)

Handler = Callable[[list[InputRecord], Ownership], Awaitable[None]]
Recommit = Callable[[Mapping[InputPartition, int], Ownership], Awaitable[None]]
"""Commits offsets once more, with nothing else."""

STOP_SECONDS = 30.0
"""How long the end of the worker waits for the batch in hand."""

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
"""Between the tries of a batch that fails, doubled each time."""


class SubscriberSettings(Struct, frozen=True):
    """What shapes batches and the group; milliseconds where it says so."""

    connection: Connection
    prefix: str
    """TOPIC_PREFIX."""
    group: str
    """CONSUMER_GROUP."""
    max_records: int = 500
    poll_ms: int = 10
    """Wait of a poll that finds nothing, and half the latency of an idle worker."""
    fetch_max_wait_ms: int = 100
    """How long a broker may hold an empty fetch. Kafka answers as soon as a record comes; the
    embedded one only when this is over."""
    fetch_min_bytes: int = 1
    session_timeout_ms: int = 10_000
    heartbeat_interval_ms: int = 1_000
    rebalance_timeout_ms: int = 20_000
    """Above the time that a rebalance waits for the batch (see `gate`), below the client's
    request timeout of 40,000."""
    metadata_max_age_ms: int = 30_000
    """New partitions of the inputs are seen within this time."""
    look_seconds: float = 10.0
    """Between two looks at what is committed and whether reading moves: two requests each."""
    topics_seconds: float = 60.0
    """Between two looks for topics that were made again, unless something hints at one."""


class Subscriber:
    """Reads batches of one consumer group and gives each to the handler, one at a time.

    If the handler raises, all of the batch is read again, after a pause, before anything
    later is (unless the partitions went to another worker). An `OperatorError` ends the
    reading: `failed` tells it.

    `recommit` is called with offsets that were handled and that somebody set back;
    `made_again` with each input topic that is read anew because it is not the same any more.
    """

    def __init__(
        self,
        settings: SubscriberSettings,
        handler: Handler,
        recommit: Recommit,
        made_again: Callable[[Topic], None],
    ) -> None:
        self._handler = handler
        self._recommit = recommit
        topics = {topic_name(settings.prefix, topic): topic for topic in INPUTS}
        self._topics = topics
        self._inputs = Inputs(topics, made_again, self._fail)
        self._gate = Gate(self._assigned, self._inputs.revoked)
        self._progress = ProgressWatch(settings.connection, settings.group, topics)
        self._one_at_a_time = asyncio.Lock()
        self._settings = settings
        self.stand: Stand | None = None
        """How reading came to a stand, as last seen by `look_at_offsets`."""
        self._failure: OperatorError | None = None
        self._failed = asyncio.Event()
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._broker = _broker(settings)
        self._subscriber = self._subscribed(settings)

    async def start(self) -> None:
        """Join the group and start to read."""
        accept_any_header_name()
        await self._broker.start()

    async def stop(self) -> None:
        """Let the batch in hand end (it stops retrying), then leave the group."""
        self._gate.stop()
        await self._broker.stop()
        self._inputs.revoked()

    async def failed(self) -> OperatorError:
        """Wait for the error that ended the reading."""
        await self._failed.wait()
        assert self._failure is not None  # noqa: S101 - set before the event
        return self._failure

    @property
    def assignment(self) -> set[InputPartition]:
        """Partitions that this member reads."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return set()
        return {self._inputs.partition(partition) for partition in consumer.assignment()}

    @property
    def alive(self) -> bool:
        """All tasks that reading hangs on still run. They have no public names."""
        consumer = self._subscriber.consumer
        if consumer is None or self._failure is not None:
            return False
        inner = (
            consumer._coordinator._coordination_task,  # noqa: SLF001
            consumer._fetcher._fetch_task,  # noqa: SLF001
        )
        reading = [task for task in self._subscriber.tasks if not task.done()]
        return bool(reading) and not any(task is None or task.done() for task in inner)

    # -- looks in between ----------------------------------------------------------------

    async def look_for_topics(self) -> None:
        """Look, again and again, whether topics were made again."""
        while True:
            await self._inputs.suspicion(self._settings.topics_seconds)
            with suppress(RetryError):
                await self._inputs.look()

    async def look_at_offsets(self) -> None:
        """Look, again and again, whether committed offsets were set back, and whether reading
        moves."""
        before: Mapping[TopicPartition, int] = {}
        while True:
            await asyncio.sleep(self._settings.look_seconds)
            standing = self._inputs.standing()
            idle = dict(standing.items() & before.items())
            before = standing
            try:
                await self._mend_offsets(idle)
                if self._gate.busy or idle != standing:
                    self._moves()
                else:
                    self.stand = await self._progress.look(self._subscriber.consumer)
            except RetryError:
                self._moves()

    def _moves(self) -> None:
        self.stand = None
        self._progress.moving()

    async def _mend_offsets(self, idle: Mapping[TopicPartition, int]) -> None:
        """Commit again what was handled in idle partitions, where less is committed: an owner
        that lost them and did not know it may have set them back."""
        if not await self._inputs.short(idle):
            return
        async with self._one_at_a_time:
            self._gate.enter()
            try:
                ownership = self._ownership()
                # Asked again: meanwhile a batch may have been handled, or the partition lost.
                handled = self._inputs.standing()
                still = {each: end for each, end in idle.items() if handled.get(each) == end}
                short = await self._inputs.short(still)
                if short:
                    offsets = {self._inputs.partition(each): end for each, end in short.items()}
                    await self._recommit(offsets, ownership)
            finally:
                self._gate.leave()

    # -- batches -------------------------------------------------------------------------

    def _assigned(self, partitions: set[TopicPartition]) -> None:
        self._inputs.assigned(self._subscriber.consumer, partitions)

    def _ownership(self) -> BatchOwnership:
        return BatchOwnership(self._gate, self._subscriber.consumer, self._inputs.partition)

    def _subscribed(self, settings: SubscriberSettings) -> Any:
        """FastStream's subscriber; it types its consumer as optional and its tasks not at all."""
        subscriber = self._broker.subscriber(
            *self._topics,
            group_id=settings.group,
            batch=True,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_records=settings.max_records,
            batch_timeout_ms=settings.poll_ms,
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
            fetch_min_bytes=settings.fetch_min_bytes,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
            **settings.connection.reader_options(),
            parser=_parser,
            decoder=_decoder,
            listener=self._gate,
        )
        subscriber(self._handle)
        return subscriber

    async def _handle(self, message: KafkaMessage) -> None:
        self._gate.enter()
        try:
            async with self._one_at_a_time:
                with self._fetching(len(message.raw_message)):
                    await self._handle_records(message.raw_message)
        finally:
            self._gate.leave()

    async def _handle_records(self, raw: Sequence[ConsumerRecord]) -> None:
        consumer, ownership = self._subscriber.consumer, self._ownership()
        self._inputs.look_back(raw)
        try:
            await self._handler(self._inputs.records(raw), ownership)
            self._pause_seconds = FIRST_PAUSE_SECONDS
            if ownership.current:
                self._inputs.handled(raw)
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch must be read again
            _rewind(consumer, raw, ownership)
            await self._pause_after(error)
        except BaseException:
            _rewind(consumer, raw, ownership)
            raise

    async def _pause_after(self, error: Exception) -> None:
        if isinstance(error, OperatorError):
            self._fail(error)
            await self._gate.pause(None)
            return
        bug = None if isinstance(error, RetryError) else error
        logger.warning("A batch failed and is read again: %s", error, exc_info=bug)
        await self._gate.pause(self._pause_seconds)
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def _fail(self, error: OperatorError) -> None:
        self._failure = error
        self._failed.set()

    def _fetching(self, count: int) -> AbstractContextManager[None]:
        """Fetch while a batch of so many records is in hand if it is full; else when it is done.

        The client fetches as soon as its buffer is empty, and not again before it is empty anew:
        the few records of a fetch at the beginning of a batch would keep all that follow
        waiting for one more batch.
        """
        if count >= self._settings.max_records:
            return nullcontext()
        return self._inputs.holding(self._subscriber.consumer)


MAX_POLL_INTERVAL_MS = 3_600_000
"""The client leaves its group after an hour with one batch. A long outage of Redis is no
reason to leave; that a worker is stuck is told by its liveness, much earlier."""

RECONNECT_BACKOFF_MS = 1_000
"""Ten times the client's own: a tenth of the log lines while a broker is away."""


def _broker(settings: SubscriberSettings) -> KafkaBroker:
    return KafkaBroker(
        settings.connection.servers.split(","),
        security=settings.connection.faststream_security(),
        consumer_only=True,
        graceful_timeout=STOP_SECONDS,
        apply_types=False,
        allow_auto_create_topics=False,
        metadata_max_age_ms=settings.metadata_max_age_ms,
        retry_backoff_ms=RECONNECT_BACKOFF_MS,
        log_level=logging.DEBUG,
        logger=logging.getLogger("faststream"),
    )


async def _parser(records: tuple[ConsumerRecord, ...]) -> KafkaMessage:
    """Keeps the raw records. FastStream's own decodes headers, and a batch that it cannot
    parse is passed over."""
    return KafkaMessage(body=b"", raw_message=records, headers={}, message_id="", consumer=None)  # type: ignore[arg-type] # only `ack` needs it


async def _decoder(message: KafkaMessage) -> KafkaMessage:
    return message


def _rewind(
    consumer: AIOKafkaConsumer, raw: Sequence[ConsumerRecord], ownership: BatchOwnership
) -> None:
    """Set every partition of the batch back to its first record there. Not in a later
    generation of the group: then reading starts at the committed offsets anyway."""
    if not ownership.current:
        return
    first: dict[TopicPartition, int] = {}
    for record in raw:
        first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    for partition in consumer.assignment() & first.keys():
        consumer.seek(partition, first[partition])
