"""Reads the group's lag every few seconds, and forgets figures that became old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from msgspec import Struct

from icustomer.ops.lag import LagReader, PartitionLag
from icustomer.ops.logs import get_logger
from icustomer.tasks import end

READ_SECONDS = 5.0
"""Between two readings; well below the interval at which metrics are usually scraped."""
OLD_SECONDS = 30.0
"""Figures older than this are not told any more: a lag of half a minute ago looks like a
healthy one."""


class Lag(Struct, frozen=True):
    """The lag of every partition as last read."""

    partitions: Sequence[PartitionLag]
    """Empty if it could not be read for a while."""
    seconds_ago: float
    """Since it was read, or since reading was begun if it never came to an end."""


class LagWatch:
    """Keeps the last reading. A reader that failed can be asked again."""

    def __init__(
        self,
        open_reader: Callable[[], AbstractAsyncContextManager[LagReader]],
        read_seconds: float = READ_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_reader = open_reader
        self._read_seconds = read_seconds
        self._clock = clock
        self._log = get_logger("icustomer.lag")
        self._partitions: Sequence[PartitionLag] = ()
        self._read_at = clock()
        self._failing = False

    @property
    def lag(self) -> Lag:
        """What is known now."""
        seconds = self._clock() - self._read_at
        return Lag(self._partitions if seconds <= OLD_SECONDS else (), seconds)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read on and on in the background."""
        task = asyncio.ensure_future(self._run())
        try:
            yield
        finally:
            await end([task])

    async def _run(self) -> None:
        async with self._open_reader() as reader:
            while True:
                try:
                    self._partitions = await reader.read()
                except Exception as error:  # noqa: BLE001 - whatever it is, work goes on
                    self._tell(error)
                else:
                    self._read_at = self._clock()
                    self._failing = False
                await asyncio.sleep(self._read_seconds)

    def _tell(self, error: Exception) -> None:
        """Once until it succeeds again: the log need not count the tries."""
        if not self._failing:
            self._log.warning("lag_unknown", failure=error)
        self._failing = True
