"""The outbox at rest, and the plan that problems lead to."""

from __future__ import annotations

from icustomer.store.entries import content_digest, entry_content
from icustomer.verification.outbox import Waiting, check_outbox, named_in
from icustomer.verification.plan import NOTHING, REMEDIES, Plan, plan_for
from icustomer.verification.problem import Concern, Kind, Law, Problem

GROUP = b"\x00" * 8 + b"g" * 8
CUSTOMER = "ic_7K3M-9QX2-4HTB-W6PZ-S"
CONTENT = entry_content({GROUP: 7}, [CUSTOMER])
ENTRY = content_digest(CONTENT) + b"nonce"
NAMES = frozenset(
    name + b"\0" + ENTRY for name in (b"g" + GROUP, b"c" + CUSTOMER.encode(), b"nnonce")
)
WAITING = Waiting({ENTRY: b"05" + CONTENT}, NAMES, frozenset((ENTRY,)))
NOBODY = Waiting({}, frozenset(), frozenset())


def laws(waiting: Waiting) -> list[Law]:
    return [broken.law for _, broken in check_outbox(waiting)]


def test_an_empty_outbox_is_as_it_should_be() -> None:
    assert laws(NOBODY) == []


def test_an_entry_is_told_once() -> None:
    assert laws(WAITING) == [Law.OUTBOX_LEFT]


def test_an_entry_says_the_same_under_another_nonce() -> None:
    moved = content_digest(CONTENT) + b"another"
    (first,) = check_outbox(WAITING)
    again = check_outbox(Waiting({moved: b"06" + CONTENT}, NAMES, frozenset()))
    assert first[1] in [broken for _, broken in again]


def test_an_entry_that_is_not_found_is_told_besides() -> None:
    fewer = Waiting(WAITING.entries, frozenset(sorted(NAMES)[1:]), WAITING.times)
    assert laws(fewer) == [Law.OUTBOX_LEFT, Law.OUTBOX_INDEX]
    assert laws(Waiting(WAITING.entries, NAMES, frozenset())) == [
        Law.OUTBOX_LEFT,
        Law.OUTBOX_INDEX,
    ]


def test_names_and_times_of_no_entry_are_damage() -> None:
    assert laws(Waiting({}, NAMES, frozenset())) == [Law.OUTBOX_DAMAGED]
    assert laws(Waiting({}, frozenset(), frozenset((ENTRY,)))) == [Law.OUTBOX_DAMAGED]


def test_an_entry_that_cannot_be_read_is_damage() -> None:
    assert laws(Waiting({ENTRY: b"?"}, NAMES, frozenset((ENTRY,)))) == [Law.OUTBOX_DAMAGED]


def test_what_an_entry_names_will_be_published() -> None:
    named = named_in(WAITING)
    assert (named.groups, named.customer_ids) == ({GROUP}, {CUSTOMER})


def problem(law: Law, name: bytes = GROUP, kind: Kind = Kind.GROUP) -> Problem:
    return Problem(law, "", "", Concern(kind, name))


def test_every_law_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Law)


def test_without_problems_there_is_nothing_to_do() -> None:
    assert plan_for([]) == NOTHING
    assert plan_for([problem(Law.CHANGELOG_FOREIGN)]) == NOTHING


def test_what_was_not_published_is_published_before_a_rebuild() -> None:
    plan = plan_for([problem(Law.LINK_MISSING), problem(Law.UNPUBLISHED, b"u")])
    assert plan == Plan(publish=[b"u"], rebuild=True)


def test_a_group_that_breaks_a_law_in_itself_is_kept_out_of_the_changelog() -> None:
    plan = plan_for([problem(Law.UNPUBLISHED), problem(Law.CUSTOMERS)])
    assert plan == Plan(rebuild=True)


def test_who_is_nobody_is_judged_only_when_nothing_has_to_be_rebuilt() -> None:
    nobody = problem(Law.PROFILE_OF_NOBODY, CUSTOMER.encode(), Kind.CUSTOMER)
    assert plan_for([nobody]) == Plan(erase=[CUSTOMER])
    assert plan_for([nobody, problem(Law.ALIAS_MISSING)]) == Plan(rebuild=True)


def test_a_key_that_is_no_customer_id_is_left_to_whoever_wrote_it() -> None:
    foreign = problem(Law.PROFILE_OF_NOBODY, b"somebody", Kind.CUSTOMER)
    assert plan_for([foreign]) == NOTHING
