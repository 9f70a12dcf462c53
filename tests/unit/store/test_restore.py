"""What leads to a group that comes back from the changelog."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from icustomer.core.blocking import Blocked
from icustomer.core.change import SHARED
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import DEFAULT_RULES, KindRule, Match, Rules
from icustomer.store.codec import encode
from icustomer.store.outline import outline_of
from icustomer.store.port import Directions
from icustomer.store.restore import directions_lost, directions_to
from unit.store.groups import BARE, FACET, GROUPS

KEYRING = Keyring(b"k" * 32)
ACCOUNT, EMAIL, PHONE = (KEYRING.identifier(each.kind, each.value) for each in FACET.identifiers)


def links(rules: Rules = DEFAULT_RULES, **parts: object) -> dict[bytes, bytes]:
    group = Group(id=FACET.key, version=1, facets=[FACET], **parts)
    return directions_to(group, rules, KEYRING).links


def test_every_linkable_identifier_links_to_the_group() -> None:
    assert links() == dict.fromkeys((ACCOUNT, EMAIL, PHONE), FACET.key)


def test_a_facet_without_identifiers_links_by_its_own_key() -> None:
    group = replace(GROUPS["bare"], facets=[BARE, FACET])
    assert directions_to(group, DEFAULT_RULES, KEYRING).links == dict.fromkeys(
        (ACCOUNT, EMAIL, PHONE, BARE.key), group.id
    )


def test_shared_identifiers_carry_the_mark_and_name_the_group_in_their_index() -> None:
    group = Group(id=FACET.key, version=1, facets=[FACET], shared=[PHONE])
    answer = directions_to(group, DEFAULT_RULES, KEYRING)
    assert answer.links == {ACCOUNT: FACET.key, EMAIL: FACET.key, PHONE: SHARED}
    assert answer.index == [PHONE]


def test_blocked_unknown_and_never_matched_identifiers_have_no_link() -> None:
    rules = Rules(
        kinds={"email": KindRule(), "account": KindRule(match=Match.NEVER)},
        blocked=frozenset({Blocked("email", "zoe@example.org")}),
    )
    assert links(rules) == {FACET.key: FACET.key}


def test_a_facet_all_of_whose_identifiers_are_shared_links_by_its_own_key() -> None:
    shared = sorted((ACCOUNT, EMAIL, PHONE))
    assert links(shared=shared) == {**dict.fromkeys(shared, SHARED), FACET.key: FACET.key}


def test_current_and_retired_customers_lead_to_the_group() -> None:
    answer = directions_to(GROUPS["full"], DEFAULT_RULES, KEYRING)
    assert answer.aliases == ["ic_7K3M-9QX2-4HTB-W6PZ-C", "ic_0000-0000-0000-0000-0"]
    assert answer.group_id == GROUPS["full"].id


@pytest.mark.parametrize("name", GROUPS)
def test_the_outline_of_a_group_leads_to_it_as_the_whole_does(name: str) -> None:
    group = GROUPS[name]
    outline = outline_of(encode(group))
    assert outline.version == group.version
    assert directions_to(outline, DEFAULT_RULES, KEYRING) == directions_to(
        group, DEFAULT_RULES, KEYRING
    )


def test_what_led_to_a_group_and_does_no_more() -> None:
    before = Directions(b"g", {b"1": b"g", b"2": SHARED, b"3": b"g"}, [b"2", b"4"], ["a", "b"])
    after = Directions(b"g", {b"1": b"g", b"3": SHARED}, [b"4", b"5"], ["b", "c"])
    assert directions_lost(before, after) == Directions(b"g", {b"2": SHARED}, [b"2"], ["a"])


def test_what_was_unshared_and_nobody_carries_is_found_by_its_digest() -> None:
    waiting = Group(PHONE, 1, [], unshared=[PHONE])
    for group in (waiting, outline_of(encode(waiting))):
        answer = directions_to(group, DEFAULT_RULES, KEYRING)
        assert (answer.links, answer.index, answer.aliases) == ({PHONE: PHONE}, [], [])
