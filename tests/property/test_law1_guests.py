"""Law 1 beside the record clock: between two ends of guests' times no order matters."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from icustomer.core.guests import Guests, is_husk
from icustomer.core.model import Group
from icustomer.core.observation import Item, Observation, Origin, UnshareCommand
from oracle.guests import Guesthouse
from worlds.comparison import assert_as_oracle
from worlds.driver import State, Worker
from worlds.log import batches
from worlds.observations import DAWN, KEYRING, SECOND
from worlds.play import EXAMPLES, quick
from worlds.stories import Story, stories

DAY = 86_400 * SECOND
PERIODS = 6
"""A day apart; each takes minutes."""
RETENTION = DAY * 26 // 10
"""No end falls into a period, and nothing that is left of a guest goes before the last."""


class Street:
    """The log of a story that takes days, each event in one of them, some told again later."""

    def __init__(self, story: Story, random: Random) -> None:
        self.random = random
        self.offsets: dict[str, int] = {}
        self.told: list[list[Observation]] = [[] for _ in range(PERIODS)]
        self.words: list[list[UnshareCommand]] = [[] for _ in range(PERIODS)]
        """Said before all else of the day: what is beside a mark of those who are gone is marked
        as long as nobody has said a word."""
        for word in story.unshared:
            self.words[random.randrange(PERIODS)].append(word)
        for event in story.told:
            known = event.known and random.random() < 0.5
            day = random.randrange(PERIODS)
            moved = replace(event, known=known, occurred_at=event.occurred_at + day * DAY)
            self.told[day].append(moved)
            if random.random() < 0.3:
                self.told[random.randrange(day, PERIODS)].append(moved)

    def records(self, day: int) -> list[Item]:
        """The records of a day, in any order."""
        told = list(self.told[day])
        self.random.shuffle(told)
        return [self._record(each, each.topic, self._time(day)) for each in told]

    def said(self, day: int) -> list[Item]:
        """The words of a day."""
        return [self._record(each, "commands", DAWN + day * DAY) for each in self.words[day]]

    def _time(self, day: int) -> int:
        return DAWN + day * DAY + self.random.randrange(60) * SECOND

    def _record(self, told: Item, topic: str, at: int) -> Item:
        name = f"{topic}/{self.random.randrange(2)}"
        offset = self.offsets[name] = self.offsets.get(name, -1) + 1
        return replace(told, origin=Origin(name, offset, at))


class Lived:
    """A state without what is left of those who are gone."""

    def __init__(self, state: State) -> None:
        self.links = state.links
        self._groups = [each for each in state.all_groups() if not any(map(is_husk, each.facets))]

    def all_groups(self) -> list[Group]:
        return self._groups


@settings(parent=quick, max_examples=max(8, EXAMPLES // 4))
@given(stories(), st.randoms(use_true_random=False))
def test_within_a_period_no_order_matters_and_an_end_is_an_end(
    story: Story, random: Random
) -> None:
    street = Street(story, random)
    state = State()
    state.guests = Guests(RETENTION)
    worker = Worker(state, story.rules, KEYRING)
    oracle = Guesthouse(RETENTION, story.rules, KEYRING)
    for day in range(PERIODS):
        clock = DAWN + day * DAY
        oracle.expire(clock)
        if random.random() < 0.5:
            state.guests = Guests(RETENTION, clock)
            worker.sweep()
        worker.run(street.said(day))
        oracle.words += street.words[day]
        records = street.records(day)
        for batch in batches(random, records):
            worker.run(batch)
        oracle.tell([each for each in records if isinstance(each, Observation)])
    state.guests = Guests(RETENTION, DAWN + (PERIODS - 1) * DAY)
    worker.sweep()
    counting = [*oracle.counting, *oracle.words]
    assert_as_oracle(Lived(state), counting, story.rules, KEYRING, oracle.marks)
