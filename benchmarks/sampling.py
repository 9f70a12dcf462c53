"""Where a worker's CPU time goes: it looks at the stack every millisecond of CPU time.

Unlike a tracing profiler it does not slow many small calls down more than few large ones.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import msgspec
import uvloop
from msgspec import Struct, field

import icustomer
from benchmarks.workers import Account, live
from icustomer.app import GC_THRESHOLDS
from icustomer.ops.logs import configure_logging
from icustomer.settings import load_settings

INTERVAL_SECONDS = 0.001
"""CPU time between two looks."""

STAGES = (
    ("icustomer/intake.py", "take", "decode"),
    ("icustomer/store/redis.py", "load", "load"),
    ("icustomer/store/redis.py", "commit", "commit"),
    ("icustomer/store/redis.py", "prepare", "publish: closure"),
    ("icustomer/store/codec.py", "decode", "groups: decode"),
    ("icustomer/store/codec.py", "encode", "groups: encode"),
    ("icustomer/core/fold", "", "profiles: fold"),
    ("icustomer/stream/records.py", "", "profiles: records"),
    ("icustomer/core/", "", "resolve"),
    ("icustomer/stream/batches.py", "pack", "publish: pack"),
    ("icustomer/stream/producers.py", "complete", "publish: transaction"),
    ("icustomer/outbox.py", "publish", "publish: rest"),
    ("icustomer/outbox.py", "settle", "settle"),
    ("icustomer/worker.py", "handle", "worker: rest"),
    ("icustomer/stream/subscriber.py", "_handle", "subscriber"),
    ("aiokafka/producer/", "", "Kafka client: sending"),
    ("aiokafka/consumer/", "", "Kafka client: reading"),
    ("aiokafka/", "", "Kafka client: rest"),
    ("faststream/", "", "FastStream"),
)
"""Part of a file's path, function (empty: any), stage. Of the frames of a stack the first rule
that fits any of them counts, so what is further in stands first."""
PACKAGE = f"{Path(icustomer.__file__).parent}/"
ELSEWHERE = "event loop and others"


class Sampled(Struct):
    """What was seen between the first and the last event done."""

    account: Account = field(default_factory=Account)
    by_stage: dict[str, int] = field(default_factory=Counter)
    by_function: dict[str, int] = field(default_factory=Counter)
    """`stage | innermost function of icustomer`."""


class Sampler:
    """Looks at the stack from the first mark on."""

    def __init__(self) -> None:
        self.sampled = Sampled()

    def start(self) -> None:
        """Begin to look."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)

    def forget(self) -> None:
        """What was seen before the first event was done is start-up."""
        self.sampled.by_stage.clear()
        self.sampled.by_function.clear()

    def _look(self, _: int, frame: FrameType | None) -> None:
        stack = list(_stack(frame))
        stage = stage_of(stack)
        ours = next((each for each in stack if each[0].startswith(PACKAGE)), stack[0])
        self.sampled.by_stage[stage] += 1
        self.sampled.by_function[f"{stage} | {_shown(*ours)}"] += 1


def _stack(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """File and function, the innermost first."""
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_code.co_qualname
        frame = frame.f_back


def stage_of(stack: list[tuple[str, str]]) -> str:
    """The stage to which a stack belongs."""
    for path, function, stage in STAGES:
        for file, name in stack:
            if path in file and (not function or name.rpartition(".")[2] == function):
                return stage
    return ELSEWHERE


def _shown(file: str, function: str) -> str:
    place = (
        file.removeprefix(PACKAGE) if file.startswith(PACKAGE) else "/".join(file.split("/")[-2:])
    )
    return f"{place}:{function}"


class _Account(Account):
    """Tells the sampler when the first event is done."""

    sampler: Sampler | None = None

    def done(self, events: int) -> None:
        super().done(events)
        if len(self.marks) == 1 and self.sampler:
            self.sampler.forget()


def main() -> None:
    """Run icustomer's worker as `workers` does, and look at it."""
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    gc.set_threshold(*GC_THRESHOLDS)
    sampler = Sampler()
    account = _Account(sampler=sampler)
    sampler.start()
    uvloop.run(live("icustomer", settings, account))
    signal.setitimer(signal.ITIMER_PROF, 0)
    sampler.sampled.account = Account(account.marks, account.stages, account.outcomes)
    sys.stdout.buffer.write(msgspec.json.encode(sampler.sampled))


if __name__ == "__main__":
    main()
