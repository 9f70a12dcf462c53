"""What the broker in memory does that only a simulation asks of it."""

from __future__ import annotations

import pytest

from icustomer.contracts.topics import Topic
from icustomer.errors import FencedError
from icustomer.stream.memory_broker import MemoryKafka, State
from icustomer.stream.port import OutputRecord

PLACE = (Topic.PROFILES, 0)
RECORD = OutputRecord(Topic.PROFILES, b"key", b"value", ())


def begun(kafka: MemoryKafka) -> int:
    epoch = kafka.initialise("slot")
    kafka.add_partitions("slot", epoch, [PLACE])
    return epoch


def test_a_request_that_comes_twice_appends_once() -> None:
    kafka = MemoryKafka(1)
    epoch = begun(kafka)
    batch = [RECORD]
    kafka.append("slot", epoch, PLACE, batch)
    kafka.append("slot", epoch, PLACE, batch)
    kafka.append("slot", epoch, PLACE, [RECORD])
    kafka.end("slot", epoch, State.COMMITTED)
    assert len(kafka.records(Topic.PROFILES)) == 2


def test_a_transaction_that_takes_too_long_is_aborted_and_its_holder_fenced() -> None:
    kafka = MemoryKafka(1, clock=lambda: 1_000)
    epoch = begun(kafka)
    kafka.expire(1_000)
    assert kafka.undecided
    kafka.expire(1_001)
    assert not kafka.undecided
    with pytest.raises(FencedError):
        kafka.append("slot", epoch, PLACE, [RECORD])
