"""B-cubed figures against the definition, record by record."""

import random

import pytest

from icustomer.evaluation.bcubed import bcubed_of
from icustomer.evaluation.overlap import overlap


def by_definition(people, customers):
    """Means of the shares, over every record and all records beside it."""
    numbers = range(len(people))
    precision, recall = [], []
    for one in numbers:
        same_customer = {other for other in numbers if customers[other] == customers[one]}
        same_person = {other for other in numbers if people[other] == people[one]}
        both = len(same_customer & same_person)
        precision.append(both / len(same_customer))
        recall.append(both / len(same_person))
    return sum(precision) / len(people), sum(recall) / len(people)


def test_they_are_what_the_definition_says():
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    source = random.Random(seed)
    for _ in range(100):
        count = source.randint(1, 30)
        people = [source.randrange(5) for _ in range(count)]
        customers = [source.randrange(7) for _ in range(count)]
        found = bcubed_of(overlap(people, customers))
        assert (found.precision, found.recall) == pytest.approx(by_definition(people, customers))


def test_one_large_false_merge_weighs_less_than_in_pairs():
    people = ["a"] * 10 + ["b"] * 10 + list("cdefghij") * 2
    customers = ["x"] * 20 + list("cdefghij") * 2
    assert bcubed_of(overlap(people, customers)).precision == pytest.approx(26 / 36)


def test_nothing_is_perfect():
    assert bcubed_of(overlap([], [])).f1 == 1
