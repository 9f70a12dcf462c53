"""Between a rebalance and the batch in hand: who waits for whom, and who owns what.

A rebalance waits for the batch before the partitions go to others; the batch learns that it
is awaited, so that it stops retrying. Whatever else commits offsets counts as a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from icustomer.stream.port import InputPartition

REVOKE_SECONDS = 15.0
"""How long a rebalance waits for the batch; below the subscriber's `rebalance_timeout_ms`, so
that the group does not go on without us."""


class Gate(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka comes without types
    """The rebalance listener of one subscriber, and its batch's place.

    `assigned` and `revoked` are told of each assignment, before anything is fetched of it, and
    of its end.
    """

    def __init__(
        self,
        assigned: Callable[[set[TopicPartition]], None] = lambda _: None,
        revoked: Callable[[], None] = lambda: None,
    ) -> None:
        self._assigned = assigned
        self._revoked = revoked
        self._inside = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._interrupted = asyncio.Event()
        self._stopping = False
        self.turn = 0
        """Counts assignments: joining again may leave the group in its generation."""

    def enter(self) -> None:
        """A batch is in hand. To be called before anything is awaited."""
        self._inside += 1
        self._idle.clear()

    def leave(self) -> None:
        """The batch is done or given up."""
        self._inside -= 1
        if not self._inside:
            self._idle.set()

    @property
    def busy(self) -> bool:
        """A batch is in hand."""
        return bool(self._inside)

    def stop(self) -> None:
        """The worker ends: the batch in hand stops retrying, as for a rebalance."""
        self._stopping = True
        self._interrupted.set()

    @property
    def interrupted(self) -> bool:
        """A rebalance or the end of the worker waits for the batch."""
        return self._interrupted.is_set()

    async def pause(self, seconds: float | None) -> None:
        """Wait, but no longer than until somebody waits for the batch (None: just until)."""
        try:
            async with asyncio.timeout(seconds):
                await self._interrupted.wait()
        except TimeoutError:
            return

    async def on_partitions_revoked(self, _revoked: set[TopicPartition]) -> None:
        self._interrupted.set()
        try:
            async with asyncio.timeout(REVOKE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            return
        finally:
            self.turn += 1
            self._revoked()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._assigned(assigned)
        if not self._stopping:
            self._interrupted.clear()


class BatchOwnership:
    """`Ownership` of one batch: good for the generation of the group that it was read in."""

    def __init__(
        self,
        gate: Gate,
        consumer: AIOKafkaConsumer,
        input_partition: Callable[[TopicPartition], InputPartition],
    ) -> None:
        self._gate = gate
        self._consumer = consumer
        self._input_partition = input_partition
        self._generation = self._current_generation()
        self._turn = gate.turn

    @property
    def revoking(self) -> bool:
        return self._gate.interrupted or not self.current

    @property
    def current(self) -> bool:
        """The group is still in the generation of the batch, and the assignment is the same."""
        same_turn = self._turn == self._gate.turn
        return same_turn and bool(self._generation == self._current_generation())

    def owned(self, partitions: Iterable[InputPartition]) -> set[InputPartition]:
        if not self.current:
            return set()
        mine = {self._input_partition(partition) for partition in self._consumer.assignment()}
        return mine.intersection(partitions)

    def _current_generation(self) -> int:
        """The assignment stays as it was when a member is thrown out of its group; its
        generation does not, and there is no public way to it."""
        return int(self._consumer._coordinator.generation)  # noqa: SLF001
