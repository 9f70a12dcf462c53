"""Law 1: order, duplication and batching do not matter; and the oracle agrees."""

from __future__ import annotations

import dataclasses
import os
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import randoms
from msgspec.structs import replace

from icustomer.core.change import Outcome
from icustomer.core.model import RawName
from icustomer.core.observation import SplitCommand
from icustomer.core.rules import DEFAULT_RULES, KindRule, Match, Rules
from worlds.comparison import assert_as_oracle
from worlds.observations import DAWN, KEYRING, NOWHERE, observation
from worlds.play import EXAMPLES, Game, play, quick
from worlds.stories import Story, stories, tell_story

HISTORY = ("customer_id", "version", "created_at", "updated_at", "merged_from", "merged_from_count")
SEED = int(os.environ.get("ICUSTOMER_TEST_SEED", "20260101"))


@quick
@given(stories(), randoms(use_true_random=False))
def test_any_delivery_of_a_story_comes_to_what_the_oracle_sees(story: Story, random: Random):
    game = play(story, random)
    assert_as_oracle(game.state, story.items, story.rules, KEYRING)


@quick
@given(stories(), randoms(use_true_random=False))
def test_events_of_one_id_and_time_that_differ_come_to_the_same_in_any_order(
    story: Story, random: Random
):
    told = tuple(replace(one, event_id="e", occurred_at=DAWN) for one in story.told)
    first, second = (play(dataclasses.replace(story, told=told), random) for _ in range(2))
    assert data_of(first) == data_of(second)


def data_of(game: Game) -> dict[frozenset[bytes], dict[str, Any]]:
    """Facets to data of all customers; ID and history depend on what came first."""
    records = game.state.published
    return {
        facets: {key: value for key, value in records[one].items() if key not in HISTORY}
        for one, facets in game.current().items()
    }


@pytest.mark.parametrize("seed", range(SEED, SEED + EXAMPLES))
def test_a_seeded_world_comes_to_what_the_oracle_sees(seed: int):
    random = Random(seed)
    story = tell_story(random)
    assert_as_oracle(play(story, random).state, story.items, story.rules, KEYRING)


@quick
@given(stories())
def test_a_record_delivered_again_is_a_duplicate_and_publishes_nothing(story: Story):
    game = Game(story.rules)
    arrivals = game.log.append_all(story.items)
    game.worker.run(arrivals)
    published = dict(game.state.published)
    verdicts = game.worker.run(arrivals)
    assert {verdict.outcome for verdict in verdicts} == {Outcome.DUPLICATE}
    assert game.state.published == published


@quick
@given(stories())
def test_an_event_sent_again_by_upstream_is_nothing_new_and_publishes_nothing(story: Story):
    game = Game(story.rules)
    game.worker.run(game.log.append_all(story.items))
    published = dict(game.state.published)
    verdicts = game.worker.run(game.log.append_all(story.items))
    assert {verdict.outcome for verdict in verdicts} == {Outcome.DUPLICATE}
    assert game.state.published == published


def test_what_known_people_tell_is_resolved_the_quick_way():
    """Its result is compared with the thorough one wherever worlds are played."""
    game = Game(DEFAULT_RULES)
    claimed = [("email", "anna@example.com"), ("phone", "+4930123456")]
    game.send(observation("e1", claimed))
    assert game.worker.quick_ways == 0
    game.send(observation("e2", claimed, at=5), observation("e3", claimed, at=6))
    assert game.worker.quick_ways == 1


def test_a_late_proof_makes_an_identifier_contested_for_those_who_had_proved_it():
    """They are in one group and were parted by a person: only the late proof makes two claim it."""
    rules = Rules(kinds={"email": KindRule(match=Match.VERIFIED), "phone": KindRule()})
    name = RawName("Anna", "Berg")
    game = Game(rules)
    told = [
        observation("a", [("email", "w@x.example", True), ("phone", "+491")], name=name),
        observation(
            "b", [("email", "w@x.example"), ("phone", "+491")], name=name, birth_date="1990-01-01"
        ),
    ]
    game.send(*told)
    (one,) = game.current()
    game.send(SplitCommand("c", DAWN, NOWHERE, one, everything=True))
    late = observation(
        "d",
        [("email", "w@x.example", True), ("phone", "+491")],
        name=name,
        birth_date="1990-01-01",
        at=5,
    )
    game.send(late)
    uses = {one["use"] for r in game.state.published.values() for one in r["emails"]}
    assert uses == {"contested"}
