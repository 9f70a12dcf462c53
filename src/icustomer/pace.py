"""Keeps work in the background to so much a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Pace:
    """Pauses after each portion for as long as the portion should have taken."""

    def __init__(
        self, per_second: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """`per_second`: units a second beside the work itself; 0: without a pause."""
        self._seconds_each = 1 / per_second if per_second else 0.0
        self._sleep = sleep

    async def keep(self, done: int) -> None:
        """So many units were done."""
        if done and self._seconds_each:
            await self._sleep(done * self._seconds_each)


UNHURRIED = 0
"""No pace is set."""
