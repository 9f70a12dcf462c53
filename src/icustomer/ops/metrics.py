"""Counts what a worker tells of its work, as plainly as it can be counted.

This is on the worker's main path: a batch costs some ten microseconds. How the figures are
told to Prometheus is the matter of `exposition`.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any

from icustomer.circuit import CircuitOpenError
from icustomer.contracts.topics import Topic
from icustomer.errors import FencedError, OperatorError
from icustomer.isolation import Fault
from icustomer.observer import Observer, Report
from icustomer.ops import metrics_families as families
from icustomer.ops.metrics_snapshot import Reading, beginning
from icustomer.store.port import Backlog

SECOND = 1_000_000_000
"""Nanoseconds."""
MILLISECOND = 1_000_000
"""Nanoseconds; the unit of Kafka's timestamps."""


class Metrics(Observer):
    """Counts in memory. `current` is the live snapshot: encode or read it, then let it go."""

    def __init__(self) -> None:
        self.current = beginning()
        self._cut_counted = False
        """The present cut is counted already. A rebuild is tried again until it succeeds, by
        each worker, and every try begins anew."""

    def batch_done(self, report: Report) -> None:
        self._cut_counted = False
        self._count(families.EVENTS, report.outcomes)
        self._count(families.DEAD_LETTERS, report.dead_letters)
        self._count(families.REJECTED, report.rejected)
        for reason, count in report.duplicates.items():
            self._add(families.DUPLICATES, (reason,), count)
        self._add(families.CONFLICTS, (), report.conflicts)
        self._add(families.CLAMPED, (), report.clock_clamped)
        self._time(report)

    def published(self, records: Counter[Topic]) -> None:
        for topic, count in records.items():
            self._add(families.PUBLISHED, (topic,), count)

    def tended(self, backlog: Backlog) -> None:
        self._cut_counted = False
        self._read(families.OUTBOX_ENTRIES, backlog.entries)
        self._read(families.OUTBOX_OLDEST, backlog.oldest_seconds)

    def disturbed(self, error: Exception, pause: float) -> None:  # noqa: ARG002 - not the length
        if isinstance(error, FencedError):
            self._add(families.FENCED, (), 1)

    def guests_expired(self, count: int) -> None:
        self._add(families.GUESTS_EXPIRED, (), count)

    def internal_error(self, fault: Fault) -> None:
        self._add(families.INTERNAL_ERRORS, (fault.record.topic,), 1)

    def topic_made_again(self, topic: Topic) -> None:
        self._add(families.MADE_AGAIN, (topic,), 1)

    def fatal(self, error: OperatorError) -> None:
        if isinstance(error, CircuitOpenError):
            self._add(families.CIRCUIT_STOPS, (), 1)

    def catch_up_began(self, *, cut: bool) -> None:
        self._read(families.CATCH_UP, 1)
        if cut and not self._cut_counted:
            self._cut_counted = True
            self._add(families.CUTS, (), 1)

    def catch_up_ended(self) -> None:
        self._read(families.CATCH_UP, 0)

    def _count(self, family: families.Counter, counts: Mapping[tuple[str, Any], int]) -> None:
        sums = self.current.counters[family.name]
        for labels, count in counts.items():
            sums[labels] = sums.get(labels, 0) + count

    def _add(self, family: families.Counter, labels: families.Labels, count: int) -> None:
        sums = self.current.counters[family.name]
        sums[labels] = sums.get(labels, 0) + count

    def _read(self, family: families.Gauge, value: float) -> None:
        self.current.readings[family.name] = Reading(value, time.time())

    def _time(self, report: Report) -> None:
        distributions = self.current.distributions
        stages = distributions[families.STAGES.name]
        for span in report.spans:
            seconds = (span.ended - span.started) / SECOND
            stages[span.stage,].observe(seconds, families.STAGES.bounds)
        batches = distributions[families.BATCHES.name][()]
        batches.observe(len(report.records), families.BATCHES.bounds)
        moments = [record.timestamp for record in report.records]
        # Quick, for a batch is a few runs that rise. Records without a timestamp (-1) come first.
        moments.sort()
        dated = moments[bisect_left(moments, 0) :]
        ages = distributions[families.END_TO_END.name][()]
        ages.observe_ages(dated, report.acknowledged // MILLISECOND, families.END_TO_END.bounds)
