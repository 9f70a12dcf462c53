"""The worst false merges and misses, each with the reason that the evidence gives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from icustomer.evaluation.evidence import Evidence, written_name
from icustomer.evaluation.pairs import pairs_within

SHOWN = 5
"""Mistakes of each sort that are told; the worst first."""
NAMES_SHOWN = 3
IDENTIFIERS_SHOWN = 3


class Judged(NamedTuple):
    """One event after matching."""

    person: str
    customer: str | None
    facet_key: bytes | None
    rejection: str
    """Why no worker could use it."""
    rejected: tuple[str, ...] = ()
    """Why single identifiers could not be read."""


class FalseMerge(Struct, frozen=True):
    """A customer that holds several people."""

    customer_id: str
    records: int
    people: int
    false_pairs: int
    names: tuple[str, ...]
    because: tuple[str, ...]
    """The identifiers that most of its people have in common."""


class Miss(Struct, frozen=True):
    """A person who became several customers."""

    person: str
    records: int
    parts: int
    missed_pairs: int
    because: str
    """What kept the two largest parts apart."""


def worst_merges(events: Sequence[Judged], evidence: Evidence) -> list[FalseMerge]:
    """The customers with the most false pairs."""
    members = defaultdict(list)
    for event in events:
        if event.customer is not None:
            members[event.customer].append(event)
    merges = [
        (cost, customer)
        for customer, held in members.items()
        if (cost := _pairs_across(Counter(event.person for event in held)))
    ]
    merges.sort(key=lambda merge: (-merge[0], merge[1]))
    return [
        _false_merge(customer, cost, members[customer], evidence)
        for cost, customer in merges[:SHOWN]
    ]


def worst_misses(events: Sequence[Judged], evidence: Evidence) -> list[Miss]:
    """The people with the most missed pairs."""
    records = defaultdict(list)
    for number, event in enumerate(events):
        records[event.person].append((event.customer or f"event {number}", event))
    misses = [
        (cost, person)
        for person, held in records.items()
        if (cost := _pairs_across(Counter(part for part, _ in held)))
    ]
    misses.sort(key=lambda miss: (-miss[0], miss[1]))
    return [_miss(person, cost, records[person], evidence) for cost, person in misses[:SHOWN]]


def _pairs_across(sizes: Mapping[str, int]) -> int:
    """Pairs of records that stand in two different parts."""
    return pairs_within([sum(sizes.values())]) - pairs_within(sizes.values())


def _false_merge(
    customer: str, cost: int, events: Sequence[Judged], evidence: Evidence
) -> FalseMerge:
    people_by_facet: dict[bytes, set[str]] = defaultdict(set)
    for event in events:
        if event.facet_key is not None:
            people_by_facet[event.facet_key].add(event.person)
    names = {written_name(evidence.facets[key]) for key in people_by_facet} - {"no name"}
    return FalseMerge(
        customer_id=customer,
        records=len(events),
        people=len({event.person for event in events}),
        false_pairs=cost,
        names=tuple(sorted(names)[:NAMES_SHOWN]),
        because=_common(people_by_facet, evidence),
    )


def _common(people_by_facet: Mapping[bytes, set[str]], evidence: Evidence) -> tuple[str, ...]:
    """The identifiers that join several people, most people first."""
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, persons in people_by_facet.items():
        for identifier in evidence.facets[key].identifiers:
            people[identifier.kind, identifier.value] |= persons
    joining = sorted((-len(persons), name) for name, persons in people.items() if len(persons) > 1)
    return tuple(
        f"{kind} {value} ({-count} people)" for count, (kind, value) in joining[:IDENTIFIERS_SHOWN]
    )


def _miss(
    person: str, cost: int, records: Sequence[tuple[str, Judged]], evidence: Evidence
) -> Miss:
    parts: dict[str, list[Judged]] = defaultdict(list)
    for part, event in records:
        parts[part].append(event)
    largest = sorted(parts, key=lambda part: (-len(parts[part]), part))[:2]
    because = _why_parted(parts[largest[0]], parts[largest[1]], evidence)
    return Miss(person, len(records), len(parts), cost, because)


def _why_parted(ones: Sequence[Judged], others: Sequence[Judged], evidence: Evidence) -> str:
    for event in (*others, *ones):
        if event.rejection:
            return f"dead letter, {event.rejection}"
        if event.customer is None:
            return "unresolved: nameless, and its identifiers lead to several customers or to none"
    reason = evidence.why_apart(_facet_keys(ones), _facet_keys(others))
    rejected = dict.fromkeys(each for event in (*ones, *others) for each in event.rejected)
    return "; ".join((reason, *(f"rejected {each}" for each in rejected)))


def _facet_keys(events: Sequence[Judged]) -> list[bytes]:
    keys = (event.facet_key for event in events if event.facet_key is not None)
    return list(dict.fromkeys(keys))
