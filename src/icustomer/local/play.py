"""The demonstration's main part: send everything, and watch until all of it is accounted for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError
from icustomer.local.generator import Sent
from icustomer.local.outputs import Outputs
from icustomer.local.servers import EmbeddedKafka, EmbeddedRedis
from icustomer.local.tally import Tally
from icustomer.local.traffic import Traffic
from icustomer.local.worker import WorkerProcess

STEADY_DIVISOR = 20
STEADY_EVENTS = 1_000
"""The last twentieth of the events, at most so many, is sent at a steady rate: delays mean
something only while nothing waits in line."""
STEADY_RATE = 200.0
"""Events a second then: a middle-sized shop in a busy hour."""
WATCH_SECONDS = 0.05
"""Between two looks at how far the worker is."""
STALLED_SECONDS = 60.0
"""Without any progress for so long the demonstration gives up."""


class Stage(Struct, frozen=True):
    """Everything that runs."""

    worker: WorkerProcess
    settings: dict[str, str]
    """The worker's environment."""
    redis: EmbeddedRedis
    kafka: EmbeddedKafka
    topics: dict[Topic, str]
    """Short name to the topic's name."""


class Played(Struct, frozen=True):
    """What was seen meanwhile."""

    tally: Tally
    fast_events: int
    seconds: float
    """From the first output until all events sent at full speed were accounted for."""


async def play(stage: Stage, records: Sequence[Sent], console: Console) -> Played:
    """Send all records, read all outputs; return when everything is published and read.

    Done is told by the worker's log: the embedded Kafka does not keep the offsets that are
    committed within a transaction.
    """
    tally = Tally()
    fast_events = len(records) - min(STEADY_EVENTS, len(records) // STEADY_DIVISOR)
    async with Outputs(stage.kafka.address, stage.topics, tally) as outputs:
        with _progress(console) as progress:
            watch = _Watch(stage.worker, progress, len(records), outputs)
            traffic = Traffic(stage.kafka.address, stage.topics)
            fast = traffic.send_fast(records[:fast_events], stage.worker.log.count)
            await watch.until_accounted(fast, fast_events)
            fast_done = time.monotonic()
            note = _expectation(tally, records[:fast_events])
            steady = traffic.send_steadily(records[fast_events:], STEADY_RATE, note)
            await watch.until_accounted(steady, len(records))
        await outputs.drain()
    return Played(tally, fast_events, fast_done - (tally.first_output_at or fast_done))


def _expectation(tally: Tally, earlier: Sequence[Sent]) -> Callable[[Sent, float], None]:
    """Measures the delay of events that were not sent before."""
    known = {record.event_id for record in earlier}

    def note(record: Sent, sent_at: float) -> None:
        if record.event_id not in known:
            tally.expect(record.event_id, sent_at)

    return note


def _progress(console: Console) -> Progress:
    """A bar on a terminal, nothing elsewhere."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


class _Watch:
    """Reads outputs and follows the worker while something is being sent."""

    def __init__(
        self, worker: WorkerProcess, progress: Progress, total: int, outputs: Outputs
    ) -> None:
        self._worker = worker
        self._outputs = outputs
        self._progress = progress
        self._bar = progress.add_task("Matching", total=total)
        self._accounted = 0
        self._moved_at = time.monotonic()

    async def until_accounted(self, sending: Coroutine[Any, Any, None], target: int) -> None:
        """Send, and wait until the worker has accounted for `target` events in all."""
        tasks = [asyncio.create_task(sending), asyncio.create_task(self._outputs.follow())]
        try:
            while not tasks[0].done() or self._accounted < target:
                _raise_failures(tasks)
                self._look()
                await asyncio.sleep(WATCH_SECONDS)
            _raise_failures(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _look(self) -> None:
        """See how far the worker is; raise `OperatorError` if it ended or stands still."""
        self._worker.check()
        accounted, now = self._worker.log.count(), time.monotonic()
        if accounted > self._accounted:
            self._accounted, self._moved_at = accounted, now
            self._progress.update(self._bar, completed=accounted)
        elif now - self._moved_at > STALLED_SECONDS:
            raise OperatorError(
                f"The worker made no progress for {STALLED_SECONDS:.0f} s: "
                f"{self._worker.log.last_line or 'no log'}"
            )


def _raise_failures(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()
