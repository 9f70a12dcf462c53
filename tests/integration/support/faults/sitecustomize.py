"""Loaded by a worker process whose PYTHONPATH names this folder: haste, and one fault.

The variable FAULT names what breaks once the first batch comes. Nothing of this is known to
the program itself.
"""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import Any

from aiokafka.consumer.fetcher import Fetcher
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from icustomer import app
from icustomer.ops import health_watch
from icustomer.ops.loop_watchdog import Limit, LoopWatchdog
from icustomer.stream import inputs_progress
from icustomer.stream.subscriber import Subscriber, SubscriberSettings
from icustomer.worker import Worker

BATCH_CAME = threading.Event()


def hurry() -> None:
    """Everything that takes minutes elsewhere takes seconds."""
    app.SubscriberSettings = partial(  # type: ignore[attr-defined]
        SubscriberSettings, look_seconds=0.3, topics_seconds=1.0, metadata_max_age_ms=1_000
    )
    app.LoopWatchdog = partial(  # type: ignore[attr-defined]
        LoopWatchdog, limit=Limit(ticks=8, tick_seconds=0.25)
    )
    inputs_progress.STALLED_SECONDS = 2.0
    inputs_progress.EMPTY_SECONDS = 3.0
    health_watch.STUCK_SECONDS = 3.0


def at_the_first_batch(fault: Any) -> None:
    handle = Worker.handle

    async def faulty(self: Worker, *arguments: Any) -> None:
        BATCH_CAME.set()
        fault()
        await handle(self, *arguments)

    Worker.handle = faulty  # type: ignore[method-assign]


def hang_in_the_middle_of_a_batch() -> None:
    threading.Event().wait()


def block_the_loop() -> None:
    at_the_first_batch(hang_in_the_middle_of_a_batch)


def end_fetching() -> None:
    start, subscribers = Subscriber.start, []

    async def remember(self: Subscriber) -> None:
        subscribers.append(self)
        await start(self)

    def cancel() -> None:
        subscribers[0]._subscriber.consumer._fetcher._fetch_task.cancel()

    Subscriber.start = remember  # type: ignore[method-assign]
    at_the_first_batch(cancel)


def hold_fetches() -> None:
    """Requests are sent, and their answers lost without a word."""
    fetch = Fetcher._proc_fetch_request

    async def lost(self: Fetcher, *arguments: Any) -> bool:
        if BATCH_CAME.is_set():
            await asyncio.Event().wait()
        return bool(await fetch(self, *arguments))

    Fetcher._proc_fetch_request = lost
    at_the_first_batch(lambda: None)


def give_all_to_one() -> None:
    """As a broken assignor of the group's leader would."""
    assign = RoundRobinPartitionAssignor.assign.__func__

    def unfair(cls: Any, cluster: Any, members: dict[str, Any]) -> Any:
        chosen = min(members)
        found = assign(cls, cluster, {chosen: members[chosen]})
        nothing = assign(cls, cluster, dict.fromkeys(members, members[chosen]))
        empty = type(found[chosen])(0, [], b"")
        return {each: found.get(each, empty) for each in nothing}

    RoundRobinPartitionAssignor.assign = classmethod(unfair)


FAULTS = {
    "haste": lambda: None,
    "blocked loop": block_the_loop,
    "fetching ended": end_fetching,
    "fetches lost": hold_fetches,
    "nothing assigned": give_all_to_one,
}

if "FAULT" in os.environ:
    hurry()
    FAULTS[os.environ["FAULT"]]()
