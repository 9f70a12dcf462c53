"""A worker's process in the simulation: the real worker, built as the application builds it,
with a subscriber that polls and a loop that tends. It is driven step by step, so that it can
be struck wherever it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.core.keys import Keyring
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import OperatorError, RetryError
from icustomer.intake import Intake
from icustomer.observer import Observer, Report
from icustomer.outbox import Outbox
from icustomer.prepare import Prepare
from icustomer.rebuild import Rebuild
from icustomer.session import Sessions
from icustomer.store.memory import MemoryStore
from icustomer.stream.memory import MemoryLog, MemoryOwnership, MemorySubscriber
from icustomer.stream.port import InputRecord, OutputRecord
from icustomer.stream.records import DeadLetter, RecordMaker, dead_letter
from icustomer.worker import GivenUpError, Worker
from simulation.faults import Chance, Moment
from simulation.life import Life
from simulation.network import (
    FaultyNetwork,
    FaultyStore,
    PatientNetwork,
    ScriptNetwork,
    Traffic,
)
from simulation.places import chain_of, stepwise
from simulation.servers import WatchedKafka, WatchedRedis
from simulation.stories import DAWN
from simulation.strikes import Strikes

SPACE = "town"
GROUP = "icustomer"
RULES = DEFAULT_RULES
KEYRING = Keyring(bytes(range(32)))
TEND_SECONDS = 3.0
IDLE_SECONDS = 0.4
"""Between two polls that bring nothing."""
RETRY_SECONDS = 0.5
"""After a batch that was given up."""
BATCH_SIZES = (1, 3, 10)
CHECKPOINT_EVERY = 2
"""Renewals between two checkpoints: there must be some between two cuts."""
MICROSECONDS = 1_000_000
DAWN_SECONDS = int(DAWN.timestamp())
LARGEST_LETTER = 1_000_000

_LETTERS = partial(dead_letter, names={topic: f"customer.{topic}" for topic in Topic})


class Cluster:
    """What all workers share: Kafka, Redis, the network and chance."""

    def __init__(self, chance: Chance, story: list[str]) -> None:
        loop = asyncio.get_running_loop()
        self.chance = chance
        self.strikes = Strikes(chance, story)
        self.traffic = Traffic(chance, self.strikes)
        self.kafka = WatchedKafka(lambda: int((DAWN_SECONDS + loop.time()) * 1_000))
        self.redis = WatchedRedis(loop.time)
        self.group = self.kafka.group(GROUP)

    def nonce(self) -> str:
        return f"{KEYRING.fingerprint()}.{self.chance.random.getrandbits(64):016x}"


def clock_of(chance: Chance, name: str) -> Callable[[], int]:
    """The clock of one worker's host, in microseconds. It is wrong, and nothing may hang on it:
    so it is drawn apart from all other chances."""
    off = Random(f"clock {chance.plan.seed} {name}").uniform(-1, 1) * chance.plan.clocks_off
    loop = asyncio.get_running_loop()
    return lambda: int((DAWN_SECONDS + loop.time() + off) * MICROSECONDS)


class Ledger(Observer):
    """What the workers reported: batches that were done, and what went wrong meanwhile."""

    def __init__(self) -> None:
        self.done: list[tuple[int, Report]] = []
        """Records of the batch, and its report."""
        self.in_hand = 0
        self.bugs: list[str] = []
        """Errors that are nobody's fault but ours."""

    def batch_done(self, report: Report) -> None:
        self.done.append((self.in_hand, report))

    def disturbed(self, error: Exception, _pause: float) -> None:
        if not isinstance(error, RetryError):
            self.bugs.append(f"{type(error).__name__}: {error}")

    def fatal(self, error: OperatorError) -> None:
        self.bugs.append(f"{type(error).__name__}: {error}")

    def counted(self) -> dict[Outcome, int]:
        """Events by outcome over all batches."""
        totals = dict.fromkeys(Outcome, 0)
        for _, report in self.done:
            for (_, outcome), count in report.outcomes.items():
                totals[outcome] += count
        return totals


