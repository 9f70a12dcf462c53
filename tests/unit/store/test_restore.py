"""What leads to a group that comes back from the changelog."""

from __future__ import annotations

from msgspec.structs import replace

from icustomer.core.change import SHARED
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import DEFAULT_RULES, KindRule, Match, Rules
from icustomer.store.restore import restored
from unit.store.groups import BARE, FACET, GROUPS

KEYRING = Keyring(b"k" * 32)
ACCOUNT, EMAIL, PHONE = (KEYRING.identifier(each.kind, each.value) for each in FACET.identifiers)


def links(rules: Rules = DEFAULT_RULES, **parts: object) -> dict[bytes, bytes]:
    group = Group(id=FACET.key, version=1, facets=[FACET], **parts)
    return restored(group, b"blob", rules, KEYRING).links


def test_every_linkable_identifier_links_to_the_group() -> None:
    assert links() == dict.fromkeys((ACCOUNT, EMAIL, PHONE), FACET.key)


def test_a_facet_without_identifiers_links_by_its_own_key() -> None:
    group = replace(GROUPS["bare"], facets=[BARE, FACET])
    assert restored(group, b"blob", DEFAULT_RULES, KEYRING).links == dict.fromkeys(
        (ACCOUNT, EMAIL, PHONE, BARE.key), group.id
    )


def test_shared_identifiers_carry_the_mark_and_name_the_group_in_their_index() -> None:
    group = Group(id=FACET.key, version=1, facets=[FACET], shared=[PHONE])
    answer = restored(group, b"blob", DEFAULT_RULES, KEYRING)
    assert answer.links == {ACCOUNT: FACET.key, EMAIL: FACET.key, PHONE: SHARED}
    assert answer.index == [PHONE]


def test_blocked_unknown_and_never_matched_identifiers_have_no_link() -> None:
    rules = Rules(
        kinds={"email": KindRule(), "account": KindRule(match=Match.NEVER)},
        blocked=frozenset({EMAIL}),
    )
    assert links(rules) == {FACET.key: FACET.key}


def test_a_facet_all_of_whose_identifiers_are_shared_links_by_its_own_key() -> None:
    shared = sorted((ACCOUNT, EMAIL, PHONE))
    assert links(shared=shared) == {**dict.fromkeys(shared, SHARED), FACET.key: FACET.key}


def test_current_and_retired_customers_lead_to_the_group() -> None:
    answer = restored(GROUPS["full"], b"blob", DEFAULT_RULES, KEYRING)
    assert answer.aliases == ["ic_7K3M-9QX2-4HTB-W6PZ-C", "ic_0000-0000-0000-0000-0"]
    assert (answer.group_id, answer.blob) == (GROUPS["full"].id, b"blob")
