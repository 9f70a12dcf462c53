"""What a customer costs in Redis, in bytes and in time: group, links, alias, outbox and scripts.

    python -m benchmarks.store_cost redis://localhost:6379/0

Writes a space of its own and deletes it again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from random import Random
from typing import TypeVar

import redis

from benchmarks.synthetic_groups import group_of_events
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import DEFAULT_RULES
from icustomer.store.codec import decode, encode
from icustomer.store.keys import SpaceKeys
from icustomer.store.port import Claim, Published, Restored, Session, Write
from icustomer.store.redis import RedisStore
from icustomer.store.restore import restored

SPACE = "benchmark-store-cost"
CUSTOMERS = 5_000
BATCH = 500
SEED = 4_711
T = TypeVar("T")


def customers(keyring: Keyring) -> Iterator[Group]:
    """Customers of one facet, three identifiers and nine events: a signup, six orders with
    items and shipping, two tickets."""
    random = Random(SEED)  # noqa: S311 - the same figures on every run
    while True:
        yield group_of_events(random, keyring)


def founding(group: Group, blob: bytes, parts: Restored) -> Write:
    """The commit of a new customer."""
    return Write(
        read_groups={group.id: 0},
        read_links=dict.fromkeys(parts.links),
        groups={group.id: blob},
        deleted=[],
        links=dict(parts.links),
        index_added=[],
        index_removed=[],
        aliases=dict.fromkeys(parts.aliases, group.id),
        version=group.version,
        entry_groups=[group.id],
        entry_ids=list(parts.aliases),
    )


class Stopwatch:
    """Time by name, in microseconds a customer."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    async def measure(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        start = time.perf_counter()
        answer = await call()
        self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - start
        return answer

    def lines(self) -> Iterator[str]:
        for name, seconds in self.seconds.items():
            yield f"{name:10} {seconds / CUSTOMERS * 1e6:7.1f} us a customer"


async def play(url: str, groups: list[Group], keyring: Keyring, watch: Stopwatch) -> None:
    """Batches of new customers: load, commit, prepare, settle."""
    store = RedisStore(url, SPACE)
    await store.begin_rebuild("benchmark")
    await store.wipe("benchmark")
    fence = await store.finish_rebuild("benchmark", Claim(1, "benchmark"), [])
    session = Session(await store.lease_slot("benchmark"), "benchmark", fence)
    for start in range(0, CUSTOMERS, BATCH):
        await _batch(store, session, groups[start : start + BATCH], keyring, watch)
    await store.close()


async def _batch(
    store: RedisStore, session: Session, groups: list[Group], keyring: Keyring, watch: Stopwatch
) -> None:
    blobs = [encode(group) for group in groups]
    parts = [
        restored(group, blob, DEFAULT_RULES, keyring)
        for group, blob in zip(groups, blobs, strict=True)
    ]
    links = [digest for part in parts for digest in part.links]
    writes = [founding(*each) for each in zip(groups, blobs, parts, strict=True)]
    await watch.measure("load", lambda: store.load(links, []))
    committed = await watch.measure("commit", lambda: store.commit(session, writes))
    versions = {group.id: group.version for group in groups}
    closure = await watch.measure("prepare", lambda: store.prepare(session, versions))
    published = Published(versions, closure.aliases)
    remaining = await watch.measure("settle", lambda: store.settle(session, published))
    if not all(committed) or remaining:
        raise RuntimeError("the benchmark's own commits did not stand")


def memory(url: str) -> Iterator[str]:
    """Bytes a customer of each kind of key, as MEMORY USAGE tells, and all in all."""
    totals: dict[str, int] = {}
    with redis.Redis.from_url(url) as client:
        names = list(client.scan_iter(SpaceKeys(SPACE).everything, count=5_000))
        for name in names:
            kind = name.split(b":")[1].decode()
            totals[kind] = totals.get(kind, 0) + client.memory_usage(name)
        client.unlink(*names)
    customers_only = {kind: totals[kind] for kind in ("group", "link", "alias")}
    for kind, size in customers_only.items():
        yield f"{kind:10} {size / CUSTOMERS:7.0f} bytes a customer"
    yield f"{'all':10} {sum(customers_only.values()) / CUSTOMERS:7.0f} bytes a customer"


def codec(groups: list[Group]) -> Iterator[str]:
    """Time and size of the codec alone."""
    start = time.process_time()
    blobs = [encode(group) for group in groups]
    middle = time.process_time()
    for blob in blobs:
        decode(blob)
    end = time.process_time()
    yield f"{'encode':10} {(middle - start) / len(groups) * 1e6:7.1f} us CPU a group"
    yield f"{'decode':10} {(end - middle) / len(groups) * 1e6:7.1f} us CPU a group"
    yield f"{'blob':10} {sum(map(len, blobs)) / len(blobs):7.0f} bytes"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="a Redis to write to")
    url = parser.parse_args().url
    keyring = Keyring(b"benchmark" * 4)
    groups = list(islice(customers(keyring), CUSTOMERS))
    watch = Stopwatch()
    asyncio.run(play(url, groups, keyring, watch))
    for line in (*codec(groups), *watch.lines(), *memory(url)):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
