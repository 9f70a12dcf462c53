"""The assigned partitions: in which life of its topic each is read, from where, how far it came.

Partitions wait after each assignment until Kafka told the IDs of their topics. A topic that was
made again is noticed at an assignment; looks in between only ask for one, so that whatever was
fetched of the former topic is dropped by the client on the way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, OffsetAndMetadata, TopicPartition

from icustomer.contracts.topics import Topic
from icustomer.errors import IcustomerError, OperatorError
from icustomer.stream.failures import translated
from icustomer.stream.generations import Start, falls_short, generation_of, start
from icustomer.stream.port import InputPartition, InputRecord
from icustomer.stream.topic_ids import ANSWER_SECONDS, ids_from

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 0.5
"""Between two tries to learn what reading waits for: the client paces its own requests."""


class Inputs:
    """What one member of the group knows of the partitions it reads.

    `topics`: names in Kafka to short names. `made_again` is told of every topic that is read
    anew; `failed` of what the operator must mend.
    """

    def __init__(
        self,
        topics: Mapping[str, Topic],
        made_again: Callable[[Topic], None],
        failed: Callable[[OperatorError], None],
    ) -> None:
        self._topics = topics
        self._made_again = made_again
        self._failed = failed
        self._consumer: AIOKafkaConsumer | None = None
        self._generations: dict[str, str] = {}
        """By the topic's name; kept over assignments, to notice what changes in between."""
        self._waiting: set[TopicPartition] = set()
        self._handled: dict[TopicPartition, int] = {}
        """Where each partition stands: everything below had its effect."""
        self._beginning: asyncio.Task[None] | None = None
        self._suspicious = asyncio.Event()

    # -- assignments ---------------------------------------------------------------------

    def assigned(self, consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> None:
        """Hold the partitions until it is known where they begin. To be called before anything
        was fetched of them: records from before the IDs were asked for might be those of a
        topic that is gone."""
        self.revoked()
        consumer.pause(*partitions)
        self._consumer = consumer
        self._waiting = set(partitions)
        self._beginning = asyncio.create_task(self._begin(consumer))

    def revoked(self) -> None:
        """Nothing is known of any partition any more."""
        if self._beginning is not None:
            self._beginning.cancel()
        self._waiting.clear()
        self._handled.clear()

    @property
    def waiting(self) -> bool:
        """Whether partitions are held."""
        return bool(self._waiting)

    async def _begin(self, consumer: AIOKafkaConsumer) -> None:
        """Let every partition go once its topic exists and Kafka told of it."""
        while self._waiting:
            try:
                with translated("tell where the input topics are read from"):
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await self._begin_known(consumer)
            except OperatorError as error:
                self._failed(error)
                return
            except IcustomerError:
                # Kafka is away, which others tell; or it is a moment of its changes.
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception:
                logger.exception("Partitions cannot be begun for a fault of the worker's own")
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                if self._waiting:
                    await asyncio.sleep(AGAIN_SECONDS)

    async def _begin_known(self, consumer: AIOKafkaConsumer) -> None:
        """The IDs come first: what was committed in between then speaks of an older life at the
        worst, and is read again."""
        generations = await self._ask(consumer)
        known = [each for each in self._waiting if each.topic in generations]
        committed = await _committed(consumer, known)
        starts = {each: start(committed.get(each), generations[each.topic]) for each in known}
        self._tell_made_again(generations, starts)
        self._generations |= generations
        for partition, begun in starts.items():
            consumer.seek(partition, begun.offset)
            if begun.handled is not None:
                self._handled[partition] = begun.handled
        self._waiting.difference_update(starts)
        consumer.resume(*starts)

    def _tell_made_again(
        self, generations: Mapping[str, str], starts: Mapping[TopicPartition, Start]
    ) -> None:
        others = {
            name
            for name, generation in generations.items()
            if self._generations.get(name, generation) != generation
        }
        others |= {partition.topic for partition, begun in starts.items() if begun.made_again}
        for name in sorted(others):
            self._made_again(self._topics[name])

    async def _ask(self, consumer: AIOKafkaConsumer) -> dict[str, str]:
        """Generations of those topics that exist."""
        with translated("tell the IDs of the input topics"):
            # A connection of its own would take longer than the question.
            ids = await ids_from(consumer._client, self._topics)  # noqa: SLF001
        return {name: generation_of(topic_id) for name, topic_id in ids.items()}

    # -- records -------------------------------------------------------------------------

    def partition(self, partition: TopicPartition) -> InputPartition:
        """A partition as the worker knows it."""
        topic, generation = self._topics[partition.topic], self._generations.get(partition.topic)
        return InputPartition(topic, partition.partition, generation or "")

    def records(self, raw: Sequence[ConsumerRecord]) -> list[InputRecord]:
        """Records as the worker knows them."""
        return [
            InputRecord(
                self._topics[record.topic],
                record.partition,
                record.offset,
                record.timestamp,
                record.key,
                record.value,
                record.headers,
                self._generations.get(record.topic, ""),
            )
            for record in raw
        ]

    @contextmanager
    def holding(self, consumer: AIOKafkaConsumer) -> Iterator[None]:
        """Fetch nothing meanwhile."""
        held = consumer.assignment()
        consumer.pause(*held)
        try:
            yield
        finally:
            consumer.resume(*(held & consumer.assignment()) - self._waiting)

    def handled(self, raw: Iterable[ConsumerRecord]) -> None:
        """All of these records had their effect."""
        ends = {(record.topic, record.partition): record.offset + 1 for record in raw}
        for place, end in ends.items():
            self._handled[TopicPartition(*place)] = end

    def look_back(self, raw: Iterable[ConsumerRecord]) -> None:
        """Suspect another topic if these records lie below what was handled: nobody rewinds so
        far but a client whose position was gone."""
        # From the last to the first, so that the first of each partition stays.
        firsts = {(each.topic, each.partition): each.offset for each in reversed([*raw])}
        for place, first in firsts.items():
            if first < self._handled.get(TopicPartition(*place), 0):
                self._suspicious.set()

    # -- looks in between ----------------------------------------------------------------

    async def suspicion(self, seconds: float) -> None:
        """Wait until there is one, or so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._suspicious.wait()
        except TimeoutError:
            return
        finally:
            self._suspicious.clear()

    async def look(self) -> None:
        """Ask for another assignment if a topic is not the one that is read. May raise
        `UnavailableError`."""
        consumer = self._consumer
        if consumer is None or self._waiting:
            return
        generations = await self._ask(consumer)
        if any(self._generations.get(name, now) != now for name, now in generations.items()):
            # Joining again is what drops positions and fetched records of the former topic.
            consumer._coordinator.request_rejoin()  # noqa: SLF001 - there is no public way

    def standing(self) -> dict[TopicPartition, int]:
        """Where each partition stands that something is known of."""
        return dict(self._handled)

    async def short(self, standing: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Those of the partitions for which less is committed than what was handled. May raise
        `UnavailableError`."""
        if self._consumer is None:
            return {}
        committed = await _committed(self._consumer, standing)
        return {
            each: handled
            for each, handled in standing.items()
            if falls_short(committed.get(each), handled, self.partition(each).generation)
        }


async def _committed(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """The public way tells no metadata."""
    with translated("tell the committed offsets"):
        coordinator = consumer._coordinator  # noqa: SLF001
        found: dict[TopicPartition, OffsetAndMetadata] = await coordinator.fetch_committed_offsets(
            list(partitions)
        )
    return found
