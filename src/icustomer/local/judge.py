"""Compares the worker's state with the truth: who ended in which customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import redis
from msgspec import Struct

from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.observation import Observation
from icustomer.core.rules import DEFAULT_RULES
from icustomer.evaluation.assignment import assign, labels
from icustomer.evaluation.components import plain_components
from icustomer.evaluation.matching import read
from icustomer.evaluation.pairs import Pairs, measure
from icustomer.local.generator import Sent
from icustomer.store import codec

SCAN_KEYS = 1_000
"""Keys asked for at once."""


class Judgement(Struct, frozen=True):
    """How many customers there are, and how right they are."""

    customers: int
    guests: int
    pairs: Pairs
    plain: Pairs
    """The same of plain connected components."""


def judge(redis_url: str, space: str, records: Sequence[Sent], keyring: Keyring) -> Judgement:
    """Judge the state in Redis. Broken messages are nobody's and do not count."""
    groups = list(_groups(redis_url, space))
    readable = [record for record in records if record.truth is not None]
    people = [record.truth for record in readable]
    facet_keys = [_facet_key(record, number, keyring) for number, record in enumerate(readable)]
    bodies = (msgspec.json.decode(record.value) for record in readable)
    statuses = Counter(customer.status for group in groups for customer in group.customers)
    return Judgement(
        customers=statuses["active"],
        guests=statuses["guest"],
        pairs=measure(people, labels(assign(facet_keys, groups))),
        plain=measure(people, plain_components(bodies)),
    )


def _facet_key(record: Sent, number: int, keyring: Keyring) -> bytes | None:
    item = read(record, number, DEFAULT_RULES, keyring).item
    return item.facet_key if isinstance(item, Observation) else None


def _groups(redis_url: str, space: str) -> Iterator[Group]:
    """All groups of the space, decoded."""
    with redis.Redis.from_url(redis_url) as client:
        keys = list(client.scan_iter(f"{{{space}}}:group:*", count=SCAN_KEYS))
        for start in range(0, len(keys), SCAN_KEYS):
            for blob in client.mget(keys[start : start + SCAN_KEYS]):
                if blob is not None:
                    yield codec.decode(blob)
