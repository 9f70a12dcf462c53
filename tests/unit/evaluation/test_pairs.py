"""Counting pairs by sizes agrees with enumerating them."""

import random
from itertools import combinations

import pytest

from icustomer.evaluation.pairs import Pairs, measure


def enumerated(people, customers):
    true = false = missed = 0
    for one, other in combinations(range(len(people)), 2):
        same_person = people[one] == people[other]
        joined = customers[one] == customers[other]
        true += same_person and joined
        false += joined and not same_person
        missed += same_person and not joined
    return Pairs(true, false, missed)


def test_it_agrees_with_enumeration_on_random_clusterings():
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    source = random.Random(seed)
    for _ in range(100):
        size = source.randint(0, 30)
        people = [source.randint(0, 8) for _ in range(size)]
        customers = [source.randint(0, 8) for _ in range(size)]
        assert measure(people, customers) == enumerated(people, customers)


def test_figures_of_a_known_case():
    pairs = measure(["a", "a", "a", "b"], [1, 1, 2, 2])
    assert pairs == Pairs(true_pairs=1, false_pairs=1, missed_pairs=2)
    assert pairs.precision == 1 / 2
    assert pairs.recall == 1 / 3
    assert pairs.f1 == pytest.approx(0.4)


def test_nothing_joined_is_precise_and_nothing_to_join_is_complete():
    assert measure(["a", "a"], [1, 2]).precision == 1
    assert measure(["a", "b"], [1, 1]).recall == 1
    assert measure([], []).f1 == 1


def test_a_million_records_in_one_cluster_are_cheap():
    count = 1_000_000
    assert measure([0] * count, [0] * count).true_pairs == count * (count - 1) // 2


def test_labels_of_different_length_are_refused():
    with pytest.raises(ValueError, match="argument 2"):
        measure(["a"], [1, 2])
