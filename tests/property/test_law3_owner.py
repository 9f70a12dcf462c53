"""Law 3: every identifier has one owner under any interleaving; IDs and versions are steady.

That links, aliases and indices are what the groups hold, that versions grow and redirects
end is checked by the worker in memory after every commit of every test here.
"""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis.strategies import randoms

from icustomer.core.model import RawName
from icustomer.core.rules import DEFAULT_RULES
from worlds.comparison import assert_as_oracle
from worlds.driver import State, Worker
from worlds.log import Log
from worlds.observations import KEYRING, observation
from worlds.play import Game, interleave, quick
from worlds.stories import Story, stories

ANNA = RawName("Anna", "Berg")
EMAIL = ("email", "anna@x.example")


@quick
@given(stories(), randoms(use_true_random=False))
def test_workers_with_stale_snapshots_come_to_what_the_oracle_sees(story: Story, random: Random):
    state, _ = interleave(story, random)
    assert_as_oracle(state, story.items, story.rules, KEYRING)


def test_of_two_workers_that_found_the_same_customer_the_second_is_refused():
    state, log = State(), Log()
    first, second = (Worker(state, DEFAULT_RULES, KEYRING) for _ in range(2))
    ours = [log.append(observation("a", [EMAIL, ("phone", "+491")], name=ANNA), 0)]
    theirs = [log.append(observation("b", [EMAIL], name=ANNA), 1)]
    plans = first.plan(ours), second.plan(theirs)
    assert first.commit(ours, plans[0]) == []
    assert second.commit(theirs, plans[1]) == theirs
    second.finish(theirs)
    (group,) = state.all_groups()
    assert len(group.customers) == 1


@quick
@given(stories(), randoms(use_true_random=False))
def test_an_id_keeps_its_anchor_while_that_facet_is_somebody(story: Story, random: Random):
    game = Game(story.rules)
    told = list(story.items)
    random.shuffle(told)
    before, anchors = game.current(), anchors_of(game)
    for item in told:
        game.send(item)
        now = anchors_of(game)
        somebody = {key for facets in game.current().values() for key in facets}
        assert anchors.keys() <= now.keys(), "an ID was lost"
        moved = {one for one, anchor in anchors.items() if now[one] != anchor}
        assert not {anchors[one] for one in moved} & somebody, "an ID left its anchor"
        asleep = before.keys() - game.current().keys() - game.redirects().keys()
        assert not any(before[one] & somebody for one in asleep), "an ID fell asleep too early"
        before, anchors = game.current(), now


def anchors_of(game: Game) -> dict[str, bytes]:
    return {
        one.id: one.anchor
        for group in game.state.all_groups()
        for one in (*group.customers, *group.retired)
    }


def test_the_oldest_id_stays_and_the_younger_comes_back_when_they_part():
    game = Game(DEFAULT_RULES)
    phone = ("phone", "+491")
    game.send(observation("old", [("email", "a@x.example"), phone], name=ANNA, at=5))
    (old,) = game.current()
    game.send(observation("new", [("email", "b@x.example")], name=ANNA, at=1))
    (new,) = set(game.current()) - {old}
    game.send(observation("both", [("email", "b@x.example"), phone], name=ANNA, at=6))
    assert set(game.current()) == {old}
    assert game.redirects() == {new: old}
    for other in ("Peter", "Omar", "Yuki"):
        game.send(observation(other, [phone], name=RawName(other, "Berg"), at=7))
    assert {old, new} <= set(game.current())
    assert game.redirects() == {}


def test_an_id_moves_on_when_its_anchor_becomes_torn():
    game = Game(DEFAULT_RULES)
    phone = ("phone", "+491")
    torn = observation("torn", [phone], topic="orders", at=1)
    game.send(torn)
    (first,) = game.current()
    anna = observation("anna", [phone, EMAIL], name=ANNA, at=2)
    game.send(anna)
    assert game.current() == {first: frozenset({torn.facet_key, anna.facet_key})}
    game.send(observation("peter", [phone], name=RawName("Peter", "Berg"), at=3))
    assert game.current()[first] == frozenset({anna.facet_key})
    assert anchors_of(game)[first] == anna.facet_key
