"""Which groups are remembered, and that nothing else is taken for them."""

from __future__ import annotations

from icustomer.core.model import Group
from icustomer.prepare import LARGE_BYTES, RECENT_BYTES, Recent

LARGE = b"x" * LARGE_BYTES


def group(number: int) -> Group:
    return Group(number.to_bytes(16, "big"), number, [])


def test_a_large_group_is_found_by_its_blob_alone() -> None:
    recent = Recent()
    recent.keep(group(1), LARGE)
    assert recent.find(group(1).id, LARGE) == group(1)
    assert recent.find(group(1).id, LARGE + b"y") is None
    assert recent.find(group(2).id, LARGE) is None


def test_a_group_that_became_small_is_forgotten() -> None:
    recent = Recent()
    recent.keep(group(1), LARGE)
    recent.keep(group(1), b"small")
    assert recent.find(group(1).id, LARGE) is None
    assert recent.find(group(1).id, b"small") is None


def test_the_longest_untouched_are_forgotten_first() -> None:
    recent = Recent()
    half = b"x" * (RECENT_BYTES // 2)
    for number in (1, 2, 1, 3):
        recent.keep(group(number), half)
    assert [bool(recent.find(group(number).id, half)) for number in (1, 2, 3)] == [
        True,
        False,
        True,
    ]


def test_one_that_is_larger_than_all_may_be_is_not_remembered() -> None:
    recent = Recent()
    recent.keep(group(1), b"x" * (RECENT_BYTES + 1))
    recent.keep(group(2), LARGE)
    assert recent.find(group(2).id, LARGE) == group(2)
