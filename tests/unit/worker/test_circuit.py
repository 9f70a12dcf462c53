"""When the circuit opens: by topic, over the latest records, and never for a few."""

from __future__ import annotations

import pytest

from icustomer.circuit import LEAST_FAULTS, WINDOW_RECORDS, Circuit, CircuitOpenError
from icustomer.contracts.topics import Topic
from icustomer.isolation import Fault
from icustomer.stream.port import InputRecord


def records(count: int, topic: Topic = Topic.ORDERS) -> list[InputRecord]:
    return [InputRecord(topic, 0, number, 0, None, b"", ()) for number in range(count)]


def faults(count: int, topic: Topic = Topic.ORDERS) -> list[Fault]:
    return [Fault(record, "trace", KeyError()) for record in records(count, topic)]


def run(circuit: Circuit, *batches: tuple[int, int]) -> None:
    """Batches of (records, faults), each as the worker has it."""
    for count, failed in batches:
        circuit.check(records(count), faults(failed))
        circuit.passed(records(count), faults(failed))


def test_a_share_above_the_limit_opens_it() -> None:
    run(Circuit(0.05), (1_000, 50))
    with pytest.raises(CircuitOpenError, match="51 of the last 1000 records of orders"):
        run(Circuit(0.05), (1_000, 51))


def test_few_faults_never_open_it() -> None:
    run(Circuit(0), (LEAST_FAULTS - 1, LEAST_FAULTS - 1))
    with pytest.raises(CircuitOpenError):
        run(Circuit(0), (LEAST_FAULTS, LEAST_FAULTS))


def test_small_batches_add_up() -> None:
    with pytest.raises(CircuitOpenError, match="10 of the last 10 "):
        run(Circuit(0.05), *[(1, 1)] * LEAST_FAULTS)


def test_what_is_long_past_does_not_count() -> None:
    circuit = Circuit(0.05)
    run(circuit, (500, 25), (WINDOW_RECORDS, 0))
    run(circuit, (500, 60))


def test_what_went_well_long_ago_does_not_hide_what_fails_now() -> None:
    circuit = Circuit(0.05)
    run(circuit, *[(WINDOW_RECORDS, 0)] * 5)
    with pytest.raises(CircuitOpenError, match="60 of the last 1100 "):
        run(circuit, (100, 60))


def test_what_is_not_long_past_counts() -> None:
    circuit = Circuit(0.05)
    run(circuit, (500, 25), (WINDOW_RECORDS - 1, 0))
    with pytest.raises(CircuitOpenError, match="102 of the last 1999 "):
        run(circuit, (500, 77))


def test_a_small_topic_is_not_hidden_by_a_large_one() -> None:
    batch = records(5_000) + records(20, Topic.SUPPORT)
    with pytest.raises(CircuitOpenError, match="20 of the last 20 records of support"):
        Circuit(0.05).check(batch, faults(20, Topic.SUPPORT))


def test_a_batch_that_is_tried_again_counts_once() -> None:
    circuit = Circuit(0.05)
    for _ in range(50):
        circuit.check(records(1_000), faults(40))


def test_a_share_of_one_never_opens_it() -> None:
    run(Circuit(1), *[(100, 100)] * 5)
