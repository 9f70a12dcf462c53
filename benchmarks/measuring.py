"""One measured run: a worker in its own process, from the first event done to the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TypeVar

import msgspec
import redis
from msgspec import Struct

from benchmarks.ground import Ground
from benchmarks.workers import Account, Mark
from icustomer.core.change import Outcome
from icustomer.errors import OperatorError
from icustomer.local.servers import stop_process

POLL_SECONDS = 0.05
"""Between two looks at the committed offsets: the broker hardly notices."""
RUN_SECONDS = 120.0
"""A run that takes longer has failed."""
END_SECONDS = 40.0
"""A worker that was told to stop has this long to close in order."""


T = TypeVar("T")


class Figures(Struct, frozen=True):
    """What a run cost. Times are microseconds an event."""

    cpu: float
    """User and system time of the worker's process."""
    redis_cpu: float
    """Of the Redis server, start of the worker included."""
    events_per_second: float
    stages: dict[str, float]
    """By stage, waiting included; icustomer only."""


class Child:
    """A worker process that writes its account when it is stopped."""

    def __init__(self, module: str, words: Sequence[str], settings: dict[str, str]) -> None:
        self._errors = tempfile.NamedTemporaryFile(prefix="icustomer-bench-")  # noqa: SIM115 - closed in `account`
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", module, *words],
            env=_without_settings() | settings,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=Path(__file__).parent.parent,
        )

    def check(self) -> None:
        """Raise `OperatorError` if the worker has ended."""
        if self._process.poll() is not None:
            raise OperatorError(f"a measured worker ended by itself: {self.last_line()}")

    def told(self, kind: type[T]) -> T:
        """Stop the worker and read what it tells."""
        self._process.send_signal(signal.SIGTERM)
        output, _ = self._process.communicate(timeout=END_SECONDS)
        if self._process.returncode:
            raise OperatorError(f"a measured worker failed: {self.last_line()}")
        return msgspec.json.decode(output, type=kind)

    def close(self) -> None:
        """End it, however it stands."""
        stop_process(self._process)
        self._errors.close()

    def last_line(self) -> str:
        """The end of its log."""
        lines = Path(self._errors.name).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


@contextmanager
def running(module: str, words: Sequence[str], settings: dict[str, str]) -> Iterator[Child]:
    """A worker's life: a module as a program, with its words."""
    child = Child(module, words, settings)
    try:
        yield child
    finally:
        child.close()


def measure(ground: Ground, worker: str, space: str, group: str) -> Figures:
    """Run a worker over all that its group has not committed yet."""
    before = redis_cpu(ground.redis)
    settings = ground.settings(space, group)
    with running("benchmarks.workers", (worker,), settings) as child:
        wait_until_done(ground, group, [child])
        account = child.told(Account)
    judge(account)
    return figures(account, redis_cpu(ground.redis) - before)


def judge(account: Account) -> None:
    """Raise if a real worker did not take every event for new and of a known customer: then
    what it did is not what is to be measured."""
    others = {name: count for name, count in account.outcomes.items() if name != Outcome.MATCHED}
    if others:
        raise OperatorError(f"the measured events had unexpected outcomes: {others}")


def wait_until_done(ground: Ground, group: str, children: Sequence[Child]) -> None:
    """Wait until the committed offsets have reached the end."""
    deadline = time.monotonic() + RUN_SECONDS
    with ground.progress(group) as left:
        while remaining := left():
            for child in children:
                child.check()
            if time.monotonic() > deadline:
                told = "; ".join(child.last_line() for child in children)
                raise OperatorError(
                    f"{remaining} events were not done after {RUN_SECONDS:.0f} s: {told}"
                )
            time.sleep(POLL_SECONDS)


def figures(account: Account, redis_seconds: float) -> Figures:
    """From the marks to the figures: between the first and the last event done."""
    if len(account.marks) < 2:  # noqa: PLR2004 - there is nothing between fewer than two
        raise OperatorError("too few events to measure: two batches are the least")
    first, last = account.marks[0], account.marks[-1]
    events = last.events - first.events
    return Figures(
        cpu=(last.cpu - first.cpu) / events / 1_000,
        redis_cpu=redis_seconds * 1e6 / last.events,
        events_per_second=events / (last.at - first.at) * 1e9,
        stages={name: spent / last.events / 1_000 for name, spent in account.stages.items()},
    )


def together(accounts: Sequence[Account]) -> float:
    """Events a second of workers side by side, between the first and the last mark of any."""
    marks: list[Mark] = [mark for account in accounts for mark in account.marks]
    events = sum(account.marks[-1].events for account in accounts if account.marks)
    first = min(marks, key=lambda mark: mark.at)
    return (events - first.events) / (max(mark.at for mark in marks) - first.at) * 1e9


def redis_cpu(url: str) -> float:
    """Seconds of CPU that the server has used."""
    with redis.Redis.from_url(url) as client:
        used = client.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


class Spread(Struct, frozen=True):
    """The median of several measurements, the smallest and the greatest."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        return Spread(median(values), min(values), max(values))


def _without_settings() -> dict[str, str]:
    """The environment without settings of whoever measures."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ICUSTOMER_")}
