"""From the moment an event is due to be sent to the moment a subscriber has what it led to.

Events are sent by the clock, whether or not earlier ones came through, and each latency counts
from the scheduled time: a system that holds the sender up cannot hide it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from math import ceil

import msgspec
from confluent_kafka import Consumer, TopicPartition
from msgspec import Struct, field

from benchmarks.ground import Ground, reader_of, wait_for_members
from benchmarks.measuring import running
from benchmarks.people import PARTITIONS, STREAM_SHARES, Event
from benchmarks.workers import PASSED, Account
from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError

WARM_SECONDS = 2.0
"""Load before the first event that counts."""
POLL_SECONDS = 0.1
LATE_SECONDS = 30.0
"""An event that is not there so long after the last was sent is missing."""
NANOSECONDS = 1_000_000_000


class _Change(Struct):
    event_ids: tuple[str, ...] = ()


class _Output(Struct):
    """As much of an event, or of a profile, as tells which events it is about."""

    event_id: str = ""
    change: _Change = field(default_factory=_Change)


_output = msgspec.json.Decoder(_Output).decode


def through_worker(
    ground: Ground, worker: str, space: str, load: Sequence[Event], rate: int
) -> list[float]:
    """Latencies in milliseconds through a worker."""
    group = f"{space}-{worker}"
    ground.place_group(group)
    with running("benchmarks.workers", (worker,), ground.settings(space, group)) as child:
        wait_for_members(ground.kafka, group, 1)
        latencies = _latencies(ground, (PASSED,), load, rate)
        child.told(Account)
    return latencies


def hop(ground: Ground, load: Sequence[Event], rate: int) -> list[float]:
    """Latencies in milliseconds from the sender to a reader of the inputs, nobody between."""
    return _latencies(ground, tuple(STREAM_SHARES), load, rate)


def _latencies(
    ground: Ground, topics: Sequence[Topic], load: Sequence[Event], rate: int
) -> list[float]:
    with reader_of(ground.kafka, f"{ground.prefix}-latency") as reader:
        _assign(reader, [ground.name(topic) for topic in topics])
        due: dict[str, int] = {}
        sender = threading.Thread(target=_send, args=(ground, load, rate, due))
        sender.start()
        seen = _read(reader, {event.event_id for event in load}, len(load) / rate)
        sender.join()
    counted = load[ceil(WARM_SECONDS * rate) :]
    return [(seen[each.event_id] - due[each.event_id]) / 1e6 for each in counted]


def _assign(reader: Consumer, names: Iterable[str]) -> None:
    """Read from the end of all partitions, and make sure of it before anything is sent."""
    places = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
    for place in places:
        place.offset = reader.get_watermark_offsets(place)[1]
    reader.assign(places)


def _send(ground: Ground, load: Sequence[Event], rate: int, due: dict[str, int]) -> None:
    """Each event at its time; `due` gets the times by event ID."""
    start = time.monotonic_ns()
    for number, event in enumerate(load):
        at = start + number * NANOSECONDS // rate
        due[event.event_id] = at
        time.sleep(max(0, at - time.monotonic_ns()) / NANOSECONDS)
        ground.send_soon(event)
    ground.sender.flush()


def _read(reader: Consumer, missing: set[str], seconds: float) -> dict[str, int]:
    """When each event's effect was first seen, by event ID."""
    seen: dict[str, int] = {}
    deadline = time.monotonic() + seconds + LATE_SECONDS
    while missing:
        message = reader.poll(POLL_SECONDS)
        if message is None or message.error():
            if time.monotonic() > deadline:
                raise OperatorError(f"{len(missing)} events had no effect within {LATE_SECONDS} s")
            continue
        at = time.monotonic_ns()
        output = _output(message.value() or b"{}")
        for event_id in (output.event_id, *output.change.event_ids):
            if event_id in missing:
                missing.discard(event_id)
                seen[event_id] = at
    return seen


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)]