class Process:
    """One life of one worker."""

    def __init__(self, cluster: Cluster, name: str, ledger: Ledger) -> None:
        self.name = name
        self.life = Life(name)
        self._cluster = cluster
        self._ledger = ledger
        self._random = cluster.chance.random
        patient = PatientNetwork(self.life, cluster.traffic)
        self.subscriber = MemorySubscriber(cluster.kafka, GROUP, name, patient)
        self.worker, self._log = _worker(cluster, self.life, ledger)
        self._tending: asyncio.Task[None] | None = None
        self._consuming = asyncio.ensure_future(self._live())

    @property
    def stopping(self) -> bool:
        return self.worker.stopping

    def kill(self) -> None:
        """End it between two instructions: nothing is closed, nothing is given back."""
        self.life.end()
        for task in filter(None, (self._consuming, self._tending)):
            task.cancel()

    def stop(self) -> None:
        """Ask it to end in order."""
        self.worker.stopping = True

    async def _live(self) -> None:
        with suppress(GivenUpError):
            await self._steps(self.worker.start())
            self._tending = asyncio.ensure_future(self._tend())
            await self._consume()
        if self._tending:
            self._tending.cancel()
        await self.subscriber.leave()
        await self._steps(self.worker.close())
        await self._log.close()
        self.life.end()

    async def _consume(self) -> None:
        while not self.stopping:
            try:
                busy = await self.subscriber.step(self._handle, self._random.choice(BATCH_SIZES))
            except RetryError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not busy:
                await self._recommit()
                await asyncio.sleep(self._random.uniform(0, 2 * IDLE_SECONDS))

    async def _recommit(self) -> None:
        """A stale owner may have set committed offsets back to before what was handled."""
        group, member = self._cluster.group, self.subscriber
        handled = {
            place: position
            for place, position in member._positions.items()
            if group.committed.get(place, 0) < position
        }
        if handled:
            ownership = MemoryOwnership(group, member, member.generation)
            await self._steps(self.worker.recommit(handled, ownership))

    async def _handle(self, records: Sequence[InputRecord], ownership: MemoryOwnership) -> None:
        self._ledger.in_hand = len(records)
        self.life.busy = True
        try:
            await self._steps(self.worker.handle(records, ownership))
        finally:
            self.life.busy = False
        if ownership._generation != self._cluster.group.generation:
            self._cluster.strikes.coverage.stale_batches += 1

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_SECONDS)
            await self._steps(self.worker.tend())

    async def _steps(self, coroutine: Coroutine[Any, Any, None]) -> None:
        await stepwise(coroutine, self._waits)

    def _waits(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._cluster.strikes.at(self.life, Moment.WAITING, lambda: chain_of(coroutine))


def _worker(cluster: Cluster, life: Life, observer: Observer) -> tuple[Worker, MemoryLog]:
    """As the application builds it, on the twins."""
    store = MemoryStore(cluster.redis, SPACE)
    scripts = FaultyStore(store, cluster.redis, ScriptNetwork(life, cluster.traffic))
    network = FaultyNetwork(life, cluster.traffic)
    log = MemoryLog(cluster.kafka, space=SPACE, group=GROUP, network=network)
    rebuild = Rebuild(scripts, log, RULES, KEYRING, observer)
    maker = RecordMaker(SPACE, RULES, KEYRING)
    worker = Worker(
        store=scripts,
        sessions=Sessions(
            scripts,
            log,
            rebuild,
            cluster.nonce,
            KEYRING.fingerprint(),
            observer,
            checkpoint_every=CHECKPOINT_EVERY,
        ),
        outbox=Outbox(scripts, log, maker, observer),
        intake=Intake(RULES, KEYRING, clock_of(cluster.chance, life.name)),
        prepare=Prepare(RULES, KEYRING, maker),
        letters=_letter,
        observer=observer,
    )
    return worker, log


def _letter(letter: DeadLetter) -> OutputRecord:
    return _LETTERS(letter, max_bytes=LARGEST_LETTER)
