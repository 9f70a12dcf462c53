"""The verdict: what stands in the topics at the end, held against all that was sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from confluent_kafka import Message

from chaos import changelog
from chaos.stage import Stage
from icustomer.contracts.topics import INPUTS, Topic
from icustomer.core.model import Group
from icustomer.core.observation import Item, Observation, Origin
from integration.support.judging import _worlds as worlds_of
from integration.support.judging import assert_as_oracle, items_of, last_records
from integration.support.reading import Reader
from integration.support.town import KEYRING
from oracle.clusters import World

T = TypeVar("T")

OUTPUTS = (Topic.PROFILES, Topic.IDENTITY_CHANGES, Topic.DEAD_LETTERS, Topic.IDENTITY_STATE)
FORESEEN = {"UnavailableError", "HistoryCutError", "FencedError", "GivenUpError"}
"""What may disturb a worker; anything else is a bug."""


@dataclass
class Verdict:
    """What was wrong, and how much there was of what."""

    problems: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        yield ", ".join(f"{name} {value}" for name, value in self.figures.items())
        yield from (f"BROKEN {problem}" for problem in self.problems)
        yield "verdict: " + ("FAILED" if self.problems else "nothing lost, nothing doubled")


class Evidence:
    """All that an independent client reads, committed transactions only."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        reader = Reader(stage.kafka.servers, stage.program.prefix)
        self.records: Mapping[Topic, list[Message]] = {
            topic: reader.read(topic) for topic in (*INPUTS, *OUTPUTS)
        }

    @cached_property
    def items(self) -> list[Item]:
        return [item for topic in INPUTS for item in items_of(topic, self.records[topic], KEYRING)]

    @cached_property
    def observations(self) -> list[Observation]:
        return [item for item in self.items if isinstance(item, Observation)]

    @cached_property
    def worlds(self) -> list[World]:
        return list(worlds_of(self.items, [], KEYRING))

    @cached_property
    def profiles(self) -> dict[str, dict[str, Any]]:
        return last_records(self.records[Topic.PROFILES])

    @cached_property
    def groups(self) -> list[Group]:
        return changelog.groups_of(changelog.last_of_each(self.records[Topic.IDENTITY_STATE]))


Check = Callable[[Evidence], None]
"""Raises `AssertionError` with what is wrong."""


def judge(stage: Stage, problems: Sequence[str]) -> Verdict:
    """Every check, also if one before it failed. `problems`: what was wrong already."""
    verdict = Verdict([*problems, *_left(stage)])
    evidence = Evidence(stage)
    for check in CHECKS:
        try:
            check(evidence)
        except AssertionError as error:
            verdict.problems.append(f"{check.__name__.strip('_')}: {str(error)[:2_000]}")
    verdict.figures = _figures(evidence)
    return verdict


def _left(stage: Stage) -> list[str]:
    return [f"a worker ended: {each}" for each in stage.crew.left]


def _figures(evidence: Evidence) -> dict[str, Any]:
    records, crew = evidence.records, evidence.stage.crew
    return {
        "events": sum(len(records[topic]) for topic in INPUTS),
        "profiles": len(records[Topic.PROFILES]),
        "customers": sum(each["status"] != "merged" for each in evidence.profiles.values()),
        "groups": len(evidence.groups),
        "dead letters": len(records[Topic.DEAD_LETTERS]),
        "rebuilds": crew.told("catch_up_began"),
        "disturbances": dict(crew.disturbances()),
    }


# -- checks --------------------------------------------------------------------------------


def _kafka_kept_everything(evidence: Evidence) -> None:
    """What it rests on: else the others would judge the broker."""
    stage = evidence.stage
    assert not stage.traffic.refused, stage.traffic.refused[:3]
    sent = stage.traffic.sent + stage.prober.sent
    assert sum(stage.traffic.acknowledged.values()) + stage.prober.acknowledged == sent
    read = sum(len(evidence.records[topic]) for topic in INPUTS)
    assert read == sent, f"{sent} records were sent, {read} stand in the inputs"


def _profiles_are_the_oracles(evidence: Evidence) -> None:
    """Law 1 and 4: figures, identifiers and attributes of every customer, and nobody besides."""
    assert_as_oracle(evidence.profiles, evidence.items, [], KEYRING)


def _customers_are_the_oracles(evidence: Evidence) -> None:
    """Which facets are one customer, and which one group."""
    found = {
        frozenset(customer.facets)
        for group in evidence.groups
        for customer in group.customers
        if customer.status in {"active", "guest"}
    }
    expected = {customer for world in evidence.worlds for customer in world.customers}
    assert found == expected, f"{len(found - expected)} wrong, {len(expected - found)} missing"
    parts = {frozenset(facet.key for facet in group.facets) for group in evidence.groups}
    told = {part for world in evidence.worlds for part in world.groups}
    assert parts == told, f"groups: {len(parts - told)} wrong, {len(told - parts)} missing"


def _one_owner(evidence: Evidence) -> None:
    """Law 3."""
    twice = changelog.owned_twice(evidence.groups, KEYRING)
    assert not twice, f"{len(twice)} in two groups: {twice[:5]}"


