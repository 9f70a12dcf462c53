"""What a worker process says of itself in its log: figures and states, never persons."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError
from icustomer.isolation import Fault
from icustomer.observer import Observer, Report
from icustomer.ops.logs import get_logger
from icustomer.settings import Settings
from icustomer.stream.topics import Difference


class LogObserver(Observer):
    """Writes each batch, each disturbance and each turn of the process's life as a line."""

    def __init__(self, settings: Settings) -> None:
        self._log = get_logger("icustomer.worker")
        self._settings = settings

    def starting(self) -> None:
        """The process begins."""
        self._log.info(
            "starting",
            server=self._settings.kafka_servers,
            space=self._settings.space,
            group=self._settings.consumer_group,
        )

    def ready(self) -> None:
        """The worker reads."""
        self._log.info("ready")

    def stopping(self, signal: str) -> None:
        """A signal asks to stop."""
        self._log.info("stopping", signal=signal)

    def stopped(self) -> None:
        """All is closed."""
        self._log.info("stopped")

    def forced(self) -> None:
        """Something hung while the process was closed."""
        self._log.warning("stopped_with_open_connections")

    def serving(self, host: str, port: int) -> None:
        """Metrics and health are served."""
        self._log.info("serving", server=host, port=port)

    def topics_differ(self, differences: Sequence[Difference]) -> None:
        """Topics are not as they should be, or are so again."""
        for each in differences:
            self._log.warning(
                "topic_differs",
                topic=each["topic"],
                kind=each["setting"],
                detail=f"is {each['is']}, should be {each['should_be']}",
            )
        if not differences:
            self._log.info("topics_mended")

    def batch_done(self, report: Report) -> None:
        self._log.info(
            "batch_done",
            events=report.outcomes.total(),
            outcomes=_summed(report.outcomes),
            dead_letters=_summed(report.dead_letters),
            identifiers={f"{kind}:{why}": n for (kind, why), n in report.rejected.items()},
            conflicts=report.conflicts,
            attempt=report.tries,
        )

    def disturbed(self, error: Exception, pause: float) -> None:
        self._log.warning("disturbed", failure=error, retry_seconds=pause)

    def guests_expired(self, count: int) -> None:
        self._log.info("guests_expired", count=count)

    def internal_error(self, fault: Fault) -> None:
        """The dead letter has the same trace ID."""
        record = fault.record
        self._log.error(
            "internal_error",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            trace_id=fault.trace_id,
            failure=fault.error,
        )

    def topic_made_again(self, topic: Topic) -> None:
        self._log.error("topic_made_again", topic=topic, detail="is read from its beginning")

    def hanging(self) -> None:
        """The event loop hangs, and the process leaves, to be started anew."""
        self._log.error("event_loop_hangs")

    def catch_up_began(self, *, cut: bool) -> None:
        """A new space begins with this too: no reason to worry."""
        self._log.info("catch_up_began", reason="redis_was_cut" if cut else "new_space")

    def catch_up_ended(self) -> None:
        self._log.info("catch_up_ended")

    def fatal(self, error: OperatorError) -> None:
        self._log.error("cannot_go_on", failure=error)


class SupervisorLog:
    """Writes what becomes of the workers of a parent."""

    def __init__(self) -> None:
        self._log = get_logger("icustomer.supervisor")

    def supervising(self, workers: int, host: str, port: int) -> None:
        """The parent begins; metrics and health of all are served there."""
        self._log.info("supervising", workers=workers, pid=os.getpid())
        self._log.info("serving", server=host, port=port)

    def worker_started(self, number: int, pid: int) -> None:
        """A process was started."""
        self._log.info("worker_started", worker=number, pid=pid)

    def worker_died(self, number: int, status: int, pause: float) -> None:
        """A process ended that nobody told to; the next one starts after a pause in seconds."""
        self._log.warning("worker_died", worker=number, status=status, retry_seconds=pause)

    def worker_killed(self, number: int) -> None:
        """A process did not answer, or did not end in time."""
        self._log.warning("worker_killed", worker=number)

    def stopping(self, signal: str) -> None:
        """A signal asks to stop."""
        self._log.info("stopping", signal=signal)

    def stopped(self) -> None:
        """All workers have ended."""
        self._log.info("stopped")


def _summed(counts: Mapping[tuple[str, Any], int]) -> dict[str, int]:
    """Counts by (topic, what), over all topics."""
    summed: Counter[str] = Counter()
    for (_, what), count in counts.items():
        summed[str(what)] += count
    return dict(summed)
