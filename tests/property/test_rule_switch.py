"""A space whose rules are switched ends as one that had the new rules from the beginning."""

from __future__ import annotations

import os
from random import Random

import pytest
from msgspec.structs import replace

from icustomer.core.observation import Observation
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.core.survivorship import Choice
from worlds.comparison import assert_as_oracle
from worlds.log import batches, shuffled_arrivals
from worlds.observations import KEYRING
from worlds.play import EXAMPLES, Game
from worlds.rule_files import draw_rules
from worlds.stories import OTHER_RULES, TIGHT_RULES, Story, tell_story
from worlds.switching import SwitchedWorker, told_under

SEED = int(os.environ.get("ICUSTOMER_TEST_SEED", "20260101"))


def rules_of(random: Random) -> Rules:
    """Any of the built-in ones of the tests, or a drawn file."""
    return random.choice((DEFAULT_RULES, TIGHT_RULES, OTHER_RULES, draw_rules(random)))


def two_rules(random: Random) -> tuple[Rules, Rules]:
    """Former and new ones. Events are counted from when the rules ask for it."""
    old, new = rules_of(random), rules_of(random)
    if new.counts_events and not old.counts_events:
        new = replace(new, survivorship=replace(new.survivorship, name=Choice.LATEST))
    return old, new


def as_written(told: Observation) -> Observation:
    """One form of each value: of several spellings a facet keeps only the last."""
    return replace(told, identifiers=tuple(replace(one, raw=one.value) for one in told.identifiers))


def switched(story: Story, old: Rules, new: Rules, random: Random) -> SwitchedWorker:
    """Part of the story under the old rules, the rest among conversions."""
    game = Game(old)
    stored = [read for one in map(as_written, story.told) if (read := told_under(old, one))]
    before = [read for read in stored if told_under(new, read)]
    arrivals = shuffled_arrivals(random, before, game.log)
    cut = random.randrange(len(arrivals) + 1)
    for batch in batches(random, arrivals[:cut]):
        game.worker.run(batch)
    worker = SwitchedWorker(game.state, new)
    worker.lead()
    rest = [read for one in arrivals[cut:] if (read := told_under(new, one))]
    for batch in batches(random, rest):
        if (waiting := worker.old()) and random.random() < 0.5:
            worker.convert([random.choice(waiting)])
        worker.run(batch)
    worker.finish_switch(random)
    return worker


@pytest.mark.parametrize("seed", range(SEED, SEED + 4 * EXAMPLES))
def test_a_switch_in_the_middle_comes_to_what_the_oracle_sees_under_the_new_rules(seed: int):
    random = Random(seed)
    story = tell_story(random)
    old, new = two_rules(random)
    worker = switched(story, old, new, random)
    stored = [read for one in map(as_written, story.told) if (read := told_under(old, one))]
    told = [read for one in stored if (read := told_under(new, one))]
    assert_as_oracle(worker.state, told, new, KEYRING)
