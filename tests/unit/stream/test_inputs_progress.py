"""When reading has come to a stand, judged by what Kafka says and what arrives."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from icustomer.errors import UnavailableError
from icustomer.stream.connection import Connection
from icustomer.stream.inputs_progress import (
    EMPTY_SECONDS,
    STALLED_SECONDS,
    Progress,
    ProgressWatch,
)

ORDERS = TopicPartition("customer.orders", 0)
SUPPORT = TopicPartition("customer.support", 0)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress(clock)


@pytest.mark.parametrize("position", [5, None])
def test_records_that_come_and_are_not_read_are_a_stall(
    progress: Progress, clock: Clock, position: int | None
) -> None:
    assert not progress.looked({ORDERS: position}, {ORDERS: 6})
    clock.now += STALLED_SECONDS - 1
    assert not progress.looked({ORDERS: position}, {ORDERS: 9})
    clock.now += 1
    assert progress.looked({ORDERS: position}, {ORDERS: 9})


def test_one_partition_of_many_is_enough(progress: Progress, clock: Clock) -> None:
    for end in range(10, 20):
        stalled = progress.looked({ORDERS: 5, SUPPORT: end}, {ORDERS: end, SUPPORT: end})
        clock.now += STALLED_SECONDS / 9
    assert stalled


def test_what_lies_before_an_end_that_stands_may_be_no_records(
    progress: Progress, clock: Clock
) -> None:
    for _ in range(3):
        assert not progress.looked({ORDERS: 5}, {ORDERS: 6})
        clock.now += STALLED_SECONDS


def test_a_position_that_moves_is_no_stall(progress: Progress, clock: Clock) -> None:
    for position in range(10):
        assert not progress.looked({ORDERS: position}, {ORDERS: 100 + position})
        clock.now += STALLED_SECONDS


def test_who_read_all_meanwhile_has_begun_anew(progress: Progress, clock: Clock) -> None:
    progress.looked({ORDERS: 5}, {ORDERS: 6})
    clock.now += STALLED_SECONDS / 2
    progress.looked({ORDERS: 6}, {ORDERS: 6})
    clock.now += STALLED_SECONDS / 2
    assert not progress.looked({ORDERS: 6}, {ORDERS: 7})


def test_a_batch_in_hand_or_a_try_that_failed_ends_every_suspicion(
    progress: Progress, clock: Clock
) -> None:
    progress.looked({ORDERS: 5}, {ORDERS: 6})
    progress.empty_for_long()
    clock.now += 2 * max(STALLED_SECONDS, EMPTY_SECONDS)
    progress.moving()
    assert not progress.looked({ORDERS: 5}, {ORDERS: 9})
    assert not progress.empty_for_long()


def test_a_member_without_partitions_is_suspicious_after_a_while(
    progress: Progress, clock: Clock
) -> None:
    assert not progress.empty_for_long()
    clock.now += EMPTY_SECONDS
    assert progress.empty_for_long()


def test_partitions_end_the_suspicion_of_having_none(progress: Progress, clock: Clock) -> None:
    progress.empty_for_long()
    clock.now += EMPTY_SECONDS - 1
    progress.looked({ORDERS: 0}, {ORDERS: 0})
    clock.now += EMPTY_SECONDS
    assert not progress.empty_for_long()


class LosesItsPartitions:
    """A consumer whose group is rebalanced while somebody asks it."""

    def assignment(self) -> set[TopicPartition]:
        return {ORDERS}

    async def end_offsets(self, partitions: set[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 7)

    async def position(self, partition: TopicPartition) -> int:
        raise IllegalStateError(f"Partition {partition} is not assigned")


async def test_a_partition_that_goes_while_it_is_looked_at_passes() -> None:
    watch = ProgressWatch(Connection("broker:9092"), "group", [ORDERS.topic])
    with pytest.raises(UnavailableError, match="where the input topics are read"):
        await watch.look(LosesItsPartitions())
