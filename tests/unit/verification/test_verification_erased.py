"""Graves, erased IDs and suppressed identifiers, as verification judges them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from icustomer.core.change import SHARED, SUPPRESSED
from icustomer.core.keys import Keyring
from icustomer.core.model import Erased, Facet, Grave, Group, NormalName, RawName, Suppressed
from icustomer.core.rules import DEFAULT_RULES
from icustomer.verification.groups import check_group
from icustomer.verification.newest import Newest
from icustomer.verification.places import Standing, check_places, expected_of
from icustomer.verification.problem import Law
from icustomer.verification.published import check_erased

KEYRING = Keyring(bytes(range(32)))
NAME = NormalName(("anna",), ("berg",))
BASE = KEYRING.facet((), NAME, None)
MARK = b"m" * 16
ID = "ic_7K3M-9QX2-4HTB-W6PZ-S"
GONE = Erased(ID, BASE, 4, 1, 1, "c")


def facet(erased_at: int = 0) -> Facet:
    key = KEYRING.facet((), NAME, None, erased_at)
    told = ("", 0, ("", ""), {})
    return Facet(key, (), NAME, RawName(), None, 0, 0, *told, erased_at=erased_at)


ALONE = Group(BASE, 5, [], graves=[Grave(BASE, 9, (MARK,))], erased=[GONE], shared=[MARK])


def laws(group: Group) -> list[Law]:
    return [each.law for each in check_group(group, DEFAULT_RULES, KEYRING)]


def test_a_grave_alone_or_with_the_facet_that_came_after_it_is_in_order():
    assert laws(ALONE) == []
    assert laws(replace(ALONE, facets=[facet(9)])) == []
    assert laws(Group(MARK, 1, [], suppressed=[Suppressed(MARK, 1, "s")])) == []


@pytest.mark.parametrize(
    ("group", "law"),
    [
        (replace(ALONE, facets=[facet()]), Law.FACETS),
        (replace(ALONE, facets=[facet(8)]), Law.FACETS),
        (Group(facet(9).key, 5, [facet(9)]), Law.FACETS),
        (replace(ALONE, graves=ALONE.graves * 2), Law.FACETS),
        (replace(ALONE, id=MARK), Law.FACETS),
        (replace(ALONE, erased=[replace(GONE, anchor=MARK)]), Law.CUSTOMERS),
        (replace(ALONE, erased=[GONE, GONE]), Law.CUSTOMERS),
        (replace(ALONE, graves=[Grave(BASE, 9)]), Law.MARKS),
    ],
)
def test_what_is_wrong_with_a_grave_is_told(group: Group, law: Law):
    assert law in laws(group)


def test_an_erased_id_whose_profile_stands_is_told():
    profiles = Newest()
    assert list(check_erased([GONE], profiles)) == [], "its tombstone is gone by now"
    profiles.take(ID.encode(), 4, 0)
    assert list(check_erased([GONE], profiles)) == []
    profiles.take(ID.encode(), 3, 77)
    (broken,) = check_erased([GONE], profiles)
    assert broken.law is Law.PROFILE_NOT_ERASED
    assert ID in broken.detail


def test_graves_and_suppressed_identifiers_ask_for_their_links():
    expected = expected_of(ALONE, DEFAULT_RULES, KEYRING)
    assert expected.links == {BASE: BASE, MARK: SHARED}
    assert expected.indexed == (MARK,)
    assert expected.customer_ids == (ID,)
    suppressed = Group(MARK, 1, [], suppressed=[Suppressed(MARK, 1, "s")])
    assert expected_of(suppressed, DEFAULT_RULES, KEYRING).links == {MARK: SUPPRESSED}


@pytest.mark.parametrize("found", [None, SHARED, b"g" * 16])
def test_a_suppressed_identifier_that_may_be_matched_again_is_told(found: bytes | None):
    group = Group(MARK, 1, [], suppressed=[Suppressed(MARK, 1, "s")])
    expected = expected_of(group, DEFAULT_RULES, KEYRING)
    assert list(check_places(expected, Standing({MARK: found}, {}, {}), b"+", ()))
