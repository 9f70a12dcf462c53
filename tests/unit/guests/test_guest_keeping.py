"""The sweep of a whole worker on the twins: what it waits for, and what it publishes."""

from __future__ import annotations

import json
from functools import partial

from icustomer.contracts.topics import Topic
from icustomer.core.rules import DEFAULT_RULES
from icustomer.guest_keeping import GuestKeeping
from icustomer.intake import Intake
from icustomer.observer import Observer
from icustomer.outbox import Outbox
from icustomer.prepare import Prepare
from icustomer.rebuild import Rebuild
from icustomer.session import Sessions
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis
from icustomer.stream.memory import MemoryKafka, MemoryLog, MemorySubscriber
from icustomer.stream.port import InputRecord
from icustomer.stream.records import RecordMaker, dead_letter
from icustomer.worker import Worker
from worlds.observations import KEYRING

DAWN_MS = 1_767_225_600_000
DAY_MS = 86_400_000
MONTH = 30 * DAY_MS * 1_000
PUBLISHED_AT = (DAWN_MS + 99 * DAY_MS) * 1_000
"""By the worker's clock."""
SPACE, GROUP = "space", "group"


class Told(Observer):
    """Adds up who went."""

    def __init__(self) -> None:
        self.expired = 0

    def guests_expired(self, count: int) -> None:
        self.expired += count


class House:
    """One worker that keeps guests, and its servers."""

    def __init__(self, retention: int = MONTH, former: House | None = None) -> None:
        """`former`: whose servers they are."""
        dawn = DAWN_MS / 1_000 + 400 * 86_400
        self.redis = former.redis if former else MemoryRedis(lambda: 0.0, dawn=dawn)
        self.kafka = former.kafka if former else MemoryKafka(clock=lambda: DAWN_MS)
        self.store = MemoryStore(self.redis, SPACE)
        log = MemoryLog(self.kafka, space=SPACE, group=GROUP)
        maker = RecordMaker(SPACE, DEFAULT_RULES, KEYRING)
        told = self.told = Told()
        prepare = Prepare(DEFAULT_RULES, KEYRING, maker)
        outbox = Outbox(self.store, log, maker, told, lambda: PUBLISHED_AT)
        self.keeping = GuestKeeping(self.store, log, prepare, outbox, retention, told)
        nonces = (f"{KEYRING.fingerprint()}.{retention}.{number}" for number in range(9))
        rebuild = Rebuild(self.store, log, DEFAULT_RULES, KEYRING)
        self.worker = Worker(
            store=self.store,
            sessions=Sessions(
                self.store, log, rebuild, lambda: next(nonces), KEYRING.fingerprint(), told
            ),
            outbox=outbox,
            intake=Intake(DEFAULT_RULES, KEYRING, lambda: 0),
            prepare=prepare,
            letters=partial(dead_letter, names={each: each for each in Topic}, max_bytes=9_999),
            observer=told,
            guests=self.keeping,
        )
        self._subscriber = MemorySubscriber(self.kafka, GROUP, "member")

    def order(self, day: int, email: str) -> None:
        event = {
            "event_id": f"e{day}{email}",
            "occurred_at": "2026-01-01T00:00:00Z",
            "source": "shop",
            "order_id": email,
            "status": "placed",
            "guest": True,
            "email": email,
        }
        at = DAWN_MS + day * DAY_MS
        self.kafka.produce(Topic.ORDERS, b"key", json.dumps(event).encode(), (), at)

    async def work(self) -> None:
        await self.worker.start()
        while await self._subscriber.step(self.worker.handle):
            pass

    def tombstones(self) -> list[bytes]:
        """Times of those that the profiles end with."""
        last = {each.key: each for each in self.kafka.records(Topic.PROFILES)}
        return [dict(each.headers)["ce_time"] for each in last.values() if each.value is None]

    def erased(self) -> list[str]:
        told = self.kafka.records(Topic.IDENTITY_CHANGES)
        changes = [json.loads(each.value or b"{}") for each in told]
        return [each["customer_id"] for each in changes if each["type"] == "erased"]


async def test_what_is_unread_holds_the_clock_back() -> None:
    house = House()
    house.order(0, "a@x.example")
    await house.work()
    house.order(1, "b@x.example")
    house.keeping.saw([InputRecord(Topic.ORDERS, 9, 0, DAWN_MS + 31 * DAY_MS, None, None, ())])
    await house.worker.tend()
    assert await house.store.clock() == (DAWN_MS + DAY_MS) * 1_000
    assert house.erased() == []
    await house.work()
    await house.worker.tend()
    assert await house.store.clock() == (DAWN_MS + 31 * DAY_MS) * 1_000
    assert len(house.erased()) == 2


async def test_an_end_is_published_once_with_a_tombstone_and_settled() -> None:
    house = House()
    house.order(0, "a@x.example")
    house.order(31, "b@x.example")
    await house.work()
    for _ in range(3):
        await house.worker.tend()
    (gone,) = house.erased()
    profiles = [each for each in house.kafka.records(Topic.PROFILES) if each.key == gone.encode()]
    assert [each.value is None for each in profiles] == [False, True]
    assert dict(profiles[1].headers)["ce_time"] == b"2026-01-31T00:00:00Z"
    changelog = {each.key: each.value for each in house.kafka.records(Topic.IDENTITY_STATE)}
    assert all(b"a@x.example" not in (value or b"") for value in changelog.values())
    assert await house.store.outbox() == []
    assert house.told.expired == 1


async def test_a_guest_who_goes_because_a_record_came_later_is_counted_too() -> None:
    house = House()
    house.order(0, "a@x.example")
    await house.work()
    house.order(31, "a@x.example")
    await house.work()
    assert len(house.erased()) == 1
    assert house.told.expired == 1


async def test_who_goes_since_guests_are_not_kept_any_more_goes_at_the_time_of_that() -> None:
    house = House()
    house.order(0, "a@x.example")
    house.order(1, "b@x.example")
    await house.work()
    assert house.tombstones() == []
    later = House(retention=0, former=house)
    later.order(2, "c@x.example")
    await later.work()
    await later.worker.tend()
    # Nothing is left that could remember when.
    assert later.tombstones() == [b"2026-04-10T00:00:00Z"] * 2


async def test_a_record_from_the_future_ends_nobodys_time_beyond_the_stores_own() -> None:
    house = House()
    house.redis.dawn = DAWN_MS / 1_000 + 86_400
    house.order(0, "a@x.example")
    house.order(30_000, "b@x.example")
    await house.work()
    await house.worker.tend()
    assert await house.store.clock() == (DAWN_MS + DAY_MS) * 1_000
    assert house.erased() == []
