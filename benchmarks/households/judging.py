"""How well the matching and plain connected components do on one kind of household."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from benchmarks.households.kinds import households
from benchmarks.households.world import TRUTH_FIELD, Event
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.evaluation.components import plain_components
from icustomer.evaluation.pairs import Pairs, measure
from icustomer.evaluation.reader import Labelled
from icustomer.evaluation.records import match

KEYRING = Keyring(b"benchmarks of households: no secret, the same IDs on every run")


class Judgement(Struct, frozen=True):
    """The pairs of records of one kind."""

    kind: str
    records: int
    people: int
    pairs: Pairs
    plain: Pairs


def judge(kind: str, seed: int, count: int, rules: Rules) -> Judgement:
    """Match so many households of a kind, which are alone in the world."""
    events = households(kind, seed, count)
    records, _ = match(labelled(events), rules, KEYRING)
    return Judgement(
        kind=kind,
        records=len(records),
        people=len(set(records.people)),
        pairs=measure(records.people, records.labels),
        plain=measure(records.people, plain_components(events)),
    )


def labelled(events: Iterable[Event]) -> Iterator[Labelled]:
    """The events as lines of a file, each without its label."""
    for line, event in enumerate(events, 1):
        body = {name: value for name, value in event.items() if name != TRUTH_FIELD}
        yield Labelled(line, _topic(event), body, event[TRUTH_FIELD])


def _topic(event: Event) -> Topic:
    if "order_id" in event:
        return Topic.ORDERS
    return Topic.SUPPORT if "ticket_id" in event else Topic.SIGNUPS
