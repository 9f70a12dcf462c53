"""A worker on the twins, whose code can be made to fail at will."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from icustomer.circuit import Circuit
from icustomer.contracts.topics import Topic
from icustomer.core.guests import EVERYBODY_STAYS, Guests
from icustomer.core.keys import Keyring
from icustomer.core.observation import Item
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import OperatorError
from icustomer.intake import Intake
from icustomer.isolation import Fault
from icustomer.observer import Observer, Report
from icustomer.outbox import Outbox
from icustomer.prepare import Prepare, Prepared
from icustomer.rebuild import Rebuild
from icustomer.session import Sessions
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis, Space
from icustomer.store.port import Loaded
from icustomer.stream.memory import MemoryKafka, MemoryLog, MemorySubscriber
from icustomer.stream.memory_broker import Stored
from icustomer.stream.port import Headers
from icustomer.stream.records import RecordMaker, dead_letter
from icustomer.worker import Worker

SPACE = "workshop"
GROUP = "icustomer"
NOW = 1_750_000_000_000
"""Milliseconds."""
LARGEST_LETTER = 1_000_000
TRIES = 50

Fails = Callable[[Sequence[str]], None]
"""Gets the event IDs of what is worked out, and raises what the code shall raise."""


class Fragile(Prepare):
    """`Prepare` that fails as it is told."""

    fails: Fails = staticmethod(lambda _: None)

    def changes(
        self,
        epoch: int,
        loaded: Loaded,
        items: Sequence[Item],
        headers: Sequence[Headers],
        guests: Guests = EVERYBODY_STAYS,
    ) -> list[Prepared]:
        self.fails([item.event_id for item in items])
        return super().changes(epoch, loaded, items, headers, guests)


class Told(Observer):
    """What the worker told."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.faults: list[Fault] = []
        self.disturbances: list[Exception] = []
        self.fatalities: list[OperatorError] = []

    def batch_done(self, report: Report) -> None:
        self.reports.append(report)

    def internal_error(self, fault: Fault) -> None:
        self.faults.append(fault)

    def disturbed(self, error: Exception, _pause: float) -> None:
        self.disturbances.append(error)

    def fatal(self, error: OperatorError) -> None:
        self.fatalities.append(error)


class Workshop:
    """One worker, its servers, and what it was told."""

    def __init__(
        self,
        fails: Fails = lambda _: None,
        circuit: Circuit | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        keyring = keyring or Keyring(bytes(range(32)))
        self.redis = MemoryRedis(lambda: 0.0)
        self.kafka = MemoryKafka(clock=lambda: NOW)
        self.told = Told()
        store = MemoryStore(self.redis, SPACE)
        log = MemoryLog(self.kafka, space=SPACE, group=GROUP)
        maker = RecordMaker(SPACE, DEFAULT_RULES, keyring)
        prepare = Fragile(DEFAULT_RULES, keyring, maker)
        prepare.fails = fails
        nonces = (f"{keyring.fingerprint()}.{number}" for number in range(TRIES))
        rebuild = Rebuild(store, log, DEFAULT_RULES, keyring)
        self.worker = Worker(
            store=store,
            sessions=Sessions(
                store, log, rebuild, lambda: next(nonces), keyring.fingerprint(), self.told
            ),
            outbox=Outbox(store, log, maker, self.told),
            intake=Intake(DEFAULT_RULES, keyring, lambda: NOW * 1_000),
            prepare=prepare,
            letters=partial(
                dead_letter,
                names={topic: f"customer.{topic}" for topic in Topic},
                max_bytes=LARGEST_LETTER,
            ),
            observer=self.told,
            circuit=circuit,
        )
        self._subscriber = MemorySubscriber(self.kafka, GROUP, "member")

    def send(self, *events: dict[str, object], topic: Topic = Topic.SIGNUPS) -> None:
        for event in events:
            self.kafka.produce(topic, b"key", json.dumps(event).encode(), (), NOW)

    async def work(self) -> None:
        """Handle all that was sent, in one batch."""
        await self.worker.start()
        assert await self._subscriber.step(self.worker.handle, 10_000)

    @property
    def space(self) -> Space:
        return self.redis.space(SPACE)

    def state(self) -> tuple[dict[bytes, bytes], dict[bytes, bytes], dict[str, bytes]]:
        """Groups, links and aliases."""
        return self.space.groups, self.space.links, self.space.aliases

    def letters(self) -> dict[str, dict[str, str]]:
        """The headers of each dead letter, by event ID."""
        return {
            json.loads(stored.value or b"{}")["event_id"]: _headers(stored)
            for stored in self.kafka.records(Topic.DEAD_LETTERS)
        }

    def published(self, topic: Topic) -> list[tuple[bytes | None, bytes | None]]:
        return [(stored.key, stored.value) for stored in self.kafka.records(topic)]

    def committed(self) -> int:
        """Offsets committed, over all partitions."""
        return sum(self.kafka.group(GROUP).committed.values())


def _headers(stored: Stored) -> dict[str, str]:
    return {name: (value or b"").decode() for name, value in stored.headers}


def signup(event_id: str, email: str = "", **more: object) -> dict[str, object]:
    return {
        "event_id": event_id,
        "occurred_at": "2025-06-15T12:00:00Z",
        "source": "web",
        "email": email or f"{event_id}@example.org",
        **more,
    }


def at(*poison: str, error: type[Exception] = KeyError) -> Fails:
    """Fails wherever one of the events is."""

    def fails(event_ids: Iterable[str]) -> None:
        found = sorted(set(poison) & set(event_ids))
        if found:
            raise error(f"a word of the sender's in {found[0]}")

    return fails
