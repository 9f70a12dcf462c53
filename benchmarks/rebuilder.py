"""What `benchmarks.rebuild` measures, each step in a process of its own.

    python -m benchmarks.rebuilder read|rebuild|catch-up

Settings come from the environment, as for `icustomer rebuild`; what it took goes to standard
output.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer
from msgspec import Struct

from icustomer.app import GC_THRESHOLDS, keyring_of, nonces
from icustomer.contracts.topics import Topic
from icustomer.core.rules import DEFAULT_RULES
from icustomer.kafka_access import connection
from icustomer.rebuild import Rebuild, Rebuilt
from icustomer.settings import Settings, load_settings
from icustomer.store.redis import RedisStore
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.log_reader import (
    Isolation,
    close_reader,
    open_reader,
    partitions_of,
    read_to_end,
)
from icustomer.stream.topics import topic_name

KIBIBYTE = 1 << 10
"""What Linux counts resident memory in."""


class Took(Struct, frozen=True):
    """What a step took."""

    done: int
    """Records that were read, or groups that were written."""
    way: str
    wall: float
    """Seconds, as the next."""
    cpu: float
    """User and system time of the process."""
    rss_before: int
    """Bytes of resident memory, at their peak until the step began."""
    rss_peak: int


async def read(settings: Settings) -> tuple[int, str]:
    """The whole changelog by the client alone, and nothing done with it."""
    reader: AIOKafkaConsumer = await open_reader(connection(settings), Isolation.COMMITTED)
    try:
        name = topic_name(settings.topic_prefix, Topic.IDENTITY_STATE)
        reader.assign(await partitions_of(reader, name))
        records = 0
        async for _ in read_to_end(reader):
            records += 1
    finally:
        await close_reader(reader)
    return records, ""


async def rebuild(settings: Settings) -> tuple[int, str]:
    """The state anew, whatever stands."""
    return await _rebuilt(settings, catch_up=False)


async def catch_up(settings: Settings) -> tuple[int, str]:
    """What a worker does when it finds another Redis than before."""
    return await _rebuilt(settings, catch_up=True)


async def _rebuilt(settings: Settings, *, catch_up: bool) -> tuple[int, str]:
    keyring = keyring_of(settings)
    store = RedisStore(settings.redis_url.get_secret_value(), settings.space)
    log = KafkaLog(
        connection(settings),
        space=settings.space,
        prefix=settings.topic_prefix,
        group=settings.consumer_group,
    )
    try:
        rebuild = Rebuild(store, log, DEFAULT_RULES, keyring)
        way = rebuild.catch_up if catch_up else rebuild.run
        rebuilt: Rebuilt = await way(nonces(keyring)())
    finally:
        await log.close()
        await store.close()
    return rebuilt.groups, str(rebuilt.way)


def _peak() -> int:
    """Of this program; `getrusage` tells the peak of whoever started it, if that was higher."""
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * KIBIBYTE


STEPS = {"read": read, "rebuild": rebuild, "catch-up": catch_up}


def main() -> None:
    """Do one step and tell what it took."""
    gc.set_threshold(*GC_THRESHOLDS)
    settings, step = load_settings(), STEPS[sys.argv[1]]
    before, cpu, wall = _peak(), time.process_time(), time.monotonic()
    done, way = uvloop.run(step(settings))
    took = Took(done, way, time.monotonic() - wall, time.process_time() - cpu, before, _peak())
    sys.stdout.buffer.write(msgspec.json.encode(took))


if __name__ == "__main__":
    main()
