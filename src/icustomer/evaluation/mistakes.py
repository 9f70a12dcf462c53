"""The worst false merges and misses, each with the reason that the evidence gives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from icustomer.evaluation.evidence import Evidence, written_name
from icustomer.evaluation.overlap import Overlap, pairs_within
from icustomer.evaluation.records import Records

SHOWN = 5
"""Mistakes of each sort that are told; the worst first."""
NAMES_SHOWN = 3
IDENTIFIERS_SHOWN = 3

Gather = Callable[[Collection[bytes]], Evidence]
"""The evidence of the facets with these keys."""


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


class Mistakes(Struct, frozen=True):
    """The worst of both sorts, and how many there are."""

    merges: list[FalseMerge]
    misses: list[Miss]
    merged_customers: int
    """Customers that hold several people."""
    parted_people: int
    """People who became several customers."""


def worst_mistakes(records: Records, counted: Overlap[str, str], gather: Gather) -> Mistakes:
    """The customers with the most false pairs and the people with the most missed ones."""
    merged = _costs(counted.customers, ((each, size) for (_, each), size in counted.cells.items()))
    parted = _costs(counted.people, ((each, size) for (each, _), size in counted.cells.items()))
    customers = _members(records.labels, _worst(merged))
    people = _members(records.people, _worst(parted))
    numbers = [number for each in (*customers.values(), *people.values()) for number in each]
    evidence = gather({key for number in numbers if (key := records.facet_keys[number])})
    return Mistakes(
        merges=[
            _false_merge(customer, merged[customer], members, records, evidence)
            for customer, members in customers.items()
        ],
        misses=[
            _miss(person, parted[person], members, records, evidence)
            for person, members in people.items()
        ],
        merged_customers=len(merged),
        parted_people=len(parted),
    )


def _costs(wholes: Mapping[str, int], parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Of each whole that has several parts: the pairs of records that stand in two of them."""
    within: Counter[str] = Counter()
    for whole, size in parts:
        within[whole] += pairs_within([size])
    costs = ((whole, pairs_within([size]) - within[whole]) for whole, size in wholes.items())
    return {whole: cost for whole, cost in costs if cost}


def _worst(costs: Mapping[str, int]) -> list[str]:
    return sorted(costs, key=lambda each: (-costs[each], each))[:SHOWN]


def _members(labels: Sequence[str], wanted: Iterable[str]) -> dict[str, list[int]]:
    """The numbers of the records with each of the labels."""
    members: dict[str, list[int]] = {label: [] for label in wanted}
    for number, label in enumerate(labels):
        if label in members:
            members[label].append(number)
    return members


def _false_merge(
    customer: str, cost: int, members: Sequence[int], records: Records, evidence: Evidence
) -> FalseMerge:
    people_by_facet: dict[bytes, set[str]] = defaultdict(set)
    for number in members:
        key = records.facet_keys[number]
        if key is not None:
            people_by_facet[key].add(records.people[number])
    names = {written_name(evidence.facets[key]) for key in people_by_facet} - {"no name"}
    return FalseMerge(
        customer_id=customer,
        records=len(members),
        people=len({records.people[number] for number in members}),
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
    person: str, cost: int, members: Sequence[int], records: Records, evidence: Evidence
) -> Miss:
    parts = defaultdict(list)
    for number in members:
        parts[records.labels[number]].append(number)
    largest = sorted(parts, key=lambda part: (-len(parts[part]), part))[:2]
    because = _why_parted(parts[largest[0]], parts[largest[1]], records, evidence)
    return Miss(person, len(members), len(parts), cost, because)


def _why_parted(
    ones: Sequence[int], others: Sequence[int], records: Records, evidence: Evidence
) -> str:
    for number in (*others, *ones):
        if number in records.rejections:
            return f"dead letter, {records.rejections[number]}"
        if records.customers[number] is None:
            return "unresolved: nameless, and its identifiers lead to several customers or to none"
    reason = evidence.why_apart(_facet_keys(ones, records), _facet_keys(others, records))
    rejected = dict.fromkeys(
        each for number in (*ones, *others) for each in records.rejected.get(number, ())
    )
    return "; ".join((reason, *(f"rejected {each}" for each in rejected)))


def _facet_keys(members: Sequence[int], records: Records) -> list[bytes]:
    keys = (records.facet_keys[number] for number in members)
    return list(dict.fromkeys(key for key in keys if key is not None))
