"""What was published, held against the oracle."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import Message

from icustomer.contracts.decode import decode
from icustomer.contracts.observe import observe
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.model import Override
from icustomer.core.observation import Item, Origin
from icustomer.core.rules import DEFAULT_RULES
from oracle.clusters import clusters
from oracle.figures import figures
from worlds.comparison import assert_same_figures

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
    world = clusters(items, DEFAULT_RULES, keyring, overrides)
    waiting: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for document in published.values():
        if document["status"] in {"active", "guest"}:
            waiting[_mark(document)].append(document)
    for customer in world.customers:
        expected = figures(world, customer)
        candidates = waiting[_expected_mark(expected)]
        differences = {
            number: _difference(each, expected) for number, each in enumerate(candidates)
        }
        matching = [candidates[number] for number, told in differences.items() if not told]
        assert matching, f"not published: {_expected_mark(expected)}: {differences}"
        candidates.remove(matching[0])
    left = [document for documents in waiting.values() for document in documents]
    assert not left, f"published, but not known to the oracle: {left[:2]}"
    return len(world.customers)


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
