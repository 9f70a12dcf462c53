"""The workers that are compared, each in a process of its own until it is told to stop.

    python -m benchmarks.workers icustomer

Settings come from the environment, as for `icustomer run`. On SIGTERM the marks go to standard
output: after each batch the time, the CPU time of the process, and the events done so far.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import redis.asyncio
import uvloop
from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker
from msgspec import Struct, field

from icustomer.app import GC_THRESHOLDS, Life, build
from icustomer.contracts.events import Event, Order, Signup, Support
from icustomer.contracts.topics import Topic
from icustomer.kafka_access import connection
from icustomer.observer import Observer, Observers, Report
from icustomer.ops.http import serving
from icustomer.ops.http_worker import WorkerService
from icustomer.ops.lag import open_lag_reader
from icustomer.ops.logs import configure_logging
from icustomer.ops.metrics_lag import LagWatch
from icustomer.settings import Settings, load_settings
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.port import InputRecord, OutputRecord, Ownership
from icustomer.stream.producers import MAX_BATCH_BYTES
from icustomer.stream.subscriber import STOP_SECONDS, Handler, Subscriber, SubscriberSettings
from icustomer.stream.topics import topic_name

PASSED = Topic.PROFILES
"""Where the pass-through workers write: they need one output, and this one is there."""
SLOT = 0
"""Transactional slot of the pass-through that uses transactions."""
ONE_AT_A_TIME_COMMIT_MS = 500
"""The client's own commits in the naive worker, which leaves them to it."""
MODELS: dict[Topic, type[Event]] = {
    Topic.SIGNUPS: Signup,
    Topic.ORDERS: Order,
    Topic.SUPPORT: Support,
}


class Mark(Struct, array_like=True):
    """Where a worker stood after a batch."""

    at: int
    """Monotonic clock, nanoseconds."""
    cpu: int
    """User and system time of the process, nanoseconds."""
    events: int
    """Done since the start."""


class Account(Struct):
    """What a worker tells when it ends."""

    marks: list[Mark] = field(default_factory=list)
    stages: dict[str, int] = field(default_factory=dict)
    """Nanoseconds by stage, waiting included; icustomer only."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """Events by outcome; icustomer only."""

    def done(self, events: int) -> None:
        """So many more are done."""
        before = self.marks[-1].events if self.marks else 0
        self.marks.append(Mark(time.monotonic_ns(), time.process_time_ns(), before + events))


class Marking(Observer):
    """Keeps the account of a real worker."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def batch_done(self, report: Report) -> None:
        stages, outcomes = self._account.stages, self._account.outcomes
        for span in report.spans:
            stages[span.stage] = stages.get(span.stage, 0) + span.ended - span.started
        for (_, outcome), count in report.outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + count
        self._account.done(len(report.records))


class _MarkedLife(Life):
    """The life of a real worker, one more observer listening."""

    def __init__(self, settings: Settings, account: Account) -> None:
        super().__init__(settings)
        self._observer = Observers(self._observer, Marking(account))
        self._parts = build(settings, self._observer)


async def icustomer(settings: Settings, account: Account) -> None:
    """The real thing, all that `icustomer run` does: log, metrics, health and lag included."""
    life = _MarkedLife(settings, account)
    lag = LagWatch(lambda: open_lag_reader(settings))
    service = WorkerService(life.metrics, life.health, lag)
    async with serving(service, settings), lag.running():
        await life.run()


@asynccontextmanager
async def pass_through(settings: Settings, account: Account) -> AsyncIterator[None]:
    """Validates each record and passes it on by `send`; commits after the batch."""
    producer = AIOKafkaProducer(
        **connection(settings).aiokafka_options(),
        acks="all",
        enable_idempotence=True,
        max_batch_size=MAX_BATCH_BYTES,
    )
    await producer.start()
    name = topic_name(settings.topic_prefix, PASSED)

    async def handle(records: Sequence[InputRecord], _: Ownership) -> None:
        futures = []
        for record in records:
            _validated(record)
            futures.append(await producer.send(name, record.value, record.key))
        await asyncio.gather(*futures)
        await subscriber._subscriber.consumer.commit()  # noqa: SLF001
        account.done(len(records))

    async with _subscribed(settings, handle) as subscriber:
        yield
    await producer.stop()


