"""`icustomer demo`: the real worker on embedded servers, fed with people of known truth."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.local.figures import DemoFigures
from icustomer.local.generator import Generated, generate
from icustomer.local.guide import print_guide
from icustomer.local.judge import Judgement, judge
from icustomer.local.play import STEADY_RATE, Played, Stage, play
from icustomer.local.report import print_figures
from icustomer.local.servers import EmbeddedKafka, EmbeddedRedis
from icustomer.local.story import tell
from icustomer.local.tally import percentile
from icustomer.local.worker import COMMAND, WorkerProcess

SPACE = "demo"
TOPIC_PREFIX = "customer"
SIGNALLED = 128
"""Shells tell the end by a signal as this and the signal's number."""
KEPT_SECONDS = 1.0
"""Between two looks at a worker that is kept running."""


class Afterwards(StrEnum):
    """What becomes of servers and worker when the report is printed."""

    STOP = "stop"
    KEEP = "keep"
    """They run on until interrupted."""


class DemoOptions(Struct, frozen=True):
    """What the demonstration shall do."""

    events: int = 20_000
    seed: int = 1
    afterwards: Afterwards = Afterwards.STOP
    command: Sequence[str] = COMMAND
    """The worker to run."""


def run_demo(options: DemoOptions, console: Console) -> DemoFigures:
    """Start servers and worker, send the events, judge the result and print the report.

    Raises `OperatorError` if a server does not start, or if the worker ends or makes no
    progress; everything that was started is stopped again in any case.
    """
    console.print(f"Generating {options.events:,} events (seed {options.seed}) ...")
    generated = generate(options.seed, options.events)
    with ExitStack() as stack:
        _unwind_when_terminated(stack)
        stage = _set_up(stack, options)
        console.print(
            f"Kafka in memory at {stage.kafka.address}, Redis from {stage.redis.origin}; "
            "one worker is matching ..."
        )
        played = asyncio.run(play(stage, generated.records, console))
        keyring = Keyring(bytes.fromhex(stage.settings["ICUSTOMER_SECRET_KEY"]))
        judgement = judge(stage.redis.url, SPACE, generated.records, keyring)
        figures = _figures(stage, generated, played, judgement)
        print_figures(figures, console)
        if options.afterwards is Afterwards.KEEP:
            print_guide(stage.settings, figures.story, console)
            with suppress(KeyboardInterrupt):
                asyncio.run(_keep(stage.worker))
    return figures


def _unwind_when_terminated(stack: ExitStack) -> None:
    """Let SIGTERM end the demonstration as Ctrl-C does: with everything stopped."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(SIGNALLED + number)

    stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, leave))


def _set_up(stack: ExitStack, options: DemoOptions) -> Stage:
    kafka = stack.enter_context(EmbeddedKafka())
    topics = {topic: f"{TOPIC_PREFIX}.{topic}" for topic in Topic}
    kafka.make_topics(list(topics.values()))
    redis = stack.enter_context(EmbeddedRedis())
    settings = _settings(kafka.address, redis.url, options.seed)
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="icustomer-demo-")))
    worker = stack.enter_context(WorkerProcess(settings, directory, options.command))
    return Stage(worker, settings, redis, kafka, topics)


def _settings(kafka: str, redis: str, seed: int) -> dict[str, str]:
    """Environment of the worker. The key comes of the seed: the same seed, the same IDs."""
    return {
        "ICUSTOMER_KAFKA_SERVERS": kafka,
        # The mock cluster writes the markers of transactions with a wrong checksum.
        "ICUSTOMER_KAFKA_CHECK_CRCS": "false",
        # Nor does it know offsets that a transaction committed: a worker that a busy machine kept
        # from answering, and that was taken for dead, would read all from the beginning.
        "ICUSTOMER_KAFKA_SESSION_SECONDS": "60",
        "ICUSTOMER_REDIS_URL": redis,
        "ICUSTOMER_SPACE": SPACE,
        "ICUSTOMER_TOPIC_PREFIX": TOPIC_PREFIX,
        "ICUSTOMER_SECRET_KEY": hashlib.sha256(f"icustomer demo {seed}".encode()).hexdigest(),
        # Nobody asks a demonstration for figures, and it must not stand in a real worker's way.
        "ICUSTOMER_HTTP_PORT": "0",
        "ICUSTOMER_LOG_FORMAT": "json",
        "ICUSTOMER_LOG_LEVEL": "info",
    }


async def _keep(worker: WorkerProcess) -> None:
    """Wait until interrupted, or until the worker ends."""
    while True:
        worker.check()
        await asyncio.sleep(KEPT_SECONDS)


def _figures(
    stage: Stage, generated: Generated, played: Played, judgement: Judgement
) -> DemoFigures:
    tally, log = played.tally, stage.worker.log
    return DemoFigures(
        seed=generated.seed,
        events=len(generated.records),
        people=generated.people,
        seconds=played.seconds,
        fast_events=played.fast_events,
        steady_rate=STEADY_RATE,
        delay_p50=percentile(tally.delays, 0.5),
        delay_p99=percentile(tally.delays, 0.99),
        outcomes=dict(log.outcomes),
        dead_letters=dict(log.dead_letters),
        customers=judgement.customers,
        guests=judgement.guests,
        changes=tally.count_changes(),
        pairs=judgement.pairs,
        plain=judgement.plain,
        story=tell(tally.current(), tally.changes.values()),
        redis_origin=stage.redis.origin,
    )
