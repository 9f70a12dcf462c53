"""The oracle itself, on worlds small enough to judge by hand."""

from __future__ import annotations

from collections.abc import Iterable

from icustomer.core.blocking import Blocked
from icustomer.core.model import Override, RawName
from icustomer.core.observation import Observation
from icustomer.core.rules import DEFAULT_RULES, KindRule, Match, Rules
from oracle.clusters import World, clusters
from worlds.observations import KEYRING, observation
from worlds.stories import TIGHT_RULES

ANNA = RawName("Anna", "Berg")
PETER = RawName("Peter", "Berg")
PHONE = ("phone", "+491")


def judge(
    told: Iterable[Observation],
    rules: Rules = DEFAULT_RULES,
    overrides: Iterable[Override] = (),
    marks: Iterable[bytes] = (),
) -> World:
    return clusters(list(told), rules, KEYRING, overrides, marks)


def people(world: World) -> set[frozenset[str]]:
    """Customers by the event IDs of their facets' first events."""
    claims = world.evidence.claims
    return {
        frozenset(claims[key].observations[0].event_id for key in customer)
        for customer in world.customers
    }


def waiting(world: World) -> set[str]:
    claims = world.evidence.claims
    return {claims[key].observations[0].event_id for key in world.unresolved}


def word(
    kind: str, at: int, *sides: Iterable[Observation], rest: Iterable[Observation] = ()
) -> Override:
    return Override(
        kind=kind,
        at=at,
        event_id=f"c{at}",
        sides=tuple(tuple(told.facet_key for told in side) for side in sides),
        rest=tuple(told.facet_key for told in rest),
    )


def test_a_phone_does_not_join_mother_and_son_and_the_refusal_is_told():
    anna = observation("anna", [PHONE], name=ANNA)
    peter = observation("peter", [PHONE], name=PETER, at=1)
    world = judge([peter, anna])
    assert people(world) == {frozenset({"anna"}), frozenset({"peter"})}
    phone = KEYRING.identifier(*PHONE)
    mine, yours = frozenset({anna.facet_key}), frozenset({peter.facet_key})
    assert world.refusals == {(phone, mine, yours)}
    assert len(world.groups) == 1


def test_an_email_joins_whatever_the_names():
    world = judge(
        observation(f"e{n}", [("email", "x")], name=name) for n, name in enumerate((ANNA, PETER))
    )
    assert people(world) == {frozenset({"e0", "e1"})}


def test_a_nameless_event_between_two_people_is_no_bridge_and_waits():
    world = judge(
        [
            observation("anna", [PHONE], name=ANNA),
            observation("peter", [PHONE], name=PETER),
            observation("torn", [PHONE], topic="orders"),
        ]
    )
    assert people(world) == {frozenset({"anna"}), frozenset({"peter"})}
    assert waiting(world) == {"torn"}


def test_a_nameless_event_follows_the_strongest_kind_that_leads_anywhere():
    world = judge(
        [
            observation("anna", [PHONE, ("email", "a")], name=ANNA),
            observation("peter", [PHONE], name=PETER),
            observation("order", [PHONE, ("email", "a")]),
        ]
    )
    assert people(world) == {frozenset({"anna", "order"}), frozenset({"peter"})}


def test_a_torn_event_with_an_identifier_of_its_own_is_a_customer():
    world = judge(
        [
            observation("anna", [PHONE], name=ANNA),
            observation("peter", [PHONE], name=PETER),
            observation("torn", [PHONE, ("phone", "+492")]),
            observation("friend", [("phone", "+492"), ("phone", "+493")]),
        ]
    )
    assert people(world) == {
        frozenset({"anna"}),
        frozenset({"peter"}),
        frozenset({"torn", "friend"}),
    }


def test_four_people_make_a_number_shared_and_three_do_not():
    told = [
        observation(given, [PHONE], name=RawName(given, "Berg"))
        for given in ("Anna", "Peter", "Omar", "Yuki")
    ]
    assert judge(told[:3]).shared == frozenset()
    world = judge(told)
    assert world.shared == {KEYRING.identifier(*PHONE)}
    assert len(world.groups) == len(world.customers) == 4


def test_sharing_undoes_the_merges_that_hung_on_it():
    told = [observation("early", [PHONE, ("email", "a")], name=ANNA)]
    told += [observation("late", [PHONE, ("email", "b")], name=ANNA)]
    assert len(judge(told).customers) == 1
    told += [
        observation(given, [PHONE], name=RawName(given, "Berg"))
        for given in ("Peter", "Omar", "Yuki")
    ]
    assert len(judge(told).customers) == 5


