"""A group in itself: each law, and the group that keeps them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import structs

from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Group, Identifier, NormalName, RawName, Retired
from icustomer.core.model import Facet as CoreFacet
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import NewerStateError
from icustomer.store.codec import encode
from icustomer.verification.groups import check_group, read_group
from icustomer.verification.problem import Law

KEYRING = Keyring(b"k" * 32)
EMAIL = Identifier("email", "a@example.org", "a@example.org")
EMAIL_DIGEST = KEYRING.identifier("email", "a@example.org")


def facet(number: int) -> CoreFacet:
    key = bytes([number]) * 16
    return CoreFacet(
        key, (EMAIL,), NormalName(), RawName(), None, 1, 2, "event", 3, ("shop", "event"), {}
    )


def customer(name: str, founded_at: int, *numbers: int) -> Customer:
    keys = tuple(bytes([number]) * 16 for number in numbers)
    return Customer(name, keys[0], founded_at, 5, 5, keys)


def sound() -> Group:
    """Two customers, of whom one has taken a third one's place."""
    return Group(
        id=bytes([1]) * 16,
        version=7,
        facets=[facet(1), facet(2), facet(3)],
        customers=[customer("old", 10, 1, 2), customer("other", 20, 3)],
        retired=[Retired("young", bytes([2]) * 16, 30, "old", 6)],
        shared=[EMAIL_DIGEST],
    )


@dataclass(frozen=True)
class Breach:
    law: Law
    changes: dict[str, Any]


def retired(**changes: Any) -> list[Retired]:
    return [structs.replace(sound().retired[0], **changes)]


def first_customer(**changes: Any) -> list[Customer]:
    first, second = sound().customers
    return [structs.replace(first, **changes), second]


BREACHES = {
    "facets not sorted": Breach(Law.FACETS, {"facets": [facet(2), facet(1), facet(3)]}),
    "a facet twice": Breach(Law.FACETS, {"facets": [facet(1), facet(2), facet(3), facet(3)]}),
    "an ID of no facet": Breach(Law.FACETS, {"id": bytes([9]) * 16}),
    "a facet of two customers": Breach(
        Law.CUSTOMERS, {"customers": [customer("old", 10, 1, 2), customer("other", 20, 2, 3)]}
    ),
    "a facet of nobody's group": Breach(
        Law.CUSTOMERS, {"customers": [customer("old", 10, 1, 2, 9), customer("other", 20, 3)]}
    ),
    "a customer's facets not sorted": Breach(
        Law.CUSTOMERS, {"customers": first_customer(facets=(bytes([2]) * 16, bytes([1]) * 16))}
    ),
    "a customer of a later version": Breach(
        Law.CUSTOMERS, {"customers": first_customer(version=8)}
    ),
    "a customer that hangs nowhere": Breach(
        Law.CUSTOMERS, {"customers": first_customer(anchor=bytes([9]) * 16)}
    ),
    "an ID twice": Breach(Law.CUSTOMERS, {"retired": retired(id="other")}),
    "a redirect to itself": Breach(Law.REDIRECTS, {"retired": retired(merged_into="young")}),
    "a redirect to nobody": Breach(Law.REDIRECTS, {"retired": retired(merged_into="nobody")}),
    "a redirect to somebody else": Breach(Law.REDIRECTS, {"retired": retired(merged_into="other")}),
    "a redirect to a younger one": Breach(Law.REDIRECTS, {"retired": retired(founded_at=5)}),
    "a redirect of a later version": Breach(Law.REDIRECTS, {"retired": retired(version=8)}),
    "marks not sorted": Breach(Law.MARKS, {"shared": [EMAIL_DIGEST, EMAIL_DIGEST]}),
    "a mark that is not carried": Breach(Law.MARKS, {"shared": [bytes(16), EMAIL_DIGEST]}),
}


def test_a_sound_group_breaks_no_law() -> None:
    assert list(check_group(sound(), DEFAULT_RULES, KEYRING)) == []


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES)
def test_each_breach_is_named(breach: Breach) -> None:
    group = structs.replace(sound(), **breach.changes)
    assert {each.law for each in check_group(group, DEFAULT_RULES, KEYRING)} == {breach.law}


def test_a_group_is_read_with_its_version_and_a_digest_of_what_it_holds() -> None:
    group = sound()
    read = read_group(group.id, encode(group))
    assert (read.group, read.damage) == (group, None)
    other = read_group(group.id, encode(structs.replace(group, customers=[])))
    assert read.stamp
    assert other.stamp
    assert read.stamp.version == other.stamp.version == 7
    assert read.stamp.digest != other.stamp.digest


@pytest.mark.parametrize(
    "spoiled",
    [
        b"",
        b"\xff" * 200,
        encode(sound())[:40],
        encode(structs.replace(sound(), id=bytes([2]) * 16)),
        b"%016x" % 8 + encode(sound())[16:],
    ],
    ids=["nothing", "garbage", "cut", "another group", "another version"],
)
def test_what_is_not_the_group_of_its_key_is_damaged(spoiled: bytes) -> None:
    read = read_group(sound().id, spoiled)
    assert read.group is None
    assert read.damage
    assert read.damage.law is Law.GROUP_DAMAGED


def test_a_newer_format_is_no_damage() -> None:
    blob = encode(sound())
    with pytest.raises(NewerStateError):
        read_group(sound().id, blob[:16] + b"\x7f" + blob[17:])
