"""Freeing an identifier: what becomes one, what stays marked, and what is refused."""

from __future__ import annotations

import pytest

from icustomer.core.change import SHARED, Outcome
from icustomer.core.model import RawName
from icustomer.core.observation import Observation, UnshareCommand
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.core.unsharing import MAX_FACETS, MAX_GROUPS
from worlds.comparison import assert_as_oracle
from worlds.driver import Worker
from worlds.observations import DAWN, KEYRING, NOWHERE, observation
from worlds.play import Game
from worlds.stories import GIVEN

PHONE = ("phone", "+41446681800")
ANNA = RawName("Anna", "Berg")
DIGEST = KEYRING.identifier(*PHONE)


def unshare(event_id: str = "u", kind: str = "phone", value: str = PHONE[1]) -> UnshareCommand:
    return UnshareCommand(event_id, DAWN, NOWHERE, kind, KEYRING.identifier(kind, value))


def seen_with(people: int, phone: tuple[str, str] = PHONE) -> list[Observation]:
    """A number of several people, each with an address of their own."""
    return [
        observation(
            f"e{number}",
            [phone, ("email", f"{number}@x.example")],
            name=RawName(GIVEN[number % len(GIVEN)], f"F{number}"),
        )
        for number in range(people)
    ]


def shared() -> Game:
    game = Game(DEFAULT_RULES)
    game.send(*seen_with(4))
    assert game.state.links[DIGEST] == SHARED
    return game


def test_the_groups_of_all_who_carry_it_become_one_and_every_profile_says_so():
    game = shared()
    (verdict,) = game.worker.run([game.log.append(unshare())])
    (group,) = game.state.all_groups()
    assert (group.shared, group.unshared) == ([], [DIGEST])
    assert game.state.links[DIGEST] == group.id
    assert not game.state.index
    assert verdict.outcome is Outcome.MATCHED, "their names forbid that they are one"
    uses = {phone["use"] for one in game.state.published.values() for phone in one["phones"]}
    assert uses == {"contested"}
    assert [d.type for d in group.decisions if d.digest == DIGEST][:2] == [
        "identifier_shared",
        "merge_refused",
    ]
    assert sum(d.type == "identifier_unshared" for d in group.decisions) == 1


def test_who_was_kept_apart_by_the_mark_alone_is_one_and_parts_again_when_told_so():
    game = shared()
    again = observation("again", [PHONE], name=RawName(GIVEN[0], "F0"), at=9)
    game.send(again)
    before = game.current()
    assert len(before) == 5
    (verdict,) = game.worker.run([game.log.append(unshare())])
    assert verdict.outcome is Outcome.MERGED
    assert len(game.current()) == 4
    (merged,) = (d for g in game.state.all_groups() for d in g.decisions if d.type == "merged")
    assert (merged.rule, merged.kind, merged.digest) == ("unshare", "phone", DIGEST)
    assert_as_oracle(game.state, [*seen_with(4), again, unshare()], DEFAULT_RULES, KEYRING)


def test_before_anybody_carries_it_the_word_waits_and_holds():
    game = Game(DEFAULT_RULES)
    (verdict,) = game.worker.run([game.log.append(unshare())])
    assert (verdict.outcome, verdict.reason) == (Outcome.MATCHED, "not_seen_yet")
    (waiting,) = game.state.all_groups()
    assert (waiting.id, waiting.facets, game.state.links) == (DIGEST, [], {DIGEST: DIGEST})
    for each in seen_with(8):
        game.send(each)
    (group,) = game.state.all_groups()
    assert (len(group.facets), group.shared, group.unshared) == (8, [], [DIGEST])


@pytest.mark.parametrize("event_id", ["u", "another"])
def test_the_word_said_again_is_a_duplicate_and_writes_nothing(event_id: str):
    game = shared()
    game.send(unshare())
    before = dict(game.state.groups), dict(game.state.published)
    (verdict,) = game.worker.run([game.log.append(unshare(event_id))])
    assert verdict.outcome is Outcome.DUPLICATE
    assert (game.state.groups, game.state.published) == before


def test_a_carrier_that_another_worker_brings_meanwhile_is_not_left_behind():
    game = shared()
    other = Worker(game.state, DEFAULT_RULES, KEYRING)
    words = [game.log.append(unshare())]
    plan = game.worker.plan(words)
    late = observation("late", [PHONE, ("email", "late@x.example")], name=RawName("Zeno", "Late"))
    theirs = [game.log.append(late)]
    assert other.commit(theirs, other.plan(theirs)) == []
    assert game.worker.commit(words, plan) == words
    game.worker.finish(words)
    assert_as_oracle(game.state, [*seen_with(4), late, unshare()], DEFAULT_RULES, KEYRING)


