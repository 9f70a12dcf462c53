"""Events are matched in the cheapest order, and come to the same as in the order of the file."""

import random
from collections import defaultdict

import pytest
from benchmarks.households.judging import labelled
from benchmarks.households.kinds import KINDS, households

from icustomer.core.keys import Keyring
from icustomer.core.observation import Observation
from icustomer.core.rules import DEFAULT_RULES
from icustomer.evaluation.assignment import customers_by_facet
from icustomer.evaluation.matching import Matching, read
from icustomer.evaluation.records import match
from icustomer.evaluation.waiting import BATCH_EVENTS, FEW_CLAIMS, Waiting

KEYRING = Keyring(b"a key of the tests, 32 bytes long")


def observations(events):
    seen = (read(event, event.line, DEFAULT_RULES, KEYRING).item for event in events)
    return [item for item in seen if isinstance(item, Observation)]


def as_a_worker(events, batch):
    """The customers with all that the events say, in their order."""
    matching = Matching(DEFAULT_RULES, KEYRING)
    items = observations(events)
    for start in range(0, len(items), batch):
        matching.apply(items[start : start + batch])
    return customers_by_facet(matching.groups.values())


def mixed(seed, count):
    """Households of every kind; in the order of time, their events alternate."""
    events = [event for kind in KINDS for event in households(kind, seed, count)]
    return list(labelled(sorted(events, key=lambda event: event["occurred_at"])))


@pytest.mark.parametrize("batch", [1, 97])
def test_customers_are_those_that_a_worker_finds_in_the_order_of_the_file(batch):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    events = mixed(seed, 2)
    records, matching = match(events, DEFAULT_RULES, KEYRING)
    found = customers_by_facet(matching.groups.values())
    expected = as_a_worker(events, batch)
    assert partition(found) == partition(expected)
    assert [found.get(key) for key in records.facet_keys] == records.customers


def partition(customers):
    members = {}
    for key, customer in customers.items():
        members.setdefault(customer, set()).add(key)
    return set(map(frozenset, members.values()))


def test_every_observation_is_handed_out_once_and_what_is_connected_together():
    items = observations(mixed(5, 3))
    waiting = Waiting()
    for item in items:
        waiting.add(item)
    batches = list(waiting.batches())
    assert max(map(len, batches)) <= BATCH_EVENTS
    handed_out = [item for batch in batches for item in batch]
    assert sorted(item.event_id for item in handed_out) == sorted(item.event_id for item in items)
    places, facets = defaultdict(set), defaultdict(set)
    for number, batch in enumerate(batches):
        for item in batch:
            for digest in item.digests:
                places[digest].add(number)
                facets[digest].add(item.facet_key)
    few = [digest for digest, carriers in facets.items() if len(carriers) <= FEW_CLAIMS]
    assert len(few) > len(facets) / 2
    assert all(len(places[digest]) == 1 for digest in few)


def test_what_waits_says_all_that_bears_on_who_somebody_is():
    waiting = Waiting()
    (item,) = observations(mixed(5, 1)[:1])
    waiting.add(item)
    (((kept,)),) = waiting.batches()
    for name in Observation.__struct_fields__:
        if name not in ("cells", "order", "ticket"):
            assert getattr(kept, name) == getattr(item, name), name
