"""Random histories of three workers: the twins give the same answers and hold the same state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

import pytest

from contract.store.conftest import MemoryWorld, RedisWorld, World, open_session
from contract.store.samples import blob, ic, key, write
from icustomer.core.change import SHARED
from icustomer.store.port import Closure, Entry, Loaded, Published, Session, Store, Write

NAMES = [key(f"n{number}") for number in range(4)]
IDS = [ic(str(number)) for number in range(4)]
STEPS = 60

pytestmark = pytest.mark.redis


class Worker:
    """One worker on one of the twins; the same on the other makes the same choices."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store, self.session = store, session

    async def load(self, random: Random) -> object:
        return await self.store.load(random.sample(NAMES, 2), random.sample(IDS, 2))

    async def commit(self, random: Random) -> object:
        now = await self.store.load(NAMES, IDS)
        writes = [random_write(random, now) for _ in range(random.randint(1, 3))]
        return await self.store.commit(self.session, writes)

    async def prepare(self, random: Random) -> object:
        return await self.store.prepare(self.session, dict.fromkeys(random.sample(NAMES, 2), 3))

    async def settle(self, random: Random) -> object:
        now = await self.store.load(NAMES, IDS)
        versions = {name: random.choice([0, standing(now, name)]) for name in NAMES}
        return await self.store.settle(self.session, Published(versions, now.aliases))

    async def enter(self, random: Random) -> object:
        return await self.store.enter(self.session, random.sample(["w0", "w1", "w2"], 2))

    async def adopt(self, random: Random) -> object:
        entries = sorted(entry.entry_id for entry in await self.store.outbox())
        chosen = random.sample(entries, min(2, len(entries)))
        return await self.store.adopt(self.session, chosen)

    async def abandoned(self, _: Random) -> object:
        return await self.store.abandoned(self.session, 100)

    async def renew(self, _: Random) -> object:
        return await self.store.renew(self.session.slot, self.session.nonce)

    async def release(self, _: Random) -> object:
        return await self.store.release(self.session.slot, self.session.nonce)

    async def lease_slot(self, random: Random) -> object:
        return await self.store.lease_slot(self.session.nonce, random.sample(range(4), 2))


CALLS = [name for name in vars(Worker) if not name.startswith("_")]


def standing(now: Loaded, name: bytes) -> int:
    found = now.groups.get(name)
    return int(found[:16], 16) if found else 0


def random_write(random: Random, now: Loaded) -> Write:
    """Mostly of what stands, sometimes of what does not."""
    group, digest, customer_id = (random.choice(each) for each in (NAMES, NAMES, IDS))
    version = random.choice([standing(now, group)] * 3 + [1])
    link = random.choice([now.links[digest]] * 3 + [None])
    deleted = random.random() < 0.2
    return write(
        version + 1,
        read_groups={group: version},
        read_links={digest: link},
        groups={} if deleted else {group: blob(version + 1)},
        deleted=[group] if deleted else [],
        links={digest: random.choice([group, group, SHARED, None])},
        aliases={customer_id: random.choice([group, group, None])},
        index_added=[(digest, group)] if random.random() < 0.3 else [],
        index_removed=[(digest, group)] if random.random() < 0.3 else [],
        entry_groups=random.sample(NAMES, 2) if random.random() < 0.2 else None,
    )


def plain(answer: object) -> object:
    """Without order, and without the fence, which names the server."""
    match answer:
        case Loaded():
            return answer.links, answer.aliases, answer.groups
        case Closure():
            return plain(answer.entries), answer.groups, answer.aliases
        case list() if answer and isinstance(answer[0], Entry):
            return sorted(answer, key=lambda entry: entry.entry_id)
    return answer


async def play(world: World, seed: int, after_each: Callable[[object], Awaitable[None]]) -> None:
    random = Random(seed)
    workers = []
    for number in range(3):
        store = world.store()
        workers.append(Worker(store, await open_session(store, f"w{number}")))
    for _ in range(STEPS):
        if random.random() < 0.05:
            world.lapse()
        name, worker = random.choice(CALLS), random.choice(workers)
        answer = plain(await getattr(worker, name)(random))
        await after_each((name, answer, plain(await worker.store.outbox())))


@pytest.mark.parametrize("seed", range(12))
async def test_the_twins_agree(
    memory_world: MemoryWorld, redis_world: RedisWorld, seed: int
) -> None:
    told: list[object] = []

    async def note(seen: object) -> None:
        told.append(seen)

    await play(memory_world, seed, note)
    expected = iter(told)

    async def compare(seen: object) -> None:
        assert seen == next(expected), f"seed {seed}"

    await play(redis_world, seed, compare)
