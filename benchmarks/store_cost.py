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
from icustomer.store.port import Checkpoint, Claim, Directions, Published, Session, Write
from icustomer.store.redis import RedisStore
from icustomer.store.restore import directions_to

SPACE = "benchmark-store-cost"
CUSTOMERS = 40_000
"""Buckets of links are filled by many: with few customers they would look dear."""
BATCH = 500
SEED = 4_711
T = TypeVar("T")


def customers(keyring: Keyring) -> Iterator[Group]:
    """Customers of one facet, three identifiers and nine events: a signup, six orders with
    items and shipping, two tickets."""
    random = Random(SEED)  # noqa: S311 - the same figures on every run
    while True:
        yield group_of_events(random, keyring)


def founding(group: Group, blob: bytes, parts: Directions) -> Write:
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
    """CPU time by name, in microseconds a customer: of this process and of Redis."""

    def __init__(self, server: redis.Redis) -> None:
        self._server = server
        self.client: dict[str, float] = {}
        self.redis: dict[str, float] = {}

    async def measure(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        before, start = self._server_seconds(), time.process_time()
        answer = await call()
        end = time.process_time()
        self.client[name] = self.client.get(name, 0) + end - start
        self.redis[name] = self.redis.get(name, 0) + self._server_seconds() - before
        return answer

    def _server_seconds(self) -> float:
        told = self._server.info("cpu")
        return told["used_cpu_user"] + told["used_cpu_sys"]

    def lines(self, customers: int) -> Iterator[str]:
        for name, seconds in self.client.items():
            client, server = (each / customers * 1e6 for each in (seconds, self.redis[name]))
            yield f"{name:10} {client:7.1f} us CPU a customer, and {server:5.1f} of Redis"


async def play(
    url: str, groups: Iterator[Group], keyring: Keyring, watch: Stopwatch
) -> list[Group]:
    """Batches of new customers: load, commit, prepare, settle, and load again; the last batch."""
    store = RedisStore(url, SPACE)
    await store.begin_rebuild("benchmark")
    await store.wipe("benchmark")
    fence = await store.finish_rebuild("benchmark", Claim(1, "benchmark"), Checkpoint("", {}))
    session = Session(await store.lease_slot("benchmark"), "benchmark", fence)
    last: list[Group] = []
    while batch := list(islice(groups, BATCH)):
        await _batch(store, session, batch, keyring, watch)
        last = batch
    await store.close()
    return last


async def _batch(
    store: RedisStore, session: Session, groups: list[Group], keyring: Keyring, watch: Stopwatch
) -> None:
    blobs = [encode(group) for group in groups]
    parts = [directions_to(group, DEFAULT_RULES, keyring) for group in groups]
    links = [digest for part in parts for digest in part.links]
    writes = [founding(*each) for each in zip(groups, blobs, parts, strict=True)]
    await watch.measure("load new", lambda: store.load(links, []))
    committed = await watch.measure("commit", lambda: store.commit(session, writes))
    versions = {group.id: group.version for group in groups}
    closure = await watch.measure("prepare", lambda: store.prepare(session, versions))
    published = Published(versions, closure.aliases)
    remaining = await watch.measure("settle", lambda: store.settle(session, published))
    if not all(committed) or remaining:
        raise RuntimeError("the benchmark's own commits did not stand")
    await watch.measure("load known", lambda: store.load(links, []))


def memory(client: redis.Redis, customers: int) -> Iterator[str]:
    """Bytes a customer of each kind of key, as MEMORY USAGE tells, and all in all."""
    totals: dict[str, int] = {}
    names = list(client.scan_iter(SpaceKeys(SPACE).everything, count=5_000))
    for name in names:
        kind = name.split(b":")[1].decode()
        totals[kind] = totals.get(kind, 0) + client.memory_usage(name, samples=0)
    client.unlink(*names)
    of_customers = {kind: totals[kind] for kind in ("group", "links", "aliases")}
    for kind, size in of_customers.items():
        yield f"{kind:10} {size / customers:7.0f} bytes a customer"
    yield f"{'all':10} {sum(of_customers.values()) / customers:7.0f} bytes a customer"


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
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="how many there are")
    arguments = parser.parse_args()
    keyring = Keyring(b"benchmark" * 4)
    groups = islice(customers(keyring), arguments.customers)
    with redis.Redis.from_url(arguments.url) as client:
        watch = Stopwatch(client)
        last = asyncio.run(play(arguments.url, groups, keyring, watch))
        count = arguments.customers
        for line in (*codec(last), *watch.lines(count), *memory(client, count)):
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
