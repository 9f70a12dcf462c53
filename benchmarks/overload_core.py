"""The hot loop under overload, without servers: what it does for each event, and what it writes.

    python -m benchmarks.overload_core [COUNT] [CASE ...]

Decodes, resolves, encodes and makes records as a worker does, over dictionaries.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from rich.console import Console

from benchmarks.overload_events import CASES, overload
from benchmarks.people import Event
from benchmarks.stream import Popularity, Stream, events
from icustomer.app import GC_THRESHOLDS
from icustomer.contracts.topics import Topic
from icustomer.core.change import SHARED
from icustomer.core.keys import Keyring
from icustomer.core.observation import Item
from icustomer.core.resolve import needed
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.intake import Intake
from icustomer.prepare import Prepare, Prepared
from icustomer.store.port import Loaded, Write
from icustomer.stream.port import InputRecord
from icustomer.stream.records import RecordMaker

BATCH = 500
"""Records of a full batch."""
WINDOWS = 6
"""Of a run, each with a figure of its own: what grows shows."""
RECEIVED_MS = 1_767_225_600_000
"""Kafka timestamp of all records: after all that they tell of."""
TOLD_OFTEN = 10
"""Events of a customer in the ordinary stream."""
KEYRING = Keyring(bytes(range(32)))

Given = TypeVar("Given")


class Core:
    """Keeps in dictionaries what Redis and the topics would hold."""

    def __init__(self, rules: Rules = DEFAULT_RULES) -> None:
        self.links: dict[bytes, bytes] = {}
        self.groups: dict[bytes, bytes] = {}
        self.profiles: dict[str, bytes] = {}
        """The last record of each customer."""
        self.outcomes: Counter[str] = Counter()
        self.written_bytes = 0
        """Of groups and profiles."""
        self._ends: Counter[tuple[Topic, int]] = Counter()
        self._intake = Intake(rules, KEYRING, lambda: 0)
        self._prepare = Prepare(rules, KEYRING, RecordMaker("overload", rules, KEYRING))

    def handle(self, batch: Sequence[Event]) -> None:
        """Work off a batch."""
        taken = self._intake.take([self._record(event) for event in batch])
        self.outcomes.update(f"dead_lettered {letter.reason}" for letter in taken.dead)
        nothing = [()] * len(taken.items)
        for prepared in self._prepare.changes(1, self._loaded(taken.items), taken.items, nothing):
            self.outcomes.update(str(verdict.outcome) for verdict in prepared.verdicts)
            self._keep(prepared)

    @property
    def shared(self) -> int:
        """Identifiers that are marked."""
        return sum(1 for link in self.links.values() if link == SHARED)

    def _record(self, event: Event) -> InputRecord:
        place = event.topic, event.partition
        self._ends[place] += 1
        return InputRecord(*place, self._ends[place], RECEIVED_MS, event.key, event.value, ())

    def _loaded(self, items: Sequence[Item]) -> Loaded:
        links = {digest: self.links.get(digest) for digest in needed(items)[0]}
        groups = {link: self.groups.get(link) for link in links.values() if link and link != SHARED}
        return Loaded(None, links, {}, groups)

    def _keep(self, prepared: Prepared) -> None:
        for rendered in prepared.rendered:
            for customer_id, record in rendered.profiles.items():
                if record.value is not None:
                    self.profiles[customer_id] = record.value
                    self.written_bytes += len(record.value)
        if prepared.write:
            self._write(prepared.write)

    def _write(self, write: Write) -> None:
        self.groups |= write.groups
        self.written_bytes += sum(map(len, write.groups.values()))
        for group_id in write.deleted:
            del self.groups[group_id]
        for digest, link in write.links.items():
            if link is None:
                self.links.pop(digest, None)
            else:
                self.links[digest] = link


def ordinary(count: int) -> Iterator[Event]:
    """Events of a company that nothing is wrong with."""
    customers = max(1, count // TOLD_OFTEN)
    return events(Stream(Popularity.UNIFORM, customers, count, seed=4_711, label="ordinary"))


def portions(whole: Iterable[Given], size: int) -> Iterator[list[Given]]:
    """Lists of so many, the last one perhaps shorter."""
    each = iter(whole)
    while portion := list(islice(each, size)):
        yield portion


def measured(stream: Sequence[Event]) -> tuple[Core, list[float], float]:
    """The run, microseconds of CPU an event by window, and milliseconds of the worst batch."""
    core, windows, worst = Core(), [], 0.0
    batches = list(portions(stream, BATCH))
    for window in portions(batches, max(1, len(batches) // WINDOWS)):
        began = time.process_time()
        for batch in window:
            before = time.process_time()
            core.handle(batch)
            worst = max(worst, time.process_time() - before)
        windows.append((time.process_time() - began) * 1e6 / sum(map(len, window)))
    return core, windows, worst * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=6_000)
    parser.add_argument("cases", nargs="*", default=["ordinary", *CASES])
    told = parser.parse_args()
    gc.set_threshold(*GC_THRESHOLDS)
    console = Console()
    for name in told.cases:
        stream = ordinary(told.count) if name == "ordinary" else overload(name, told.count)
        core, windows, worst = measured(list(stream))
        console.print(
            f"{name:30}us an event {' '.join(f'{each:5.0f}' for each in windows)}; "
            f"worst batch {worst:.0f} ms; {len(core.groups):,} groups, "
            f"largest {max(map(len, core.groups.values())):,} B, "
            f"profile {max(map(len, core.profiles.values())):,} B; {core.shared} shared; "
            f"written {core.written_bytes / told.count:,.0f} B an event; {dict(core.outcomes)}",
            soft_wrap=True,
            highlight=False,
        )


if __name__ == "__main__":
    main()
