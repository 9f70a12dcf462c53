"""A town's worker on the twins, and rebuilders that can be watched and struck."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from copy import copy, deepcopy
from enum import StrEnum
from functools import partial
from itertools import count
from random import Random
from typing import Any

from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import UnavailableError
from icustomer.intake import Intake
from icustomer.observer import Observer
from icustomer.outbox import Outbox
from icustomer.prepare import Prepare
from icustomer.rebuild import Rebuild, Rebuilt
from icustomer.session import Sessions
from icustomer.store.codec import encode
from icustomer.store.limits import LEASE_SECONDS
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis, Space
from icustomer.store.port import Store
from icustomer.stream.memory import MemoryKafka, MemoryLog, MemorySubscriber
from icustomer.stream.port import FROM_THE_BEGINNING, ChangelogRecord, Log
from icustomer.stream.records import RecordMaker, dead_letter
from icustomer.worker import Worker
from simulation.stories import Town

SPACE = "scene"
GROUP = "icustomer"
KEYRING = Keyring(bytes(range(32)))
MAKER = RecordMaker(SPACE, DEFAULT_RULES, KEYRING)
DAWN_SECONDS = 1_767_225_600
LARGEST_LETTER = 1_000_000
SECONDS_AN_EVENT = 1.0
TENDINGS = 20
"""More than any worker here needs to publish what others left."""

State = dict[str, Any]


class WatchedLog(MemoryLog):
    """Counts what is read of the changelog."""

    def __init__(self, kafka: MemoryKafka) -> None:
        super().__init__(kafka, space=SPACE, group=GROUP)
        self.read: list[int] = []
        """Records of each reading."""

    async def changelog(
        self, since: Mapping[int, int] = FROM_THE_BEGINNING
    ) -> AsyncIterator[ChangelogRecord]:
        self.read.append(0)
        async for record in super().changelog(since):
            self.read[-1] += 1
            yield record


class Told(Observer):
    """What a worker was disturbed by."""

    def __init__(self) -> None:
        self.disturbances: list[Exception] = []

    def disturbed(self, error: Exception, _pause: float) -> None:
        self.disturbances.append(error)


class Hand:
    """A worker's process: it reads what was sent and tends when it is told to."""

    def __init__(self, scene: Scene, name: str) -> None:
        self.told = Told()
        self.log = WatchedLog(scene.kafka)
        store, log = scene.store(), self.log
        self.sessions = Sessions(
            store,
            log,
            Rebuild(store, log, scene.rules, KEYRING),
            scene.nonce,
            KEYRING.fingerprint(),
            self.told,
            checkpoint_every=1,
        )
        self.worker = Worker(
            store=store,
            sessions=self.sessions,
            outbox=Outbox(store, log, scene.maker, self.told),
            intake=Intake(scene.rules, KEYRING, lambda: 0),
            prepare=Prepare(scene.rules, KEYRING, scene.maker),
            letters=partial(
                dead_letter,
                names={topic: f"customer.{topic}" for topic in Topic},
                max_bytes=LARGEST_LETTER,
            ),
            observer=self.told,
        )
        self._subscriber = MemorySubscriber(scene.kafka, GROUP, name)

    async def work(self, records: int = 5) -> None:
        """All that was sent, in batches of so many."""
        while await self._subscriber.step(self.worker.handle, records):
            pass

    async def leave(self) -> None:
        """End in order."""
        await self._subscriber.leave()
        await self.worker.close()


