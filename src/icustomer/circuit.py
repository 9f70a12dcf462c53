"""Stops a worker at which too many records fail, before they become dead letters.

A release that fails on every second order would turn the topic into dead letters within
minutes. The share is that of one topic, so that a small one is not hidden by large ones.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from msgspec import Struct, field

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError
from icustomer.isolation import Fault
from icustomer.stream.port import InputRecord

DEFAULT_SHARE = 0.05
"""Far above what odd records of a sound release come to, far below what a bad one does."""
WINDOW_RECORDS = 1_000
"""The latest records of a topic that count: a second or two of a busy one."""
LEAST_FAULTS = 10
"""Fewer never stop a worker: one of three records is no sign of a bad release."""


class CircuitOpenError(OperatorError):
    """The code failed on too many records: another release, or a closer look, is due."""


class _Batch(Struct):
    records: int
    faults: int


class _Window(Struct):
    """The latest batches of a topic: as many as hold the records that count."""

    batches: deque[_Batch] = field(default_factory=deque)
    records: int = 0
    faults: int = 0

    def add(self, batch: _Batch) -> None:
        self.batches.append(batch)
        self.records += batch.records
        self.faults += batch.faults
        while self.records - self.batches[0].records >= WINDOW_RECORDS:
            oldest = self.batches.popleft()
            self.records -= oldest.records
            self.faults -= oldest.faults


class Circuit:
    """`share`: of the latest records of a topic that may fail, 0 to 1; with 1 it never opens."""

    def __init__(self, share: float = DEFAULT_SHARE) -> None:
        self._share = share
        self._windows: dict[Topic, _Window] = {}

    def check(self, records: Sequence[InputRecord], faults: Sequence[Fault]) -> None:
        """Raise `CircuitOpenError` if, with a batch that is not done, too many failed."""
        if not faults:
            return
        in_hand = Counter(record.topic for record in records)
        for topic, count in Counter(fault.record.topic for fault in faults).items():
            window = self._windows.get(topic) or _Window()
            failed = window.faults + count
            total = window.records + in_hand[topic]
            if failed >= LEAST_FAULTS and failed > self._share * total:
                latest = [fault for fault in faults if fault.record.topic == topic][-1]
                raise CircuitOpenError(_told(topic, failed, total, latest))

    def passed(self, records: Sequence[InputRecord], faults: Sequence[Fault]) -> None:
        """Take in a batch that is done."""
        failed = Counter(fault.record.topic for fault in faults)
        for topic, count in Counter(record.topic for record in records).items():
            window = self._windows.setdefault(topic, _Window())
            window.add(_Batch(count, failed[topic]))


def _told(topic: Topic, failed: int, total: int, fault: Fault) -> str:
    return (
        f"icustomer itself failed on {failed} of the last {total} records of {topic}, the latest "
        f"with {type(fault.error).__name__} (trace {fault.trace_id}), and nothing of this batch "
        "was committed: run the former release, or raise ICUSTOMER_INTERNAL_ERROR_SHARE to have "
        "such records set aside as dead letters"
    )
