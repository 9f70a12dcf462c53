"""The worker processes, and the one who starts them again, as an orchestrator does."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from integration.support.program import Program, Worker, wait_until

STOP_SECONDS = 45
"""A worker that was asked to stop ends within 28 seconds, whatever hangs."""
PATIENCE_SECONDS = 180.0
"""For a worker to be ready: with a rebuild before it, on a busy machine."""

MOST_LEFT = 10
"""Workers that end of themselves before the run is given up: they cannot even start."""


class Crew:
    """Workers of one program; as many run as are wanted."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.running: list[Worker] = []
        self.former: list[Worker] = []
        """Those that have ended, of themselves or not."""
        self.left: list[str] = []
        """Workers that ended though nobody told them to, with their last words."""

    @property
    def everybody(self) -> list[Worker]:
        return [*self.former, *self.running]

    def hire(self) -> Worker:
        """Start one more; it is not ready yet."""
        worker = self._program.start_worker()
        self.running.append(worker)
        return worker

    def any(self, random: Random) -> Worker:
        return random.choice(self.running)

    def kill(self, worker: Worker) -> None:
        """kill -9."""
        worker.kill()
        self._gone(worker)

    def dismiss(self, worker: Worker) -> None:
        """SIGTERM; it has to leave in order."""
        code = worker.terminate(STOP_SECONDS)
        self._gone(worker)
        if code != 0:
            self.left.append(f"{worker.log.name}: exit code {code} after SIGTERM")

    def freeze(self, worker: Worker) -> None:
        worker.process.send_signal(signal.SIGSTOP)

    def thaw(self, worker: Worker) -> None:
        worker.process.send_signal(signal.SIGCONT)

    def tend(self) -> None:
        """Replace whoever ended of itself."""
        for worker in [each for each in self.running if each.ended()]:
            last = [line.get("event") for line in worker.lines()[-2:]]
            self.left.append(f"{worker.log.name}: exit code {worker.process.returncode}, {last}")
            self._gone(worker)
            assert len(self.left) < MOST_LEFT, f"workers keep ending: {self.left[-3:]}"
            self.hire()

    def wait_until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for a condition while tending."""

        def met() -> Any:
            self.tend()
            return condition()

        wait_until(met, what, PATIENCE_SECONDS)

    def wait_ready(self) -> None:
        """All who run are reading."""
        self.wait_until(lambda: all(each.said("ready") for each in self.running), "ready workers")

    def told(self, event: str) -> int:
        """How often any worker told of an event."""
        return sum(len(worker.told(event)) for worker in self.everybody)

    def disturbances(self) -> Counter[str]:
        """What disturbed the workers: kind of the failure to how often."""
        return Counter(
            str(line["failure"]["type"]).rpartition(".")[2]
            for worker in self.everybody
            for line in worker.told("disturbed")
        )

    def stop(self) -> None:
        """End all who run in order."""
        for worker in list(self.running):
            self.dismiss(worker)

    def _gone(self, worker: Worker) -> None:
        self.running.remove(worker)
        self.former.append(worker)


def pause(seconds: float) -> None:
    """How long a fault lasts."""
    threading.Event().wait(seconds)
