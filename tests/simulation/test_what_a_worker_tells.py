"""What a worker says of its state while servers are new, cut or slow; time is simulated."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random

from icustomer.contracts.topics import Topic
from icustomer.intake import Intake
from icustomer.observer import Observer
from icustomer.outbox import OVERDUE_SECONDS, Known, Outbox
from icustomer.prepare import Prepare
from icustomer.rebuild import Rebuild
from icustomer.session import Sessions
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis
from icustomer.stream.memory import MemoryKafka, MemoryLog
from icustomer.stream.port import InputPartition, OutputRecord
from icustomer.stream.records import RecordMaker, Stories
from icustomer.worker import Worker
from simulation.loop import run
from simulation.workers import GROUP, KEYRING, RULES, SPACE

LETTER = OutputRecord(Topic.DEAD_LETTERS, None, b"{", ())


class Told(Observer):
    """Everything told, in its order."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def disturbed(self, error: Exception, _pause: float) -> None:
        self.words.append(f"disturbed: {error}")

    def catch_up_began(self, *, cut: bool) -> None:
        self.words.append("began, cut" if cut else "began, new")

    def catch_up_ended(self) -> None:
        self.words.append("ended")


class SlowLog(MemoryLog):
    """A Kafka that takes its time for a transaction."""

    seconds = 0.0

    async def publish(
        self, records: Sequence[OutputRecord], offsets: Mapping[InputPartition, int]
    ) -> int:
        await asyncio.sleep(self.seconds)
        return await super().publish(records, offsets)


class World:
    def __init__(self) -> None:
        self.redis = MemoryRedis(asyncio.get_running_loop().time)
        self.store = MemoryStore(self.redis, SPACE)
        self.log = SlowLog(MemoryKafka(), space=SPACE, group=GROUP)
        self.told = Told()
        self.maker = RecordMaker(SPACE, RULES, KEYRING)
        self.outbox = Outbox(self.store, self.log, self.maker, self.told)
        self.nonces = 0
        self.sessions = Sessions(
            self.store,
            self.log,
            Rebuild(self.store, self.log, RULES, KEYRING, self.told),
            self.nonce,
            KEYRING.fingerprint(),
            self.told,
        )
        self.worker = Worker(
            store=self.store,
            sessions=self.sessions,
            outbox=self.outbox,
            intake=Intake(RULES, KEYRING, lambda: 0),
            prepare=Prepare(RULES, KEYRING, self.maker),
            letters=lambda _: LETTER,
            observer=self.told,
        )

    def nonce(self) -> str:
        self.nonces += 1
        return f"{KEYRING.fingerprint()}.{self.nonces}"


def test_a_first_start_builds_the_space_and_alarms_nobody() -> None:
    async def story() -> list[str]:
        world = World()
        await world.worker.start()
        return world.told.words

    assert run(Random(0), story()) == ["began, new", "ended"]


def test_a_cut_is_told_and_the_worker_goes_on_by_itself() -> None:
    async def story() -> list[str]:
        world = World()
        await world.worker.start()
        world.told.words.clear()
        world.redis.flush()
        await world.worker.tend()
        await world.worker.tend()
        return world.told.words

    words = run(Random(0), story())
    assert words[-2:] == ["began, cut", "ended"]
    assert all(word.startswith("disturbed") for word in words[:-2])


def test_a_transaction_that_takes_long_is_told_while_it_lasts_and_once() -> None:
    async def story(seconds: float) -> list[str]:
        world = World()
        await world.worker.start()
        world.told.words.clear()
        session = await world.sessions.ready()
        world.log.seconds = seconds
        publishing = asyncio.ensure_future(
            world.outbox.publish(session, Known(), Stories(), [LETTER])
        )
        await asyncio.sleep(OVERDUE_SECONDS * 1.5)
        words = list(world.told.words)
        await publishing
        assert world.told.words == words
        return words

    (word,) = run(Random(0), story(2 * OVERDUE_SECONDS))
    assert "Kafka" in word
    assert run(Random(0), story(OVERDUE_SECONDS / 2)) == []
