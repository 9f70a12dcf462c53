"""Whether a worker's process runs, is stopped, or is dead."""

from __future__ import annotations

import asyncio


class Life:
    """Of one process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.busy = False
        """A batch is in hand."""
        self._runs = asyncio.Event()
        self._runs.set()

    @property
    def paused(self) -> bool:
        return not self._runs.is_set()

    def pause(self) -> None:
        self._runs.clear()

    def resume(self) -> None:
        self._runs.set()

    def end(self) -> None:
        """Nothing of it leaves for anywhere any more."""
        self.dead = True
        self._runs.set()

    async def go_on(self) -> None:
        """Return while the process runs; wait while it is stopped; never return to the dead."""
        await self._runs.wait()
        if self.dead:
            raise asyncio.CancelledError
