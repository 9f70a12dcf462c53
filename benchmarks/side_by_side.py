"""Events a second of workers that share one group, and what a customer costs in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import redis
from msgspec.structs import replace

from benchmarks.cases import Scale
from benchmarks.ground import Ground, wait_for_members
from benchmarks.measuring import running, together, wait_until_done
from benchmarks.preload import Customer
from benchmarks.stream import Popularity, Stream, events
from benchmarks.workers import Account
from icustomer.local.servers import EmbeddedRedis


def events_per_second(
    ground: Ground, workers: int, scale: Scale, customers: Iterator[Customer]
) -> float:
    """Of so many workers of icustomer on uniform customers. They wait before it is sent."""
    space = group = f"{ground.prefix}-of-{workers}"
    asyncio.run(ground.fill_space(space, customers))
    ground.place_group(group)
    label = f"workers/{workers}"
    stream = Stream(Popularity.UNIFORM, scale.customers, scale.events, scale.seed, label)
    load = list(events(stream))
    with ExitStack() as stack:
        settings = ground.settings(space, group)
        children = [
            stack.enter_context(running("benchmarks.workers", ("icustomer",), settings))
            for _ in range(workers)
        ]
        wait_for_members(ground.kafka, group, workers)
        ground.send(load)
        wait_until_done(ground, group, children)
        accounts = [child.told(Account) for child in children]
    ground.drop_space(space)
    return together(accounts)


def redis_bytes_per_customer(ground: Ground, customers: int, preload: Iterator[Customer]) -> float:
    """What a Redis that holds nothing else says it uses more, by customer."""
    with EmbeddedRedis() as server, redis.Redis.from_url(server.url) as client:
        before = client.info("memory")["used_memory"]
        asyncio.run(replace(ground, redis=server.url).fill_space("memory", preload))
        return float(client.info("memory")["used_memory"] - before) / customers