@asynccontextmanager
async def transactional_pass_through(settings: Settings, account: Account) -> AsyncIterator[None]:
    """The same by icustomer's own transactions, offsets included."""
    log = KafkaLog(
        connection(settings),
        space=settings.space,
        prefix=settings.topic_prefix,
        group=settings.consumer_group,
    )
    await log.initialise(SLOT)

    async def handle(records: Sequence[InputRecord], _: Ownership) -> None:
        passed = []
        offsets = {}
        for record in records:
            _validated(record)
            passed.append(OutputRecord(PASSED, record.key, record.value, ()))
            offsets[record.topic, record.partition] = record.offset + 1
        await log.publish(passed, offsets)
        account.done(len(records))

    async with _subscribed(settings, handle):
        yield
    await log.close()


@asynccontextmanager
async def naive(settings: Settings, account: Account) -> AsyncIterator[None]:
    """What one writes in an afternoon: message by message, a profile as JSON under its e-mail
    address, the customer's events added to it."""
    broker = KafkaBroker(settings.kafka_servers, graceful_timeout=STOP_SECONDS, logger=None)
    store = redis.asyncio.Redis.from_url(settings.redis_url.get_secret_value())
    output = topic_name(settings.topic_prefix, PASSED)

    def subscribe(topic: Topic, model: type[Event]) -> None:
        @broker.subscriber(
            topic_name(settings.topic_prefix, topic),
            group_id=settings.consumer_group,
            auto_offset_reset="earliest",
            auto_commit_interval_ms=ONE_AT_A_TIME_COMMIT_MS,
        )
        async def handle(event: model) -> None:  # type: ignore[valid-type] # FastStream reads it
            await _keep(event, store, broker, settings.space, output)
            account.done(1)

    for topic, model in MODELS.items():
        subscribe(topic, model)
    await broker.start()
    yield
    await broker.stop()
    await store.aclose()


async def _keep(
    event: Event, store: redis.asyncio.Redis, broker: KafkaBroker, space: str, output: str
) -> None:
    key = f"{{{space}}}:naive:{event.email}"
    stored = await store.get(key)
    profile = msgspec.json.decode(stored) if stored else {"orders": {}, "tickets": {}}
    profile["email"], profile["phone"] = event.email, event.phone
    profile["name"] = event.name.model_dump() if event.name else None
    if isinstance(event, Order):
        profile["orders"][event.order_id] = event.status
    elif isinstance(event, Support):
        profile["tickets"][event.ticket_id] = event.status
    profile["event_id"] = event.event_id
    written = msgspec.json.encode(profile)
    await store.set(key, written)
    await broker.publish(written, output, key=str(event.email).encode())


def _validated(record: InputRecord) -> Event:
    return MODELS[record.topic].model_validate_json(record.value or b"")


@asynccontextmanager
async def _subscribed(settings: Settings, handle: Handler) -> AsyncIterator[Subscriber]:
    """The batch subscriber of icustomer, for all but the naive worker."""
    subscriber = Subscriber(
        SubscriberSettings(
            connection=connection(settings),
            prefix=settings.topic_prefix,
            group=settings.consumer_group,
            max_records=settings.batch_records,
        ),
        handle,
    )
    await subscriber.start()
    try:
        yield subscriber
    finally:
        await subscriber.stop()


COMPARED = {
    "pass_through": pass_through,
    "transactional_pass_through": transactional_pass_through,
    "naive": naive,
}


async def live(name: str, settings: Settings, account: Account) -> None:
    """Run a worker until SIGTERM, keeping its account."""
    if name == "icustomer":
        await icustomer(settings, account)
        return
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with COMPARED[name](settings, account):
        gc.freeze()
        await stop.wait()


def main() -> None:
    """Run the worker that the command line names."""
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    gc.set_threshold(*GC_THRESHOLDS)
    account = Account()
    uvloop.run(live(sys.argv[1], settings, account))
    sys.stdout.buffer.write(msgspec.json.encode(account))


if __name__ == "__main__":
    main()
