from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from benchmarks.people import ORDERS, PARTITIONS, history, tokens
from benchmarks.preload import FIRST_OFFSET, Preload, Stamps, past_records, resolved, stamp
from benchmarks.stream import Popularity, Stream, events
from benchmarks.workers import MODELS

from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.rules import DEFAULT_RULES
from icustomer.intake import Intake
from icustomer.store.codec import decode

KEYRING = Keyring(bytes(range(32)))
COUNT = 1_500


def made(popularity: Popularity, label: str = "a", seed: int = 7):
    return list(events(Stream(popularity, 1_000, COUNT, seed, label)))


def test_the_same_stream_is_made_again_and_another_seed_makes_another():
    assert made(Popularity.ZIPF) == made(Popularity.ZIPF)
    assert made(Popularity.ZIPF) != made(Popularity.ZIPF, seed=8)


def test_two_streams_of_one_seed_share_their_popular_customers_and_no_event():
    first, second = made(Popularity.ZIPF, "a"), made(Popularity.ZIPF, "b")
    most = [Counter(event.key for event in each).most_common(1)[0][0] for each in (first, second)]
    assert most[0] == most[1]
    assert not {event.event_id for event in first} & {event.event_id for event in second}


@pytest.mark.parametrize("popularity", Popularity)
def test_events_have_the_shares_and_sizes_that_are_told(popularity):
    stream = made(popularity)
    shares = Counter(event.topic for event in stream)
    assert shares[Topic.SIGNUPS] / COUNT == pytest.approx(0.15, abs=0.03)
    assert shares[Topic.ORDERS] / COUNT == pytest.approx(0.65, abs=0.03)
    assert shares[Topic.SUPPORT] / COUNT == pytest.approx(0.20, abs=0.03)
    assert all(350 <= len(event.value) <= 500 for event in stream)


def test_every_event_is_valid_and_keeps_to_its_customers_partition():
    places: dict[bytes, int] = {}
    for event in made(Popularity.UNIFORM):
        MODELS[event.topic].model_validate_json(event.value)
        assert places.setdefault(event.key, event.partition) == event.partition < PARTITIONS


def test_zipf_gives_the_first_rank_its_share():
    expected = 1 / sum(rank**-1.1 for rank in range(1, 1_001))
    counts = Counter(event.key for event in made(Popularity.ZIPF))
    assert counts.most_common(1)[0][1] / COUNT == pytest.approx(expected, abs=0.03)


def test_a_measured_event_is_no_news_of_the_past():
    known = {event.event_id for event in history(5)}
    fresh = {event.event_id for event in events(Stream(Popularity.UNIFORM, 6, 50, 1, "x"))}
    assert len(known) == 9
    assert not known & fresh


@pytest.mark.parametrize("customer", [0, 479, 480, 1_495, 14_455, 399_999])
def test_a_stamped_customer_is_what_the_worker_makes_of_its_events(customer):
    assert Stamps(KEYRING).group(customer) == resolved(customer, KEYRING)


def test_a_random_sample_of_stamped_customers_is_what_the_worker_makes():
    seed = Random().randrange(10**9)
    stamps = Stamps(KEYRING)
    for customer in Random(seed).sample(range(400_000), 4):
        assert stamps.group(customer) == resolved(customer, KEYRING), f"seed {seed}"


def test_a_preloaded_customer_has_nine_events_and_three_links():
    for blob, ways in Preload(KEYRING, 0).customers(30):
        group = decode(blob)
        (customer,) = group.customers
        orders = [each for facet in group.facets for each in facet.orders]
        tickets = [each for facet in group.facets for each in facet.tickets]
        assert len(ways.links) == 3
        assert (len(orders), len(tickets)) == (len(ORDERS), 2)
        assert ways.aliases == [customer.id]


def test_preloads_of_all_sizes_begin_with_the_same_customers():
    preload = Preload(KEYRING, 3)
    assert list(preload.customers(2)) == list(preload.customers(5))[:2]


def test_the_past_is_understood_without_remainder():
    batch = Intake(DEFAULT_RULES, KEYRING, lambda: 0).take(past_records(11))
    assert not batch.dead
    assert not batch.rejected
    assert [item.origin.offset for item in batch.items] == list(
        range(FIRST_OFFSET, FIRST_OFFSET + 9)
    )


def test_a_stamp_replaces_every_text_and_nothing_else():
    fill = stamp(b"-one-two-one-", ("one", "two"))
    assert fill(("111", "222")) == b"-111-222-111-"
    assert fill(("one", "two")) == b"-one-two-one-"


def test_texts_of_all_customers_have_the_same_lengths():
    lengths = {tuple(map(len, tokens(customer))) for customer in (0, 1, 77, 39_999, 399_999)}
    assert len(lengths) == 1
