"""Looks after what the worker itself does not tell: the topics, and whether it is stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from icustomer.ops.health import Health, StuckError
from icustomer.ops.reporting import LogObserver
from icustomer.stream.topics import Difference

LOOK_SECONDS = 15.0
"""Between two looks at topics that were right: how long a loss of Kafka may stay unseen by a
worker that has nothing to do."""
AGAIN_SECONDS = 3.0
"""Between two looks while something is wrong."""
STUCK_SECONDS = 15.0
"""How long a worker must look stuck before it leaves: a consumer that is being rebuilt looks so
for a moment."""
STUCK_LOOK_SECONDS = 1.0


async def watch_topics(
    look: Callable[[], Awaitable[Sequence[Difference]]], health: Health, log: LogObserver
) -> None:
    """Look at the topics again and again, so that what was repaired is noticed."""
    told: list[Difference] = []
    while True:
        pause = AGAIN_SECONDS
        try:
            differences = list(await look())
        except Exception:  # noqa: BLE001 - whatever the client raises: the worker goes on
            health.topics_unknown()
        else:
            health.looked_at_topics(differences)
            if differences != told:
                log.topics_differ(differences)
            told = differences
            pause = AGAIN_SECONDS if differences else LOOK_SECONDS
        await asyncio.sleep(pause)


async def leave_when_stuck(
    health: Health, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Raise `StuckError` once the worker was stuck for some time."""
    looks = 0
    while True:
        await sleep(STUCK_LOOK_SECONDS)
        reasons = health.dead()
        looks = looks + 1 if reasons else 0
        if looks * STUCK_LOOK_SECONDS >= STUCK_SECONDS:
            raise StuckError(reasons)
