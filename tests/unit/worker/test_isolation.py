"""What fails is left out, alone or together, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from icustomer.contracts.topics import Topic
from icustomer.errors import NewerStateError, UnavailableError
from icustomer.isolation import fault_of, isolate
from icustomer.stream.port import InputRecord

SEEDS = range(60)
RECORD = InputRecord(Topic.ORDERS, 3, 7, 0, None, b"{}", ())
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Attempts:
    """Fails with any of the sets whole in it; counts its work."""

    def __init__(self, *failing: set[int]) -> None:
        self._failing = failing
        self.items = 0

    def __call__(self, numbers: Sequence[int]) -> None:
        assert list(numbers) == sorted(numbers), "the order of a partition is kept"
        self.items += len(numbers)
        for each in self._failing:
            if each.issubset(numbers):
                raise KeyError(max(each))


@pytest.mark.parametrize("seed", SEEDS)
async def test_only_what_fails_is_left_out_and_of_a_set_the_last(seed: int) -> None:
    print(f"seed {seed}")  # noqa: T201 - to run it again
    random = Random(seed)
    count = random.choice([1, 2, 3, 7, 64, 200])
    failing = [
        set(random.sample(range(count), min(count, random.choice([1, 1, 2, 3]))))
        for _ in range(random.randrange(6))
    ]
    attempt = Attempts(*failing)
    faulty = await isolate(range(count), attempt)
    sound = [number for number in range(count) if number not in faulty]
    attempt(sound)
    for number, error in faulty.items():
        assert isinstance(error, KeyError)
        with pytest.raises(KeyError):
            attempt(sorted([*(each for each in sound if each < number), number]))


async def test_of_records_that_fail_together_the_first_ones_stay() -> None:
    assert set(await isolate(range(100), Attempts({20, 70}, {5}))) == {5, 70}


async def test_one_record_among_many_costs_a_few_tries_of_all() -> None:
    attempt = Attempts({777})
    assert set(await isolate(range(1_000), attempt)) == {777}
    assert attempt.items < 5 * 1_000


async def test_if_all_fail_all_are_left_out() -> None:
    attempt = Attempts(*({number} for number in range(200)))
    assert set(await isolate(range(200), attempt)) == set(range(200))


@pytest.mark.parametrize("error", [UnavailableError("away"), NewerStateError("new"), MemoryError()])
async def test_what_is_no_records_fault_is_raised(error: Exception) -> None:
    def attempt(_: Sequence[int]) -> None:
        raise error

    with pytest.raises(type(error)):
        await isolate(range(4), attempt)


def test_the_trace_of_the_sender_goes_on() -> None:
    headers = (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode()),)
    record = InputRecord(Topic.ORDERS, 3, 7, 0, None, b"{}", headers)
    assert fault_of(record, KeyError()).trace_id == TRACE


def test_without_a_trace_a_record_has_the_same_one_whenever_it_is_read() -> None:
    other = InputRecord(Topic.ORDERS, 3, 8, 0, None, b"{}", ())
    again = InputRecord(Topic.ORDERS, 3, 7, 0, None, b"{}", (), "made-again")
    traces = [fault_of(each, KeyError()).trace_id for each in (RECORD, RECORD, other, again)]
    assert len(traces[0]) == len(TRACE)
    assert traces[0] == traces[1]
    assert len(set(traces)) == 3
