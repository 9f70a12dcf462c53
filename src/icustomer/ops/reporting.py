"""What a worker process says of itself in its log: figures and states, never persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from icustomer.errors import OperatorError
from icustomer.observer import Observer, Report
from icustomer.ops.logs import get_logger
from icustomer.settings import Settings


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

    def topic_differs(self, difference: Mapping[str, Any]) -> None:
        """A topic is not as it should be."""
        self._log.warning(
            "topic_differs",
            topic=difference["topic"],
            kind=difference["setting"],
            detail=f"is {difference['is']}, should be {difference['should_be']}",
        )

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

    def fatal(self, error: OperatorError) -> None:
        self._log.error("cannot_go_on", failure=error)


def _summed(counts: Mapping[tuple[str, Any], int]) -> dict[str, int]:
    """Counts by (topic, what), over all topics."""
    summed: Counter[str] = Counter()
    for (_, what), count in counts.items():
        summed[str(what)] += count
    return dict(summed)
