"""From what Kafka tells to the lag that is told, without Kafka."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any, Self

import pytest
from msgspec import structs

from icustomer.errors import UnavailableError
from icustomer.ops.lag import LagReader, partition_lag
from icustomer.stream.lag_reader import UnreadRecords
from icustomer.stream.unread import (
    BELIEVED_SECONDS,
    FirstUnread,
    Standing,
    begin_search,
    is_over,
    still_holds,
)

NOW = 1_800_000_000.0


def standing(end: int = 10, committed: int | None = 4) -> Standing:
    return Standing("customer.orders", 0, end, committed)


def lag(first: FirstUnread | None, now: float = NOW) -> tuple[int, float]:
    told = partition_lag(UnreadRecords(standing(), first), now)
    return told.lag_records, told.lag_seconds


def test_nothing_unread_is_no_lag_whatever_the_offsets_say():
    assert lag(None) == (0, 0.0)


def test_records_are_counted_from_the_first_unread_one_and_not_from_the_committed_offset():
    assert lag(FirstUnread(7, int(NOW * 1_000) - 2_500)) == (3, 2.5)


def test_a_record_from_the_future_has_no_age():
    assert lag(FirstUnread(4, int(NOW * 1_000) + 1)) == (6, 0.0)


def test_a_record_without_a_timestamp_has_no_age():
    assert lag(FirstUnread(4, -1)) == (6, 0.0)


@pytest.mark.parametrize(("committed", "start"), [(None, 0), (4, 4), (10, 10), (11, 0)])
def test_where_the_group_would_read_on(committed, start):
    assert standing(committed=committed).start == start


def found(offset: int = 6) -> Any:
    search = begin_search(standing(), 100.0)
    return structs.replace(search, position=offset, found=FirstUnread(offset, 0))


@pytest.mark.parametrize(
    ("now_standing", "beginning", "later", "holds"),
    [
        (standing(), 0, 1.0, True),
        (standing(end=20), 6, 1.0, True),
        (standing(committed=5), 0, 1.0, False),
        (standing(committed=None), 0, 1.0, False),
        (standing(), 7, 1.0, False),
        (standing(end=5), 0, 1.0, False),
        (standing(), 0, BELIEVED_SECONDS, False),
    ],
)
def test_a_record_is_remembered_while_nothing_speaks_against_it(
    now_standing, beginning, later, holds
):
    assert still_holds(found(), now_standing, beginning, 100.0 + later) is holds


def test_a_search_is_over_with_a_record_or_at_the_end():
    fresh = begin_search(standing(), 0.0)
    assert not is_over(fresh, standing())
    assert is_over(found(), standing())
    assert is_over(structs.replace(fresh, position=10), standing())
    assert is_over(begin_search(standing(end=4), 0.0), standing(end=4))


class Reader:
    """A group reader that answers once and fails ever after."""

    def __init__(self, told: list[str]) -> None:
        self.told, self.answers = told, [[UnreadRecords(standing(), None)]]

    async def __aenter__(self) -> Self:
        self.told.append("opened")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.told.append("closed")

    async def read(self) -> list[UnreadRecords]:
        if self.answers:
            return self.answers.pop()
        raise UnavailableError("away")


async def test_a_reader_that_failed_is_closed_and_the_next_read_opens_a_new_one():
    told: list[str] = []
    async with AsyncExitStack() as stack:
        reader = LagReader(lambda: Reader(told))
        stack.push_async_callback(reader.close)
        assert told == []
        await reader.read()
        with pytest.raises(UnavailableError):
            await reader.read()
        assert told == ["opened", "closed"]
        assert len(await reader.read()) == 1
    assert told == ["opened", "closed", "opened", "closed"]
