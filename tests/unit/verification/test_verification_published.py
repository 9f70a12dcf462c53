"""The last records of the compacted topics against what stands."""

from __future__ import annotations

import json
import random

import pytest

from icustomer.verification.newest import Newest, Told
from icustomer.verification.problem import Law
from icustomer.verification.published import check_changelog, check_profiles
from icustomer.verification.stamps import Stamp, digest_of_profile

HERE = Stamp(7, 1234)
KEY = b"k"


@pytest.mark.parametrize(
    ("stands", "told", "law"),
    [
        (HERE, Told(7, 1234, 7), None),
        (HERE, None, Law.UNPUBLISHED),
        (HERE, Told(6, 1, 6), Law.UNPUBLISHED),
        (HERE, Told(6, 0, 6), Law.UNPUBLISHED),
        (HERE, Told(6, 1, 7), Law.CHANGELOG_STALE),
        (HERE, Told(7, 0, 7), Law.CHANGELOG_STALE),
        (HERE, Told(7, 99, 7), Law.CHANGELOG_DIFFERS),
        (HERE, Told(8, 1, 8), Law.REDIS_BEHIND),
        (HERE, Told(8, 0, 8), Law.REDIS_BEHIND),
        (HERE, Told(7, 1234, 8), Law.REDIS_BEHIND),
        (None, None, None),
        (None, Told(7, 0, 7), None),
        (None, Told(7, 1234, 7), Law.GROUP_LOST),
    ],
)
def test_the_changelog_says_what_stands(
    stands: Stamp | None, told: Told | None, law: Law | None
) -> None:
    broken = check_changelog(stands, told)
    assert (broken.law if broken else None) is law


@pytest.mark.parametrize(
    ("records", "law"),
    [
        ([(7, 1234)], None),
        ([(6, 5), (7, 1234)], None),
        ([], Law.PROFILE_MISSING),
        ([(7, 1234), (7, 0)], Law.PROFILE_ERASED),
        ([(6, 5)], Law.PROFILE_STALE),
        ([(7, 1234), (6, 5)], Law.PROFILE_STALE),
        ([(8, 5), (7, 1234)], Law.PROFILE_STALE),
        ([(7, 5)], Law.PROFILE_DIFFERS),
        ([(8, 5)], Law.PROFILE_DIFFERS),
    ],
)
def test_the_last_profile_says_what_stands(records: list[tuple[int, int]], law: Law | None) -> None:
    profiles = Newest()
    for version, digest in records:
        profiles.take(b"somebody", version, digest)
    found = [each.law for each in check_profiles({"somebody": HERE}, profiles)]
    assert found == ([law] if law else [])


def test_a_profile_is_the_same_whatever_led_to_it_and_in_whatever_order_it_is_told() -> None:
    document = {"customer_id": "x", "version": 1, "change": {"kind": "created"}, "name": None}
    other = {"name": None, "version": 1, "customer_id": "x", "change": {"kind": "merged"}}
    encoded = [json.dumps(each).encode() for each in (document, other, document | {"name": "N"})]
    same, again, different = map(digest_of_profile, encoded)
    assert same == again != different


def test_the_newest_of_each_key_is_what_a_plain_reading_gives() -> None:
    seed = 5
    print(f"seed {seed}")  # noqa: T201 - to run it again
    rng = random.Random(seed)
    newest = Newest()
    plain: dict[bytes, list[tuple[int, int]]] = {}
    for _ in range(3_000):
        key = bytes([rng.randrange(40)])
        version, digest = rng.randrange(1 << 50), rng.choice((0, rng.randrange(1, 1 << 64)))
        newest.take(key, version, digest)
        plain.setdefault(key, []).append((version, digest))
    for key, records in plain.items():
        assert newest.of(key) == Told(*records[-1], max(version for version, _ in records))
    assert len(newest) == len(plain)


def test_what_was_met_elsewhere_is_seen_until_it_is_told_again() -> None:
    newest = Newest()
    for key in (b"a", b"b", b"gone"):
        newest.take(key, 3, 0 if key == b"gone" else 9)
    newest.saw(b"a")
    newest.saw(b"never told")
    assert list(newest.unseen()) == [b"b"]
    assert newest.of(b"a") == Told(3, 9, 3)
    newest.take(b"a", 4, 9)
    assert list(newest.unseen()) == [b"a", b"b"]