def _last_is_newest(evidence: Evidence) -> None:
    """Law 5, in both compacted topics."""
    assert evidence.profiles
    for topic in (Topic.PROFILES, Topic.IDENTITY_STATE):
        stale = changelog.stale(evidence.records[topic])
        assert not stale, f"{len(stale)} stale last records in {topic}: {stale[:5]}"


def _no_event_is_lost(evidence: Evidence) -> None:
    """Every order and ticket that was sent stands in a profile, or in evidence that waits for
    its customer; and every facet that any event founded stands somewhere."""
    facets = changelog.facets_of(evidence.groups)
    told = {each.order.number: each.origin for each in evidence.observations if each.order}
    told |= {each.ticket.number: each.origin for each in evidence.observations if each.ticket}
    kept = {number for facet in facets for number in (*facet.orders, *facet.tickets)}
    kept |= set(_shown(evidence.profiles))
    lost = told.keys() - kept
    assert not lost, f"{len(lost)} orders and tickets lost, last told by {_places(told, lost)}"
    founded = {each.facet_key: each.origin for each in evidence.observations}
    standing = {facet.key for facet in facets}
    gone = founded.keys() - standing
    assert founded.keys() == standing, (
        f"{len(gone)} facets lost, last told by {_places(founded, gone)}"
    )


def _places(told: Mapping[T, Origin], keys: Iterable[T]) -> list[tuple[str, int]]:
    """Some of the records that told of the keys: partition and offset."""
    return sorted((told[key].partition, told[key].offset) for key in keys)[:20]


def _shown(profiles: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    for document in profiles.values():
        for name, number in (("orders", "order_id"), ("support", "ticket_id")):
            yield from (each[number] for each in (document.get(name) or {}).get("recent", ()))


def _dead_letters_are_what_is_no_event(evidence: Evidence) -> None:
    """Byte for byte; a repeat after a crash is allowed."""
    understood = {(each.origin.partition, each.origin.offset) for each in evidence.observations}
    refused = {
        (f"{topic}/{message.partition()}", message.offset()): message.value()
        for topic in INPUTS
        for message in evidence.records[topic]
        if (f"{topic}/{message.partition()}", message.offset()) not in understood
    }
    letters = {_origin(letter): letter.value() for letter in evidence.records[Topic.DEAD_LETTERS]}
    missing, wrong = refused.keys() - letters.keys(), letters.keys() - refused.keys()
    assert letters == refused, f"missing {sorted(missing)[:5]}, wrong {sorted(wrong)[:5]}"


def _origin(letter: Message) -> tuple[str, int]:
    headers = {name: value.decode() for name, value in letter.headers() if value is not None}
    topic = headers["icustomer-topic"].rpartition(".")[2]
    return f"{topic}/{headers['icustomer-partition']}", int(headers["icustomer-offset"])


def _every_customer_was_announced(evidence: Evidence) -> None:
    told = [json.loads(each.value()) for each in evidence.records[Topic.IDENTITY_CHANGES]]
    created = {each["customer_id"] for each in told if each["type"] == "created"}
    silent = evidence.profiles.keys() - created
    assert not silent, f"{len(silent)} never announced: {sorted(silent)[:3]}"


def _redirects_end_at_a_customer(evidence: Evidence) -> None:
    for customer_id in evidence.profiles:
        seen, current = set(), customer_id
        while evidence.profiles[current]["status"] == "merged":
            assert current not in seen, f"a loop at {current}"
            seen.add(current)
            current = evidence.profiles[current]["merged_into"]
            assert current in evidence.profiles, f"{customer_id} leads nowhere"


def _redis_says_what_the_changelog_says(evidence: Evidence) -> None:
    stage = evidence.stage
    last = changelog.last_of_each(evidence.records[Topic.IDENTITY_STATE])
    told = {key: each.value() for key, each in last.items() if each.value() is not None}
    start = f"{{{stage.program.space}}}:group:".encode()
    with stage.redis.client() as client:
        keys = list(client.scan_iter(match=start + b"*", count=5_000))
        stored = dict(zip((key[len(start) :] for key in keys), client.mget(keys), strict=True))
    assert told.keys() == stored.keys(), "groups in the changelog and in Redis differ"
    differing = [key for key, blob in told.items() if blob != stored[key]]
    assert not differing, f"{len(differing)} groups differ"


def _nobody_stumbled(evidence: Evidence) -> None:
    """Whatever befalls a worker, it meets no error that nobody foresaw."""
    kinds = Counter(evidence.stage.crew.disturbances())
    bugs = {kind: number for kind, number in kinds.items() if kind not in FORESEEN}
    assert not bugs, f"unforeseen: {bugs}"


CHECKS: tuple[Check, ...] = (
    _kafka_kept_everything,
    _profiles_are_the_oracles,
    _customers_are_the_oracles,
    _one_owner,
    _last_is_newest,
    _no_event_is_lost,
    _dead_letters_are_what_is_no_event,
    _every_customer_was_announced,
    _redirects_end_at_a_customer,
    _redis_says_what_the_changelog_says,
    _nobody_stumbled,
)