def test_too_many_identifiers_of_another_kind_make_an_account_shared():
    told = [observation(f"e{n}", [("account", "a"), ("email", f"{n}")]) for n in range(5)]
    assert judge(told[:4], TIGHT_RULES).shared == frozenset()
    assert judge(told, TIGHT_RULES).shared == {KEYRING.identifier("account", "a")}


def test_a_kind_with_one_value_a_transaction_does_not_count_as_linked():
    kinds = {"email": KindRule(max_linked=1), "booking": KindRule(transactional=True)}
    told = [observation(f"e{n}", [("email", "a"), ("booking", f"{n}")]) for n in range(3)]
    assert judge(told, Rules(kinds=kinds)).shared == frozenset()


def gifts(count: int) -> list[Observation]:
    """One e-mail that stands beside phones of others, each told with two names."""
    told = []
    for n in range(count):
        phone = ("phone", f"+49{n}")
        told.append(observation(f"gift{n}", [("email", "giver"), phone], name=ANNA))
        told.append(observation(f"owner{n}", [phone], name=PETER))
    return told


def test_contested_numbers_are_shared_beside_an_email_that_has_too_many_of_them():
    assert judge(gifts(3)).shared == frozenset()
    assert len(judge(gifts(4)).shared) == 4


def test_a_contested_number_beside_a_shared_email_is_shared():
    told = [*gifts(1), observation("other", [("email", "giver")], name=PETER)]
    assert judge(told).shared == frozenset()
    email = KEYRING.identifier("email", "giver")
    assert judge(told, marks=[email]).shared == {email, KEYRING.identifier("phone", "+490")}


def test_unverified_claims_of_a_verified_only_kind_connect_but_do_not_join():
    rules = Rules(kinds={"email": KindRule(match=Match.VERIFIED)})
    told = [
        observation("mine", [("email", "a", True)], name=ANNA),
        observation("claimed", [("email", "a")], name=PETER),
    ]
    world = judge(told, rules)
    assert len(world.groups) == 1
    assert len(world.customers) == 2
    verified_later = observation("mail", [("email", "a", True)], name=PETER)
    assert len(judge([*told, verified_later], rules).customers) == 1


def test_blocked_and_unknown_identifiers_join_nobody():
    rules = Rules(blocked=frozenset({Blocked(*PHONE)}))
    told = [
        observation(f"e{n}", [PHONE, ("passport", "x")], birth_date=f"199{n}-01-01") for n in (0, 1)
    ]
    world = judge(told, rules)
    assert not world.customers
    assert len(world.groups) == 2


def test_a_named_facet_with_only_a_shared_identifier_is_a_customer():
    world = judge([observation("anna", [PHONE], name=ANNA)], marks=[KEYRING.identifier(*PHONE)])
    assert people(world) == {frozenset({"anna"})}


def test_a_must_link_joins_and_a_newer_cannot_link_parts_again():
    anna = observation("anna", [("email", "a")], name=ANNA)
    peter = observation("peter", [("email", "b")], name=PETER)
    must, cannot = word("must", 1, [anna], [peter]), word("cannot", 2, [anna], [peter])
    assert len(judge([anna, peter], overrides=[must]).customers) == 1
    assert len(judge([anna, peter], overrides=[must, cannot]).customers) == 2
    assert (
        len(judge([anna, peter], overrides=[cannot, word("must", 3, [anna], [peter])]).customers)
        == 1
    )


def test_a_cannot_link_outlasts_more_of_the_same_evidence():
    one = observation("one", [("email", "a")], name=ANNA)
    two = observation("two", [("email", "a"), ("phone", "+491")], name=ANNA)
    more = observation("more", [("email", "a"), ("phone", "+492")], name=ANNA)
    world = judge([one, two, more], overrides=[word("cannot", 1, [one], [two])])
    assert len(world.customers) == 2


def test_a_must_link_of_two_names_takes_either_name_on_their_phone():
    anna = observation("anna", [("email", "a"), PHONE], name=ANNA)
    peter = observation("peter", [("email", "b")], name=PETER)
    again = observation("again", [PHONE], name=PETER)
    assert len(judge([anna, peter, again]).customers) == 3
    world = judge([anna, peter, again], overrides=[word("must", 1, [anna], [peter])])
    assert len(world.customers) == 1


def test_facets_that_came_from_elsewhere_count_with_the_second_side():
    one = observation("one", [("email", "a")], name=ANNA)
    two = observation("two", [("email", "a"), ("phone", "+491")], name=ANNA)
    rest = observation("rest", [("email", "a"), ("phone", "+492")], name=ANNA)
    world = judge([one, two, rest], overrides=[word("cannot", 1, [one], [two], rest=[rest])])
    assert people(world) == {frozenset({"one"}), frozenset({"two", "rest"})}
