"""An event loop without real time: the clock jumps to the next timer, and chance, not the
order of arrival, decides which of the ready callbacks runs first."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterable
from random import Random
from typing import Any, TypeVar

Answer = TypeVar("Answer")

RESOLUTION = 1e-9
"""Seconds: timers this close to each other are due together."""


class StuckError(Exception):
    """Everything waits, and no timer will ever wake it."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs tasks by a virtual clock that begins at 0 seconds."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._clock_resolution = RESOLUTION
        self._random = random
        self._now = 0.0
        self._selector = self
        self.failures: list[str] = []
        """What would have been logged: exceptions that nobody retrieved."""
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self._now

    def leap(self, seconds: float) -> None:
        """Time passes in which nothing runs; what was due meanwhile is due now."""
        self._now += seconds

    def select(self, timeout: float | None) -> list[Any]:
        """What the loop calls to wait for input: there is none, so time passes at once."""
        if timeout is None:
            raise StuckError("every task waits for another")
        self._now += timeout
        return []

    def _run_once(self) -> None:
        self._random.shuffle(self._ready)
        super()._run_once()

    def _process_events(self, event_list: Iterable[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")


def run(random: Random, main: Coroutine[Any, Any, Answer]) -> Answer:
    """Run to the end, then cancel what is left; raise what nobody looked at."""
    loop = SimulatedLoop(random)
    # A seed lives for a second: what it leaves is collected after it.
    gc.disable()
    try:
        answer = loop.run_until_complete(main)
    finally:
        _cancel_all(loop)
        loop.close()
        gc.enable()
    if loop.failures:
        raise AssertionError(f"unhandled in the loop: {loop.failures}")
    return answer


def _cancel_all(loop: SimulatedLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
