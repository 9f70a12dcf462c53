"""The composition root: builds the worker from the settings, runs it, takes it down again."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import uvloop
from msgspec import Struct

from icustomer.circuit import Circuit
from icustomer.contracts.rules_loading import load_rules
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.errors import OperatorError, UnavailableError
from icustomer.guest_keeping import GuestKeeping
from icustomer.intake import Intake
from icustomer.kafka_access import connection
from icustomer.observer import Observer, Observers
from icustomer.ops.health import Health
from icustomer.ops.health_watch import leave_when_stuck, watch_topics
from icustomer.ops.http import serving
from icustomer.ops.http_worker import WorkerService
from icustomer.ops.lag import open_lag_reader
from icustomer.ops.loop_watchdog import LoopWatchdog
from icustomer.ops.metrics import Metrics
from icustomer.ops.metrics_lag import LagWatch
from icustomer.ops.reporting import LogObserver
from icustomer.ops.tracing import tracing_observer
from icustomer.outbox import Outbox
from icustomer.pace import Pace
from icustomer.prepare import Prepare
from icustomer.rebuild import Rebuild
from icustomer.session import Sessions
from icustomer.settings import Settings
from icustomer.store.port import Store
from icustomer.store.redis import RedisStore
from icustomer.stream.admin import open_admin
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.port import Log, OutputRecord
from icustomer.stream.records import DeadLetter, RecordMaker, dead_letter
from icustomer.stream.subscriber import Subscriber, SubscriberSettings
from icustomer.stream.topics import Difference, check, topic_name
from icustomer.supervisor_link import ParentLink
from icustomer.tasks import end
from icustomer.worker import GivenUpError, Worker

TEND_SECONDS = 3.0
"""Between two looks at the lease, at one's own outbox and at what the dead left behind; a
tenth of the lease."""
STOP_SECONDS = 28.0
"""From the signal to the end of the process, whatever is still open: orchestrators kill after
30."""
BATCH_SECONDS = 15.0
"""How much of it the batch in hand has; to close in order takes up to 10 when servers are away,
and the last spans up to 3 when their collector is."""
GC_THRESHOLDS = (50_000, 50, 50)
"""A batch makes tens of thousands of small objects that die together: collecting rarely saves
a quarter of the time."""
NONCE_BYTES = 8
FAILED = 1
"""Exit code of a process that something stopped, not somebody."""


class Parts(Struct):
    """What a worker is made of."""

    store: Store
    log: Log
    worker: Worker


def keyring_of(settings: Settings) -> Keyring:
    """The keyring of the space; SettingsError without a secret key."""
    return Keyring(settings.secret())


def nonces(keyring: Keyring) -> Callable[[], str]:
    """Makes nonces. Each begins with the key's fingerprint, so that the fence in Redis and the
    claim in the changelog tell which key the space was made with."""
    fingerprint = keyring.fingerprint()
    return lambda: f"{fingerprint}.{secrets.token_hex(NONCE_BYTES)}"


def microseconds() -> int:
    """The worker's own time; it only tells when a record was refused."""
    return time.time_ns() // 1_000


def build(settings: Settings, observer: Observer) -> Parts:
    """A worker with its store and its log; nothing is opened yet."""
    keyring = keyring_of(settings)
    rules = load_rules(settings.rules)
    store = RedisStore(
        settings.redis_url.get_secret_value(), settings.space, cluster=settings.redis_cluster
    )
    log = KafkaLog(
        connection(settings),
        space=settings.space,
        prefix=settings.topic_prefix,
        group=settings.consumer_group,
    )
    maker = RecordMaker(settings.space, rules, keyring)
    new_nonce = nonces(keyring)
    sessions = Sessions(
        store,
        log,
        Rebuild(store, log, rules, keyring, observer, Pace(settings.rules_pace)),
        new_nonce,
        keyring.fingerprint(),
        observer,
    )
    outbox = Outbox(store, log, maker, observer)
    prepare = Prepare(rules, keyring, maker)
    retention = settings.guest_retention // timedelta(microseconds=1)
    worker = Worker(
        store=store,
        sessions=sessions,
        outbox=outbox,
        intake=Intake(rules, keyring, microseconds),
        prepare=prepare,
        guests=GuestKeeping(store, log, prepare, outbox, retention, observer),
        letters=letter_maker(settings.topic_prefix, log.max_record_bytes(Topic.DEAD_LETTERS)),
        observer=observer,
        circuit=Circuit(settings.internal_error_share),
    )
    return Parts(store, log, worker)


def letter_maker(prefix: str, max_bytes: int) -> Callable[[DeadLetter], OutputRecord]:
    """Makes the records of dead letters."""
    names = {topic: topic_name(prefix, topic) for topic in Topic}
    return lambda letter: dead_letter(letter, names, max_bytes)


