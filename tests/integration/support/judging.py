"""What was published, held against the oracle."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import networkx as nx
from confluent_kafka import Message

from icustomer.contracts.decode import decode
from icustomer.contracts.observe import observe
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.model import Override
from icustomer.core.observation import Item, Observation, Origin
from icustomer.core.rules import DEFAULT_RULES
from oracle.clusters import World, clusters
from oracle.figures import figures
from worlds.comparison import assert_same_figures, facets_named

Profiles = dict[str, dict[str, Any]]


def last_records(messages: Iterable[Message]) -> Profiles:
    """The last profile or redirect of each ID; the last must have the highest version."""
    last: Profiles = {}
    highest: dict[str, int] = defaultdict(int)
    for message in messages:
        document = json.loads(message.value())
        last[document["customer_id"]] = document
        highest[document["customer_id"]] = max(
            highest[document["customer_id"]], document["version"]
        )
    for customer_id, document in last.items():
        assert document["version"] == highest[customer_id], f"a stale last record: {customer_id}"
    return last


def items_of(topic: Topic, messages: Sequence[Message], keyring: Keyring) -> list[Item]:
    """What the records of an input topic say, those that can be understood."""
    items: list[Item] = []
    for message in messages:
        model = decode(topic, message.value())
        if isinstance(model, Rejection):
            continue
        origin = Origin(
            f"{topic}/{message.partition()}", message.offset(), message.timestamp()[1] * 1_000
        )
        observed = observe(model, topic, origin, DEFAULT_RULES, keyring)
        if observed.item is not None:
            items.append(observed.item)
    return items


def assert_as_oracle(
    published: Profiles, items: Sequence[Item], overrides: Sequence[Override], keyring: Keyring
) -> int:
    """Every customer of the oracle is published with its figures, and nobody else; how many."""
    waiting: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for document in published.values():
        if document["status"] in {"active", "guest"}:
            waiting[_mark(document)].append(document)
    expected = [
        figures(world, customer)
        for world in _worlds(items, overrides, keyring)
        for customer in world.customers
    ]
    for each in expected:
        candidates = waiting[_expected_mark(each)]
        differences = {number: _difference(one, each) for number, one in enumerate(candidates)}
        matching = [candidates[number] for number, told in differences.items() if not told]
        assert matching, f"not published: {_expected_mark(each)}: {differences}"
        candidates.remove(matching[0])
    left = [document for documents in waiting.values() for document in documents]
    assert not left, f"published, but not known to the oracle: {left[:2]}"
    return len(expected)


def _worlds(
    items: Sequence[Item], overrides: Sequence[Override], keyring: Keyring
) -> Iterator[World]:
    """The oracle's world in parts that have nothing to do with each other: no identifier,
    shared or not, and no person's word leads from one to another. As a whole it would take
    minutes: the oracle looks at everything again for each of its steps."""
    told = [item for item in items if isinstance(item, Observation)]
    graph: nx.Graph = nx.Graph()
    for item in told:
        nx.add_star(graph, [("facet", item.facet_key), *item.digests])
    for word in overrides:
        nx.add_star(graph, [word.stamp, *(("facet", key) for key in facets_named(word))])
    part_of = {
        node: number for number, part in enumerate(nx.connected_components(graph)) for node in part
    }
    observed: dict[int, list[Item]] = defaultdict(list)
    for item in told:
        observed[part_of["facet", item.facet_key]].append(item)
    words: dict[int, list[Override]] = defaultdict(list)
    for word in overrides:
        words[part_of[word.stamp]].append(word)
    for number, mine in observed.items():
        yield clusters(mine, DEFAULT_RULES, keyring, words[number])


def _difference(document: dict[str, Any], expected: dict[str, Any]) -> str:
    """What differs; nothing if all is the same."""
    try:
        assert_same_figures(document, expected)
    except AssertionError as error:
        return str(error) or "figures differ"
    return ""


def _mark(document: dict[str, Any]) -> Any:
    accounts = [f"{each['service']}/{each['number']}" for each in document["accounts"]]
    emails = [each["canonical"] for each in document["emails"]]
    phones = [each["value"] for each in document["phones"]]
    return tuple(sorted([*accounts, *emails, *phones])), document["orders"]["count"]


def _expected_mark(expected: dict[str, Any]) -> Any:
    values = [value for _, value in expected["identifiers"]]
    return tuple(sorted(values)), expected["orders"]["count"]
