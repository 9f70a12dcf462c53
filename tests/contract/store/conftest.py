"""The same stage for both stores: workers, a server to cut short, leases to let lapse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import pytest
import redis

from icustomer.store.fence import ok_fence
from icustomer.store.keys import SpaceKeys
from icustomer.store.limits import LEASE_SECONDS
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis
from icustomer.store.port import Checkpoint, Claim, Fence, Session, Store
from icustomer.store.redis import RedisStore
from servers.redis import RedisServer

CLAIM = Claim(7, "claim-nonce")
NOWHERE = Checkpoint("topic-1", {0: 0, 1: 0})


class World(Protocol):
    def store(self, space: str = "") -> Store: ...
    def flush(self) -> None: ...
    def lapse(self) -> None: ...
    def nearly_lapse(self) -> None: ...
    def let_wait(self, seconds: float) -> None: ...
    def fail_over(self) -> Fence: ...


class MemoryWorld:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.redis = MemoryRedis(lambda: self.now)

    def store(self, space: str = "") -> Store:
        return MemoryStore(self.redis, f"space{space}")

    def flush(self) -> None:
        """All data is lost."""
        self.redis.flush()

    def lapse(self) -> None:
        """All leases end."""
        self.now += LEASE_SECONDS

    def nearly_lapse(self) -> None:
        """Two thirds of a lease go by for a pending fence."""
        self.now += LEASE_SECONDS * 2 / 3

    def let_wait(self, seconds: float) -> None:
        """Time goes by for the outbox and the checkpoint."""
        self.now += seconds

    def fail_over(self) -> Fence:
        """The same data on another server; the fence as it stands there."""
        self.redis.restore(self.redis.snapshot(), "memory-2")
        return ok_fence("memory-1", CLAIM)


class RedisWorld:
    def __init__(self, url: str, space: str) -> None:
        self.url, self.space = url, space
        self.keys = SpaceKeys(space)
        self.client = redis.Redis.from_url(url)
        self.stores: list[RedisStore] = []

    def store(self, space: str = "") -> Store:
        self.stores.append(RedisStore(self.url, f"{self.space}{space}"))
        return self.stores[-1]

    def flush(self) -> None:
        for key in self.client.scan_iter(self.keys.everything, count=5_000):
            self.client.delete(key)

    def lapse(self) -> None:
        for slot, lease in self.client.hgetall(self.keys.slots).items():
            self.client.hset(self.keys.slots, slot, b"0" * 16 + lease[16:])
        if (self.client.get(self.keys.fence) or b"").startswith(b"pending"):
            self.client.delete(self.keys.fence)

    def nearly_lapse(self) -> None:
        left = self.client.pttl(self.keys.fence) - int(LEASE_SECONDS * 2_000 / 3)
        self.client.pexpire(self.keys.fence, max(left, 0))

    def let_wait(self, seconds: float) -> None:
        for entry_id in self.client.zrange(self.keys.times, 0, -1):
            self.client.zincrby(self.keys.times, -seconds * 1_000, entry_id)
        if self.client.exists(self.keys.checkpoint):
            self.client.hincrby(self.keys.checkpoint, "raised-at", -int(seconds * 1_000))

    def fail_over(self) -> Fence:
        fence = ok_fence("0123abcd.4567ef", CLAIM)
        self.client.set(self.keys.fence, fence.raw)
        return fence

    async def close(self) -> None:
        for store in self.stores:
            await store.close()
        for key in self.client.scan_iter(f"{{{self.space}*", count=5_000):
            self.client.unlink(key)
        self.client.close()


@pytest.fixture
def memory_world() -> MemoryWorld:
    return MemoryWorld()


@pytest.fixture
async def redis_world(redis_server: RedisServer, space: str) -> AsyncIterator[RedisWorld]:
    world = RedisWorld(redis_server.url, space)
    yield world
    await world.close()


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def world(request: pytest.FixtureRequest) -> World:
    return request.getfixturevalue(f"{request.param}_world")


@pytest.fixture
def store(world: World) -> Store:
    return world.store()


@pytest.fixture
async def session(store: Store) -> Session:
    """A worker that may write: the space is rebuilt from nothing, a slot is leased."""
    return await open_session(store, "first")


async def open_session(store: Store, nonce: str) -> Session:
    fence = await store.read_fence()
    if fence is None:
        assert await store.begin_rebuild("rebuilder")
        await store.wipe("rebuilder")
        fence = await store.finish_rebuild("rebuilder", CLAIM, NOWHERE)
    return Session(await store.lease_slot(nonce), nonce, fence)