def run(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT. Raises `OperatorError` when nothing can go on."""
    gc.set_threshold(*GC_THRESHOLDS)
    uvloop.run(_run_alone(settings))


async def _run_alone(settings: Settings) -> None:
    """A worker that serves metrics and health itself, from its first moment to its last."""
    life = Life(settings)
    lag = LagWatch(lambda: open_lag_reader(settings))
    service = WorkerService(life.metrics, life.health, lag)
    async with serving(service, settings) as address, lag.running():
        life.log.serving(*address)
        await life.run()


def run_supervised(settings: Settings, link: ParentLink) -> None:
    """Run a worker that reports to its parent, until that or a signal ends it."""
    gc.set_threshold(*GC_THRESHOLDS)
    uvloop.run(_run_supervised(settings, link))


async def _run_supervised(settings: Settings, link: ParentLink) -> None:
    async with link.open():
        life = Life(settings)
        async with link.reporting(life.metrics, life.health, life.parent_gone):
            await life.run()


class Life:
    """One life of a worker process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.log = LogObserver(settings)
        self.metrics = Metrics()
        self.health = Health()
        self._tracing = tracing_observer(settings)
        listeners = (self.log, self.metrics, self.health, self._tracing)
        self._observer = Observers(*[each for each in listeners if each is not None])
        self._parts = build(settings, self._observer)
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """From the start to the end that a signal, the parent or a failure asks for."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop, signal.Signals(number).name)
        self.log.starting()
        with LoopWatchdog(self.log.hanging, FAILED).watching(loop):
            await self._until_stopped(self._await_topics())
            await self._until_stopped(self._start())
            try:
                if not self._stop.is_set():
                    await self._consume()
            finally:
                await self._end(loop)

    def parent_gone(self) -> None:
        """The parent has ended: nobody watches this worker any more."""
        self._asked_to_stop("parent gone")

    def _asked_to_stop(self, why: str) -> None:
        self.log.stopping(why)
        self._begin_to_stop()
        if not self._stop.is_set():
            asyncio.get_running_loop().call_later(STOP_SECONDS, self._give_up, os.EX_OK)
        self._stop.set()

    def _begin_to_stop(self) -> None:
        self.health.stopping()
        self._parts.worker.stopping = True

    async def _until_stopped(self, step: Coroutine[Any, Any, None]) -> None:
        """Do a step of the start, unless the process is told to stop meanwhile."""
        task = asyncio.ensure_future(step)
        stop = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not task.done():
            task.cancel()
        with suppress(asyncio.CancelledError, GivenUpError):
            await task

    async def _await_topics(self) -> None:
        """Kafka may still be away; topics that are missing are the operator's to create."""
        pause = 0.5
        while True:
            try:
                differences = await self._differences()
            except UnavailableError as error:
                self._observer.disturbed(error, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)
            else:
                _require_all(differences)
                self.health.looked_at_topics(differences)
                return

    async def _differences(self) -> list[Difference]:
        async with open_admin(connection(self._settings)) as admin:
            return await check(admin, self._settings.topic_prefix)

    async def _start(self) -> None:
        await self._parts.worker.start()
        gc.freeze()

    async def _consume(self) -> None:
        worker = self._parts.worker
        subscriber = Subscriber(
            self._subscriber_settings(),
            worker.handle,
            worker.recommit,
            self._observer.topic_made_again,
        )
        background = [
            asyncio.ensure_future(each)
            for each in (
                self._stop.wait(),
                self._tend(),
                _raise_failure(subscriber),
                subscriber.look_for_topics(),
                subscriber.look_at_offsets(),
                watch_topics(self._differences, self.health, self.log),
                leave_when_stuck(self.health),
            )
        ]
        try:
            await subscriber.start()
            self.health.consuming(lambda: subscriber.alive, lambda: subscriber.stand)
            self.log.ready()
            ended, _ = await asyncio.wait(background, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            self._begin_to_stop()
            await end(background)
            # A batch that hangs longer is read again by the next owner of its partitions.
            with suppress(TimeoutError):
                async with asyncio.timeout(BATCH_SECONDS):
                    await subscriber.stop()

    def _subscriber_settings(self) -> SubscriberSettings:
        return SubscriberSettings(
            connection=connection(self._settings),
            prefix=self._settings.topic_prefix,
            group=self._settings.consumer_group,
            max_records=self._settings.batch_records,
            session_timeout_ms=1_000 * self._settings.kafka_session_seconds,
        )

    async def _tend(self) -> None:
        pause = TEND_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = 0.0 if await self._parts.worker.tend() else TEND_SECONDS

    async def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close everything; what hangs (Kafka away) must not keep the process. Nobody asked to
        stop: then something failed, and the exit code has to tell it also when closing hangs."""
        watchdog = loop.call_later(STOP_SECONDS, self._give_up, FAILED)
        await self._parts.worker.close()
        await self._parts.log.close()
        await self._parts.store.close()
        if self._tracing is not None:
            # Beside the loop, on which the watchdog must be able to strike meanwhile.
            await asyncio.to_thread(self._tracing.close)
        watchdog.cancel()
        self.log.stopped()

    def _give_up(self, exit_code: int) -> None:
        self.log.forced()
        os._exit(exit_code)


def _require_all(differences: Sequence[Difference]) -> None:
    missing = [each["topic"] for each in differences if each["setting"] == "exists"]
    if missing:
        raise OperatorError(
            f"topics are missing in Kafka: {', '.join(sorted(missing))}; "
            "create them with: icustomer topics create"
        )


async def _raise_failure(subscriber: Subscriber) -> None:
    raise await subscriber.failed()
