"""Figures within sources and across them."""

import random
from itertools import combinations

from icustomer.evaluation.pairs import measure
from icustomer.evaluation.sources import OTHERS, SOURCES_TOLD, by_source


def by_enumeration(sources, people, customers, wanted):
    """True, false and missed pairs, one pair at a time."""
    counts = [0, 0, 0]
    for one, other in combinations(range(len(people)), 2):
        if {sources[one], sources[other]} != set(wanted):
            continue
        same_person = people[one] == people[other]
        same_customer = customers[one] == customers[other]
        counts[0] += same_person and same_customer
        counts[1] += same_customer and not same_person
        counts[2] += same_person and not same_customer
    return tuple(counts)


def counts(pairs):
    return pairs.true_pairs, pairs.false_pairs, pairs.missed_pairs


def test_they_are_what_enumerating_every_pair_gives():
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    source = random.Random(seed)
    columns = [[source.choice(each) for _ in range(80)] for each in ("abc", "123456", "uvwxyz")]
    found = by_source(*columns)
    for each in found.within:
        assert counts(each.pairs) == by_enumeration(*columns, [each.source])
    for each in found.across:
        assert counts(each.pairs) == by_enumeration(*columns, each.sources)
    assert len(found.across) == 3


def test_all_pairs_are_within_a_source_or_across_two():
    source = random.Random(4)
    columns = [[source.choice(each) for _ in range(90)] for each in ("abcd", "12345", "uvwxy")]
    found = by_source(*columns)
    every = [counts(each.pairs) for each in (*found.within, *found.across)]
    assert tuple(map(sum, zip(*every, strict=True))) == counts(measure(*columns[1:]))


def test_the_largest_sources_come_first_and_small_ones_are_told_together():
    sources = [
        str(number) for number in range(SOURCES_TOLD + 3) for _ in range(SOURCES_TOLD + 5 - number)
    ]
    labels = ["x"] * len(sources)
    found = by_source(sources, labels, labels)
    assert [each.source for each in found.within][-1] == OTHERS
    assert len(found.within) == SOURCES_TOLD + 1
    assert sum(each.records for each in found.within) == len(sources)
