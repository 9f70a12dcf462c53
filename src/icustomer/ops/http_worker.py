"""What a single worker answers over HTTP about itself."""

from __future__ import annotations

from icustomer.ops.exposition import Crew, Figures
from icustomer.ops.health import Health
from icustomer.ops.http import Condition
from icustomer.ops.metrics import Metrics
from icustomer.ops.metrics_lag import LagWatch


class WorkerService:
    """Worker and server share one event loop: that it answers at all shows that the loop runs."""

    def __init__(self, metrics: Metrics, health: Health, lag: LagWatch) -> None:
        self._metrics = metrics
        self._health = health
        self._lag = lag

    def live(self) -> Condition:
        return Condition(self._health.dead())

    def ready(self) -> Condition:
        return Condition(self._health.unready())

    def figures(self) -> Figures:
        return Figures(
            self._metrics.current, not self._health.unready(), self._lag.lag, Crew(running=1)
        )
