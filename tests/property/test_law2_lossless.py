"""Law 2: what was merged and is split again is what it was: customers, IDs, data.

Left out are worlds with an ID that sleeps: a merge may wake it, and then it is the oldest.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis.strategies import integers, randoms

from icustomer.core.change import Outcome
from icustomer.core.model import RawName
from icustomer.core.observation import MergeCommand, Observation, SplitCommand
from icustomer.core.rules import DEFAULT_RULES
from worlds.comparison import assert_as_oracle
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation, order
from worlds.play import Game, play, play_with_commands, quick
from worlds.stories import SPAN, Story, stories

MOVING = ("version", "updated_at", "change", "merged_from", "merged_from_count")
"""What a profile tells of its own history: a merge and a split leave their trace there."""
ANNA = RawName("Anna", "Berg")


def merge(*customer_ids: str, at: int = SPAN) -> MergeCommand:
    return MergeCommand(f"merge{at}", DAWN + at * SECOND, NOWHERE, customer_ids)


def split(customer_id: str, at: int = SPAN + 1, **what: Any) -> SplitCommand:
    return SplitCommand(f"split{at}", DAWN + at * SECOND, NOWHERE, customer_id, **what)


def known_of(game: Game) -> dict[str, dict[str, Any]]:
    """The data of each customer, without the traces of history."""
    return {
        customer_id: {key: value for key, value in record.items() if key not in MOVING}
        for customer_id, record in game.state.published.items()
    }


@quick
@given(stories(), randoms(use_true_random=False))
def test_a_commanded_merge_undone_gives_everything_back(story: Story, random: Random):
    game = play(story, random)
    before, data = game.current(), known_of(game)
    assume(len(before) > 1 and not game.asleep())
    older, younger = by_age(game, random.sample(sorted(before), 2))
    game.send(merge(older, younger))
    assert holder(game, older) == holder(game, younger) != younger
    assert_as_oracle(game.state, story.items, story.rules, KEYRING)
    game.send(split(younger))
    assert game.current() == before
    assert {key: known_of(game)[key] for key in data} == data


@quick
@given(stories(), randoms(use_true_random=False))
def test_customers_split_after_a_merge_stay_apart_whatever_comes_again(
    story: Story, random: Random
):
    game = play(story, random)
    before = game.current()
    assume(len(before) > 1 and not game.asleep())
    older, younger = by_age(game, random.sample(sorted(before), 2))
    game.send(merge(older, younger))
    game.send(split(younger))
    game.send(*story.items)
    assert game.current() == before


@quick
@given(stories(), randoms(use_true_random=False))
def test_words_among_the_evidence_mean_the_same_whenever_they_came(story: Story, random: Random):
    game = play_with_commands(story, random)
    assert_as_oracle(game.state, story.items, story.rules, KEYRING)


def by_age(game: Game, customer_ids: Iterable[str]) -> list[str]:
    founded = {c.id: c.founded_at for g in game.state.all_groups() for c in g.customers}
    return sorted(customer_ids, key=lambda customer_id: (founded[customer_id], customer_id))


def holder(game: Game, customer_id: str) -> str:
    """The current ID that a chain of redirects ends at."""
    while customer_id in game.redirects():
        customer_id = game.redirects()[customer_id]
    return customer_id


def person(letter: str, facets: int) -> list[Observation]:
    """One person known by up to three claims under an e-mail and a phone of their own."""
    email, phone = ("email", f"{letter}@x.example"), ("phone", f"+49{ord(letter)}")
    told = [
        observation(f"{letter}1", [email, phone], name=ANNA, cells={"locale": letter}, at=1),
        observation(f"{letter}2", [email], topic="orders", order=order(letter, "paid", "5"), at=2),
        observation(f"{letter}3", [phone], name=ANNA, topic="support", at=3),
    ]
    return told[:facets]


@quick
@given(integers(1, 3), integers(1, 3), randoms(use_true_random=False))
def test_a_merge_by_evidence_undone_gives_both_back(ours: int, theirs: int, random: Random):
    game = Game(DEFAULT_RULES)
    told = [*person("a", ours), *person("b", theirs)]
    random.shuffle(told)
    game.send(*told)
    before, data = game.current(), known_of(game)
    assert len(before) == 2
    bridge = observation("x", [("email", "a@x.example"), ("phone", "+4998")], name=ANNA, at=9)
    game.send(bridge)
    assert len(game.current()) == 1
    (retired,) = set(before) - set(game.current())
    game.send(split(retired))
    assert_as_oracle(game.state, [*told, bridge], DEFAULT_RULES, KEYRING)
    after = {key: facets - {bridge.facet_key} for key, facets in game.current().items()}
    assert after == before
    holder = next(key for key, facets in game.current().items() if bridge.facet_key in facets)
    (other,) = set(before) - {holder}
    assert without_use(known_of(game)[other]) == without_use(data[other])
    game.send(observation("y", [("email", "a@x.example"), ("phone", "+4998")], name=ANNA, at=10))
    assert len(game.current()) == 2


def without_use(record: dict[str, Any]) -> dict[str, Any]:
    """The bridge still claims an identifier of the one whom it was parted from."""
    listed = {
        kind: [{k: v for k, v in entry.items() if k != "use"} for entry in record.get(kind, ())]
        for kind in ("emails", "phones")
    }
    return record | listed


def test_the_latest_merge_of_a_current_customer_is_undone_by_its_id_alone():
    game = Game(DEFAULT_RULES)
    game.send(*person("a", 3), *person("b", 3))
    before = game.current()
    game.send(merge(*before))
    (current,) = game.current()
    game.send(split(current))
    assert game.current() == before


def test_a_customer_is_split_by_identifiers_and_a_claim_of_both_stays_with_the_older():
    game = Game(DEFAULT_RULES)
    told = [
        observation("a", [("email", "a@x.example"), ("phone", "+491")], name=ANNA),
        observation("b", [("phone", "+491"), ("phone", "+492")], name=ANNA, at=1),
        observation("c", [("phone", "+492")], name=ANNA, at=2),
    ]
    game.send(*told)
    (current,) = game.current()
    game.send(split(current, identifiers=(KEYRING.identifier("phone", "+492"),)))
    assert set(game.current().values()) == {
        frozenset({told[0].facet_key, told[1].facet_key}),
        frozenset({told[2].facet_key}),
    }
    assert current in game.current()


def test_a_customer_is_split_into_each_facet_alone():
    game = Game(DEFAULT_RULES)
    told = person("a", 3)
    game.send(*told)
    (current,) = game.current()
    game.send(split(current, everything=True))
    assert set(game.current().values()) == {frozenset({one.facet_key}) for one in told}
    assert current in game.current()


def test_a_command_for_an_unknown_customer_is_refused():
    game = Game(DEFAULT_RULES)
    game.send(*person("a", 1))
    nobody = KEYRING.customer_id(bytes(16), "shop", "never", 0)
    known = next(iter(game.current()))
    for place, command in enumerate((split(nobody), merge(nobody, known, at=99))):
        (verdict,) = game.worker.run([game.log.append(command)])
        assert (verdict.outcome, verdict.reason) == (Outcome.DEAD_LETTERED, "refused_command"), (
            place
        )
