"""What a person freed is free under other rules too, whether anybody carried it by then or not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace

from icustomer import replay
from icustomer.core.model import RawName
from icustomer.core.observation import Item, Observation, UnshareCommand
from icustomer.core.rules import Rules
from icustomer.core.survivorship import Choice
from icustomer.store import memory_rebuild
from property.test_rule_switch import as_written
from property.test_switched_worlds import activated, looser, spelled, taken_over
from worlds.comparison import assert_as_oracle
from worlds.driver import EPOCH, State, Worker
from worlds.log import Batch, Log, batches, shuffled_arrivals
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation
from worlds.play import EXAMPLES
from worlds.stories import GIVEN, tell_story
from worlds.switching import SwitchedWorker, told_under

SEED = int(os.environ.get("ICUSTOMER_TEST_SEED", "20260101"))
MOST_WORDS = 3
Value = tuple[str, str]
"""Kind and value of an identifier, as it is written."""


def word(kind: str, value: str) -> UnshareCommand:
    """A person's, on a value in the form that the rules give it."""
    digest = KEYRING.identifier(kind, value)
    return UnshareCommand(f"u {kind} {value}", DAWN + SECOND, NOWHERE, kind, digest)


def mentioned(random: Random, told: Sequence[Observation]) -> list[Observation]:
    """Of a few identifiers, mostly those that many carry, a claim of nothing else: what a person
    names in a word, read by the rules of its time."""
    seen = Counter((one.kind, one.value) for each in told for one in each.identifiers)
    popular = sorted(seen, key=lambda each: (-seen[each], each))[:2]
    draws = range(random.randrange(MOST_WORDS + 1) if seen else 0)
    values = [random.choice(random.choice((popular, sorted(seen)))) for _ in draws]
    return [observation("word", [value], topic="commands") for value in values]


def mailbox(random: Random) -> list[Observation]:
    """Messages of about as many people as may share a mailbox, and of some who claim it alone."""
    box = ("email", "box@x.example")
    told = [
        observation(
            f"m{number}",
            [box, ("phone", f"+4960{number}")] if random.random() < 0.7 else [box],
            name=RawName(random.choice(GIVEN), f"Box{number}"),
            at=number,
        )
        for number in range(random.randint(2, 8))
    ]
    return told if random.random() < 0.7 else []


def is_word(item: Observation) -> bool:
    return item.topic == "commands"


class Space:
    """Worlds of one set of rules after the other; what was told, as the last of them read it."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.worker = Worker(State(), rules, KEYRING)
        self.told: list[Observation] = []
        self.free: set[Value] = set()

    async def switch(self, rules: Rules, epoch: int) -> SwitchedWorker:
        """What was freed stays so, and so is what becomes of it, as far as somebody carried it:
        only those tell how it was written."""
        state = self.worker.state
        space = await activated(state, self.rules, rules, epoch)
        self.free |= {
            again
            for told in self.told
            for one in told.identifiers
            if (one.kind, one.value) in self.free
            for again in values_of(told_under(rules, replace(told, identifiers=(one,))))
        }
        read = [told_under(rules, told) for told in self.told]
        self.told = [told for told in read if told]
        self.rules = rules
        self.worker = worker = taken_over(space, state, rules, epoch + 1)
        return worker

    def run(self, items: Sequence[Item], random: Random) -> None:
        """Words on what the rules do not match are refused before they come to a worker's core."""
        read: Batch = []
        for item in items:
            assert isinstance(item, Observation)
            told = told_under(self.rules, item)
            if told and not is_word(item):
                read.append(told)
                self.told.append(told)
            elif told:
                (named,) = values_of(told)
                if self.rules.connects(*named):
                    read.append(replace(word(*named), origin=item.origin))
                    self.free.add(named)
        for batch in batches(random, read):
            self.worker.run(batch)


def values_of(told: Observation | None) -> list[Value]:
    return [(one.kind, one.value) for one in told.identifiers] if told else []


def rules_in_turn(random: Random) -> list[Rules]:
    """Two or three; the last are perhaps the first again, but for forms, which never get finer,
    and for counts of events, which begin anew."""
    old, new = looser(random)
    survivorship = old.survivorship
    if old.counts_events and not new.counts_events:
        survivorship = replace(survivorship, name=Choice.LATEST)
    back = replace(old, emails=new.emails, survivorship=survivorship)
    return [old, new, back] if random.random() < 0.5 else [old, new]


@pytest.mark.parametrize("seed", range(SEED, SEED + 4 * EXAMPLES))
async def test_what_was_freed_before_or_after_a_switch_is_free(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"seed {seed}")  # noqa: T201 - to run it again
    random = Random(seed)
    monkeypatch.setattr(replay, "CONVERTED_AT_ONCE", random.choice((1, 2, 100)))
    monkeypatch.setattr(memory_rebuild, "PORTION", random.choice((1, 3, 20)))
    in_turn = rules_in_turn(random)
    told = (*tell_story(random).told, *mailbox(random))
    written = [spelled(random, as_written(one)) for one in told]
    kept = [one for one in written if all(told_under(rules, one) for rules in in_turn)]
    arrivals = shuffled_arrivals(random, [*kept, *mentioned(random, kept)], Log())
    space = Space(in_turn[0])
    for number, rules in enumerate(in_turn):
        if number:
            worker = await space.switch(rules, EPOCH + number - 1)
            worker.finish_switch(random)
        left = len(in_turn) - number - 1
        cut = random.randrange(len(arrivals) + 1) if left else len(arrivals)
        space.run(arrivals[:cut], random)
        del arrivals[:cut]
    worker.finish_switch(random)
    items = [*space.told, *(word(*each) for each in sorted(space.free))]
    assert_as_oracle(worker.state, items, rules, KEYRING)
