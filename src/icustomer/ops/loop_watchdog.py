"""Ends the process when its event loop hangs, for then nothing in the loop can.

A thread expects a sign from the loop at every tick and counts those without one. Counting,
unlike a clock, does not mistake a process that was suspended for one that hangs: the thread
was suspended too.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

TELL_SECONDS = 2.0
"""For the log line: what hangs may hold the log's own lock."""


class Limit(Struct, frozen=True):
    """How long a loop may hang: so many ticks of so many seconds."""

    ticks: int = 30
    """The longest part of a batch takes a second or two; the group is lost after 10 s anyway."""
    tick_seconds: float = 1.0


def leave(exit_code: int) -> None:
    """Show where every thread stands, and end the process at once."""
    faulthandler.dump_traceback(all_threads=True)
    os._exit(exit_code)


class LoopWatchdog:
    """Watches one loop. `tell` writes a line; `end` takes the exit code."""

    def __init__(
        self,
        tell: Callable[[], None],
        exit_code: int,
        limit: Limit = Limit(),  # noqa: B008 - it is frozen
        end: Callable[[int], None] = leave,
    ) -> None:
        self._tell = tell
        self._exit_code = exit_code
        self._limit = limit
        self._end = end
        self._beaten = False
        self._over = threading.Event()

    @contextmanager
    def watching(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Watch meanwhile; to be used inside of the loop."""
        self._beat(loop)
        thread = threading.Thread(target=self._watch, name="loop-watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._next.cancel()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beaten = True
        self._next = loop.call_later(self._limit.tick_seconds, self._beat, loop)

    def _watch(self) -> None:
        missed = 0
        while not self._over.wait(self._limit.tick_seconds):
            missed = 0 if self._beaten else missed + 1
            self._beaten = False
            if missed >= self._limit.ticks:
                self._give_up()
                return

    def _give_up(self) -> None:
        telling = threading.Thread(target=self._tell, daemon=True)
        telling.start()
        telling.join(TELL_SECONDS)
        self._end(self._exit_code)