class Scene:
    """Servers, a town, and what stands."""

    def __init__(self, random: Random | None = None) -> None:
        self.rules = DEFAULT_RULES
        """Of the processes that are begun from now on."""
        self.seconds = 0.0
        self.redis = MemoryRedis(lambda: self.seconds)
        self.kafka = MemoryKafka(clock=lambda: int((DAWN_SECONDS + self.seconds) * 1_000))
        self._numbers = count()
        self._town = Town(random or Random("scene"), self._customer_ids)

    def nonce(self) -> str:
        return f"{KEYRING.fingerprint()}.{next(self._numbers)}"

    def store(self) -> MemoryStore:
        return MemoryStore(self.redis, SPACE)

    def send(self, events: int) -> None:
        """So many messages of the town, some of them no events."""
        for _ in range(events):
            self.seconds += SECONDS_AN_EVENT
            message = self._town.next(self.seconds)
            self.kafka.produce(
                message.topic, message.key, message.value, timestamp=message.timestamp
            )

    async def hand(self, name: str = "first") -> Hand:
        """A worker that is ready."""
        hand = Hand(self, name)
        await hand.worker.start()
        return hand

    async def live(self, hand: Hand, events: int) -> None:
        """Events are sent and handled, and the checkpoint is raised in between."""
        for _ in range(2):
            self.send(events // 2)
            await hand.work()
            await hand.worker.tend()

    async def settle(self, name: str = "sweeper") -> Hand:
        """A worker that publishes all that anybody left."""
        self.seconds += LEASE_SECONDS + 1
        hand = await self.hand(name)
        for _ in range(TENDINGS):
            await hand.worker.tend()
            if not self.space.outbox:
                break
        assert not self.space.outbox, "entries are left"
        return hand

    # -- cuts ------------------------------------------------------------------------------

    def restart(self) -> None:
        """Redis comes back with all its data, as another server."""
        self.redis.restore(self.redis.snapshot(), self._identity())

    def flush(self) -> None:
        self.redis.flush(self._identity())

    def _identity(self) -> str:
        return f"memory-{next(self._numbers)}"

    # -- rebuilders ------------------------------------------------------------------------

    async def catch_up(self) -> tuple[Rebuilt, list[int]]:
        """What a catch-up did, and how much it read each time."""
        log = WatchedLog(self.kafka)
        return await self.rebuilder(log=log).catch_up(self.nonce()), log.read

    def rebuilder(self, store: Store | None = None, log: Log | None = None) -> Rebuild:
        return Rebuild(store or self.store(), log or WatchedLog(self.kafka), self.rules, KEYRING)

    def struck(self, strikes: Strikes) -> Rebuild:
        """A rebuilder, one of whose calls fails."""
        plain = self.rebuilder()
        return self.rebuilder(Struck(plain._store, strikes), Struck(plain._log, strikes))

    @property
    def maker(self) -> RecordMaker:
        """Makes records under the rules."""
        return RecordMaker(SPACE, self.rules, KEYRING)

    async def publish(self, *groups: Group) -> None:
        """Append groups to the changelog behind everybody's back."""
        await self.publish_records({each.id: (each.version, encode(each)) for each in groups})

    async def publish_records(self, values: Mapping[bytes, tuple[int, bytes | None]]) -> None:
        """Likewise versions and blobs, by group ID; None: a tombstone."""
        log = WatchedLog(self.kafka)
        await log.initialise(0)
        records = [MAKER.changelog(each, blob, version) for each, (version, blob) in values.items()]
        await log.publish(records, {})

    # -- what stands -----------------------------------------------------------------------

    @property
    def space(self) -> Space:
        return self.redis.space(SPACE)

    def state(self) -> State:
        """Groups and all that leads to them."""
        return state_of(self.space)

    async def state_from_the_log(self) -> State:
        """What the whole changelog makes of an empty store, elsewhere."""
        redis = MemoryRedis(lambda: 0.0)
        log = WatchedLog(copied(self.kafka))
        await self.rebuilder(MemoryStore(redis, SPACE), log).run("alone")
        return state_of(redis.space(SPACE))

    def last(self, topic: Topic) -> dict[bytes, Any]:
        """The last record of each key that is no tombstone. A profile without the courtesy of
        telling what led to it."""
        found: dict[bytes, Any] = {}
        for record in self.kafka.records(topic):
            found[record.key or b""] = record.value
        standing = {key: value for key, value in found.items() if value and len(key) != CLAIM}
        return {key: _plain(topic, value) for key, value in standing.items()}

    def _customer_ids(self) -> list[str]:
        return sorted(key.decode() for key in self.last(Topic.PROFILES))


CLAIM = len(b"claim")


def _plain(topic: Topic, value: bytes) -> Any:
    if topic is not Topic.PROFILES:
        return value
    document: dict[str, Any] = json.loads(value)
    return {name: told for name, told in document.items() if name != "change"}


def state_of(space: Space) -> State:
    """As values of its own, to be compared later on."""
    return {
        "groups": dict(space.groups),
        "links": dict(space.links),
        "aliases": dict(space.aliases),
        "indexes": {digest: set(index) for digest, index in space.indexes.items() if index},
    }


def copied(kafka: MemoryKafka) -> MemoryKafka:
    """A cluster that goes on by itself from what stands in this one, where nothing is open."""
    twin = copy(kafka)
    twin._logs = {place: copy(log) for place, log in kafka._logs.items()}
    for log in twin._logs.values():
        log.stored = list(log.stored)
    twin._producers, twin._groups = deepcopy(kafka._producers), deepcopy(kafka._groups)
    twin._lives = dict(kafka._lives)
    return twin


class StruckError(BaseException):
    """The process was killed: nothing is tidied up."""


def died() -> BaseException:
    return StruckError()


def lost() -> BaseException:
    return UnavailableError("no answer")


class When(StrEnum):
    """At which side of a call the fault is."""

    BEFORE = "before it is carried out"
    AFTER = "after it was carried out"


class Strikes:
    """Lets so many calls through and has the next one fail."""

    def __init__(self, calls: int, error: Callable[[], BaseException], when: When) -> None:
        self._left = calls
        self._error = error
        self._when = when
        self.struck = False

    def before(self) -> bool:
        """Count a call; whether it is to fail afterwards. Raises if it is to fail at once."""
        self._left -= 1
        if self._left >= 0 or self.struck:
            return False
        self.struck = True
        if self._when is When.BEFORE:
            raise self._error()
        return True

    def after(self) -> None:
        raise self._error()


class Struck:
    """A store or a log, one of whose calls fails."""

    def __init__(self, inner: Any, strikes: Strikes) -> None:
        self._inner = inner
        self._strikes = strikes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name == "changelog":
            return partial(self._reading, method)

        async def call(*arguments: Any) -> Any:
            fails = self._strikes.before()
            answer = await method(*arguments)
            if fails:
                self._strikes.after()
            return answer

        return call

    async def _reading(self, method: Any, *arguments: Any) -> AsyncIterator[ChangelogRecord]:
        fails = self._strikes.before()
        async for record in method(*arguments):
            yield record
        if fails:
            self._strikes.after()
