"""What a worker tells of its work to whoever listens: log, metrics, traces, health.

The worker measures and counts; what becomes of the figures is decided elsewhere.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum

from msgspec import Struct, field

from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.errors import OperatorError
from icustomer.isolation import Fault
from icustomer.store.port import Backlog
from icustomer.stream.port import InputRecord


class Stage(StrEnum):
    """The steps of a batch, in their order."""

    DECODE = "decode"
    """Bytes to validated events with canonical identifiers."""
    LOAD = "load"
    RESOLVE = "resolve"
    """Groups decoded, clustered, folded and encoded."""
    COMMIT = "commit"
    PUBLISH = "publish"
    """The closure read, records made, sent and acknowledged; without the offsets."""
    OFFSETS = "offsets"
    """What publishing waited for the input offsets, which are sent when the batch is taken in
    hand."""
    SETTLE = "settle"


class Span(Struct, frozen=True):
    """One passage through a stage. Times are nanoseconds since the epoch."""

    stage: Stage
    started: int
    ended: int


class Report(Struct):
    """What became of a batch: every event once."""

    records: Sequence[InputRecord] = ()
    """All records of the batch, as they came."""
    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    """By topic and outcome."""
    dead_letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By topic and reason."""
    duplicates: Counter[str] = field(default_factory=Counter)
    """Duplicates by reason."""
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Identifiers left out, by kind and reason."""
    clock_clamped: int = 0
    conflicts: int = 0
    tries: int = 0
    started: int = 0
    """When the batch was taken in hand; nanoseconds since the epoch."""
    acknowledged: int = 0
    """When the transaction with its effects and offsets was acknowledged."""
    spans: list[Span] = field(default_factory=list)
    """In order of their ends; a stage that was repeated stands there several times."""

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Time a passage through a stage, however it ends."""
        started = time.time_ns()
        try:
            yield
        finally:
            self.spans.append(Span(stage, started, time.time_ns()))


class Observer:
    """The default listens to nothing."""

    def batch_done(self, report: Report) -> None:
        """A batch was published with its offsets, and settled as far as possible."""

    def published(self, records: Counter[Topic]) -> None:
        """A transaction with so many records of each output topic was acknowledged."""

    def tended(self, backlog: Backlog) -> None:
        """The worker looked after lease and outbox, every few seconds, and all was well."""

    def disturbed(self, error: Exception, pause: float) -> None:
        """A try came to nothing and is repeated after a pause in seconds, or it takes longer than
        it should."""

    def guests_expired(self, count: int) -> None:
        """So many IDs of guests were erased, because their time was over."""

    def internal_error(self, fault: Fault) -> None:
        """The code itself failed at a record, which was left out; unless its batch is given up,
        or the worker stops, it becomes a dead letter."""

    def topic_made_again(self, topic: Topic) -> None:
        """An input topic is not the one that was read before: it was deleted and made again, and
        is read from its beginning."""

    def catch_up_began(self, *, cut: bool) -> None:
        """The working state is rebuilt from the changelog. `cut`: it was known before, so
        Redis' history was cut; else the space is new."""

    def catch_up_ended(self) -> None:
        """The rebuild is over, whether it came to its end or not."""

    def fatal(self, error: OperatorError) -> None:
        """Nothing can go on before the operator has acted: the process should end."""


class Observers(Observer):
    """Tells several observers, in their order."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def batch_done(self, report: Report) -> None:
        for each in self._observers:
            each.batch_done(report)

    def published(self, records: Counter[Topic]) -> None:
        for each in self._observers:
            each.published(records)

    def tended(self, backlog: Backlog) -> None:
        for each in self._observers:
            each.tended(backlog)

    def disturbed(self, error: Exception, pause: float) -> None:
        for each in self._observers:
            each.disturbed(error, pause)

    def guests_expired(self, count: int) -> None:
        for each in self._observers:
            each.guests_expired(count)

    def internal_error(self, fault: Fault) -> None:
        for each in self._observers:
            each.internal_error(fault)

    def topic_made_again(self, topic: Topic) -> None:
        for each in self._observers:
            each.topic_made_again(topic)

    def catch_up_began(self, *, cut: bool) -> None:
        for each in self._observers:
            each.catch_up_began(cut=cut)

    def catch_up_ended(self) -> None:
        for each in self._observers:
            each.catch_up_ended()

    def fatal(self, error: OperatorError) -> None:
        for each in self._observers:
            each.fatal(error)