def test_a_worker_that_believed_it_shared_is_refused():
    game = shared()
    late = [game.log.append(observation("late", [PHONE], name=RawName("Zeno", "Late")))]
    stale = game.worker.plan(late)
    game.send(unshare())
    assert game.worker.commit(late, stale) == late
    game.worker.finish(late)
    assert len(game.state.all_groups()) == 1


def test_what_was_marked_beside_it_stays_marked_whenever_the_word_came():
    """An address beside 21 numbers, two of which are contested: too few to be nobody's for that,
    but the address is, and so are they, also once it is said to be somebody's."""
    told = []
    for number in range(21):
        phone = ("phone", f"+4144668{number:04}")
        if number < 2:
            told.append(observation(f"p{number}", [phone], name=RawName("Peter", "Berg")))
        both = [phone, ("email", "all@x.example")]
        told.append(observation(f"a{number}", both, name=RawName("Anna", f"F{number}")))
    word = unshare(kind="email", value="all@x.example")
    for items in ([*told, word], [word, *told], [*told[:12], word, *told[12:]]):
        game = Game(DEFAULT_RULES)
        game.send(*items)
        assert_as_oracle(game.state, items, DEFAULT_RULES, KEYRING)
        assert list(game.state.links.values()).count(SHARED) == 2


def test_a_profile_says_that_it_matches_by_it_though_nobody_joined_or_parted():
    email = ("email", "all@x.example")
    accounts = [("account", f"shop/{number}") for number in range(3)]
    told = [
        observation(f"e{n}", [email, accounts[n // 10], ("phone", f"+4144668{n:04}")], name=ANNA)
        for n in range(21)
    ]
    game = Game(DEFAULT_RULES)
    game.send(observation("all", accounts, name=ANNA), *told)
    (before,) = game.state.published.values()
    assert before["emails"][0]["use"] == "shared"
    game.send(unshare(kind="email", value=email[1]))
    (after,) = game.state.published.values()
    assert (after["emails"][0]["use"], after["customer_id"]) == ("match", before["customer_id"])


def test_a_group_that_is_too_large_never_gives_up_what_was_freed():
    rules = Rules(max_group=5)
    game = Game(rules)
    game.send(unshare())
    for each in seen_with(8):
        game.send(each)
    (group,) = game.state.all_groups()
    assert len(group.facets) == 8
    assert DIGEST not in group.shared


@pytest.mark.parametrize("people", [MAX_GROUPS, MAX_GROUPS + 1])
def test_so_many_groups_become_one_and_not_one_more(people: int):
    game = Game(DEFAULT_RULES)
    game.send(*seen_with(people))
    (verdict,) = game.worker.run([game.log.append(unshare())])
    if people > MAX_GROUPS:
        assert (verdict.outcome, verdict.reason) == (Outcome.DEAD_LETTERED, "refused_command")
        assert f"more than {MAX_GROUPS} groups" in verdict.detail
        assert game.state.links[DIGEST] == SHARED
    else:
        (group,) = game.state.all_groups()
        assert len(group.facets) == people


def test_so_many_claims_hang_together_and_not_one_more():
    game = Game(DEFAULT_RULES)
    game.send(*seen_with(4))
    each = MAX_FACETS // 4
    for number in range(4):
        name = RawName(GIVEN[number], f"F{number}")
        game.send(
            *(
                observation(
                    f"{number}-{more}",
                    [("email", f"{number}@x.example"), ("account", f"{number}/{more // 20}")]
                    if more < 20
                    else [
                        ("account", f"{number}/{more // 20 - 1}"),
                        ("account", f"{number}/{more // 20}"),
                    ],
                    name=name,
                    birth_date=f"19{more // 100:02}-{1 + more % 100 // 25:02}-{1 + more % 25:02}",
                )
                for more in range(each)
            )
        )
    assert sum(len(group.facets) for group in game.state.all_groups()) == MAX_FACETS + 4
    (verdict,) = game.worker.run([game.log.append(unshare())])
    assert (verdict.outcome, verdict.reason) == (Outcome.DEAD_LETTERED, "refused_command")
    assert f"{MAX_FACETS + 4:,} claims" in verdict.detail
