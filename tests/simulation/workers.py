"""A worker's process in the simulation: the real worker, built as the application builds it,
with a subscriber that polls and a loop that tends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

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
from icustomer.store.memory_state import MemoryRedis
from icustomer.stream.memory import MemoryKafka, MemoryLog, MemorySubscriber
from icustomer.stream.memory_broker import State, Transaction
from icustomer.stream.port import InputRecord, OutputRecord, Ownership
from icustomer.stream.records import DeadLetter, RecordMaker, dead_letter
from icustomer.worker import Worker
from simulation.faults import Chance
from simulation.network import FaultyNetwork, FaultyStore, Life, PatientNetwork, Traffic
from simulation.stories import DAWN

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
MICROSECONDS = 1_000_000
DAWN_SECONDS = int(DAWN.timestamp())
LARGEST_LETTER = 1_000_000

_LETTERS = partial(dead_letter, names={topic: f"customer.{topic}" for topic in Topic})


class WatchedKafka(MemoryKafka):
    """Remembers the transactions in the order in which they were committed."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock=clock)
        self.commits: list[Transaction] = []

    def end(self, transactional_id: str, epoch: int, state: State) -> None:
        transaction = self._holder(transactional_id, epoch).transaction
        super().end(transactional_id, epoch, state)
        if transaction is not None and state is State.COMMITTED:
            self.commits.append(transaction)


class Cluster:
    """What all workers share: Kafka, Redis, the network and chance."""

    def __init__(self, chance: Chance) -> None:
        loop = asyncio.get_running_loop()
        self.chance = chance
        self.traffic = Traffic(chance)
        self.kafka = WatchedKafka(lambda: int((DAWN_SECONDS + loop.time()) * 1_000))
        self.redis = MemoryRedis(loop.time)
        self.group = self.kafka.group(GROUP)

    def now(self) -> int:
        """Microseconds."""
        return int((DAWN_SECONDS + asyncio.get_running_loop().time()) * MICROSECONDS)

    def nonce(self) -> str:
        return f"{KEYRING.fingerprint()}.{self.chance.random.getrandbits(64):016x}"


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
        self.life = Life()
        self._cluster = cluster
        self._ledger = ledger
        self._random = cluster.chance.random
        network = FaultyNetwork(self.life, cluster.traffic)
        patient = PatientNetwork(self.life, cluster.traffic)
        self.subscriber = MemorySubscriber(cluster.kafka, GROUP, name, patient)
        self.worker = _worker(cluster, network, ledger)
        self._tasks = [asyncio.ensure_future(self._consume())]

    def kill(self) -> None:
        """End it between two instructions: nothing is closed, nothing is given back."""
        self.life.end()
        for task in self._tasks:
            task.cancel()

    async def _consume(self) -> None:
        await self.worker.start()
        self._tasks.append(asyncio.ensure_future(self._tend()))
        while True:
            try:
                busy = await self.subscriber.step(self._handle, self._random.choice(BATCH_SIZES))
            except RetryError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not busy:
                await asyncio.sleep(self._random.uniform(0, 2 * IDLE_SECONDS))

    async def _handle(self, records: Sequence[InputRecord], ownership: Ownership) -> None:
        self._ledger.in_hand = len(records)
        self.life.busy = True
        try:
            await self.worker.handle(records, ownership)
        finally:
            self.life.busy = False

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_SECONDS)
            await self.worker.tend()


def _worker(cluster: Cluster, network: FaultyNetwork, observer: Observer) -> Worker:
    """As the application builds it, on the twins."""
    store = FaultyStore(MemoryStore(cluster.redis, SPACE), network)
    log = MemoryLog(cluster.kafka, space=SPACE, group=GROUP, network=network)
    rebuild = Rebuild(store, log, RULES, KEYRING)
    maker = RecordMaker(SPACE, RULES, KEYRING)
    return Worker(
        store=store,
        sessions=Sessions(store, log, rebuild, cluster.nonce, KEYRING.fingerprint(), observer),
        outbox=Outbox(store, log, maker, observer),
        intake=Intake(RULES, KEYRING, cluster.now),
        prepare=Prepare(RULES, KEYRING, maker),
        letters=_letter,
        observer=observer,
    )


def _letter(letter: DeadLetter) -> OutputRecord:
    return _LETTERS(letter, max_bytes=LARGEST_LETTER)
