"""What must lead to a group, what does, and sums that find what does besides."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from msgspec import structs

from icustomer.core.change import SHARED
from icustomer.store.limits import INDEX_INCOMPLETE
from icustomer.verification.places import Expected, Standing, Sums, check_places
from icustomer.verification.problem import Law

GROUP, OTHER, EMAIL, PHONE = (bytes([number]) * 16 for number in range(1, 5))
EXPECTED = Expected(GROUP, {EMAIL: GROUP, PHONE: SHARED}, (PHONE,), ("somebody",))
RIGHT = Standing({EMAIL: GROUP, PHONE: SHARED}, {"somebody": GROUP}, {PHONE: [GROUP]})


def links(**changes: bytes | None) -> Standing:
    found: Mapping[bytes, bytes | None] = RIGHT.links
    names = {"email": EMAIL, "phone": PHONE}
    return structs.replace(
        RIGHT, links={**found, **{names[each]: to for each, to in changes.items()}}
    )


def test_what_is_as_it_must_be_is_no_problem() -> None:
    assert list(check_places(EXPECTED, RIGHT, INDEX_INCOMPLETE, ())) == []


@pytest.mark.parametrize(
    ("standing", "law"),
    [
        (links(email=None), Law.LINK_MISSING),
        (links(email=OTHER), Law.LINK_WRONG),
        (links(email=SHARED), Law.LINK_WRONG),
        (links(phone=OTHER), Law.LINK_WRONG),
        (links(phone=None), Law.LINK_MISSING),
        (structs.replace(RIGHT, aliases={"somebody": None}), Law.ALIAS_MISSING),
        (structs.replace(RIGHT, aliases={"somebody": OTHER}), Law.ALIAS_WRONG),
        (structs.replace(RIGHT, indexes={PHONE: [OTHER]}), Law.INDEX_MISSING),
    ],
)
def test_each_difference_has_its_law(standing: Standing, law: Law) -> None:
    assert [each.law for each in check_places(EXPECTED, standing, INDEX_INCOMPLETE, ())] == [law]


def test_a_link_to_a_group_with_the_same_facet_breaks_the_law_of_one_owner() -> None:
    found = check_places(EXPECTED, links(email=OTHER), INDEX_INCOMPLETE, {OTHER})
    assert [each.law for each in found] == [Law.ONE_OWNER]


def test_an_index_that_names_not_all_is_believed() -> None:
    standing = structs.replace(RIGHT, indexes={PHONE: [INDEX_INCOMPLETE]})
    assert list(check_places(EXPECTED, standing, INDEX_INCOMPLETE, ())) == []


def test_sums_agree_with_what_was_added_in_any_order_and_with_nothing_else() -> None:
    seed = 11
    print(f"seed {seed}")  # noqa: T201 - to run it again
    rng = random.Random(seed)
    digests = [rng.randbytes(16) for _ in range(50)]
    sums = Sums()
    for digest in digests:
        sums.add_links([b"bucket"], {digest: GROUP})
    rng.shuffle(digests)
    assert sums.links_agree(b"bucket", digests)
    assert not sums.links_agree(b"bucket", digests[1:])
    assert not sums.links_agree(b"bucket", [*digests, rng.randbytes(16)])
    assert not sums.links_agree(b"another", digests)
    assert sums.links_agree(b"another", [])


def test_a_mark_counts_once_however_many_carry_it() -> None:
    sums = Sums()
    for group_id in (GROUP, OTHER):
        sums.add_links([b"bucket"], {PHONE: SHARED})
        sums.add_index(PHONE, group_id)
    assert sums.links_agree(b"bucket", [PHONE])
    assert sums.index_agrees(PHONE, [OTHER, GROUP])
    assert not sums.index_agrees(PHONE, [GROUP])


def test_sums_of_aliases_tell_one_customer_from_another() -> None:
    sums = Sums()
    sums.add_aliases([b"bucket", b"bucket"], ["ic_A", "ic_B"])
    assert sums.aliases_agree(b"bucket", ["ic_B", "ic_A"])
    assert not sums.aliases_agree(b"bucket", ["ic_A"])
    assert not sums.aliases_agree(b"bucket", ["ic_A", "ic_C"])
