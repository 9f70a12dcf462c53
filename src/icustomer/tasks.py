"""Ends background tasks, also those that take no notice of the first word."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

AGAIN_SECONDS = 0.5
"""Between two cancellations of a task that goes on."""
TRIES = 20
"""Cancellations before a task is left alone: whoever ends has to end."""


async def end(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel tasks until all have ended; what they came to is not looked at.

    Once is not enough: aiokafka, while it closes a client, takes the cancellation of the task
    that waits for it for that of a task of its own, and the loop around it goes on for ever.
    """
    left = set(tasks)
    for _ in range(TRIES):
        for task in left:
            task.cancel()
        if left:
            _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
