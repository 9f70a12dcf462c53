"""The way in: raw records to items to resolve, and dead letters with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from icustomer.contracts.decode import decode
from icustomer.contracts.observe import observe
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.observation import Item, Origin
from icustomer.core.rules import Rules
from icustomer.isolation import Fault, blames_a_record, fault_of, rejection_of
from icustomer.stream.port import InputPartition, InputRecord
from icustomer.stream.records import DeadLetter

MILLISECOND = 1_000
"""Microseconds in a millisecond, the unit of Kafka timestamps."""


class Batch(Struct):
    """A batch on its way: what was understood, what was not, and where it ends."""

    records: list[InputRecord] = field(default_factory=list)
    """The record of each of `items`."""
    items: list[Item] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """Of those in `dead` that the code itself failed at."""
    offsets: dict[InputPartition, int] = field(default_factory=dict)
    """The next offset to read, by partition."""
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind, reason) of identifiers that were left out."""
    clock_clamped: int = 0
    """Events whose `occurred_at` lay too far in the future."""


class _Place(NamedTuple):
    """An input partition, and how facets remember it."""

    partition: InputPartition
    name: str


class Intake:
    """Decodes and normalises. `now` gives the worker's time in microseconds."""

    def __init__(self, rules: Rules, keyring: Keyring, now: Callable[[], int]) -> None:
        self._rules = rules
        self._keyring = keyring
        self._now = now
        self._places: dict[tuple[Topic, int, str], _Place] = {}
        """By topic, partition and generation."""

    def take(self, records: Sequence[InputRecord]) -> Batch:
        """Every record as an item or as a dead letter."""
        batch = Batch()
        for record in records:
            place = self._places.get((record.topic, record.partition, record.generation))
            if place is None:
                place = self._place(record)
            batch.offsets[place.partition] = record.offset + 1
            rejection = self._judge(record, place.name, batch)
            if rejection:
                batch.dead.append(self.refuse(record, rejection.reason, rejection.detail))
        return batch

    def refuse(self, record: InputRecord, reason: str, detail: str) -> DeadLetter:
        """The dead letter of a record."""
        return DeadLetter(record, reason, detail, self._now())

    def _place(self, record: InputRecord) -> _Place:
        """The place of a record, remembered from now on. The name has the form that
        `Origin.partition` tells."""
        generation = f"+{record.generation}" if record.generation else ""
        place = _Place(
            InputPartition(record.topic, record.partition, record.generation),
            f"{record.topic}{generation}/{record.partition}",
        )
        self._places[record.topic, record.partition, record.generation] = place
        return place

    def _judge(self, record: InputRecord, place: str, batch: Batch) -> Rejection | None:
        """Why a record is refused, a fault of our own included: it must not stop its partition."""
        try:
            return self._understand(record, place, batch)
        except Exception as error:
            if not blames_a_record(error):
                raise
            fault = fault_of(record, error)
            batch.faults.append(fault)
            return rejection_of(fault)

    def _understand(self, record: InputRecord, place: str, batch: Batch) -> Rejection | None:
        message = decode(record.topic, record.value)
        if isinstance(message, Rejection):
            return message
        origin = Origin(place, record.offset, record.timestamp * MILLISECOND)
        observed = observe(message, record.topic, origin, self._rules, self._keyring)
        if observed.rejected:
            batch.rejected.update(observed.rejected)
        batch.clock_clamped += observed.clock_clamped
        if observed.item is None:
            return observed.rejection
        batch.items.append(observed.item)
        batch.records.append(record)
        return None
