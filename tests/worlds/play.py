"""Plays stories: undisturbed by one worker, or interleaved by several."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import HealthCheck, Phase, settings

from icustomer.core.change import Change
from icustomer.core.observation import (
    ForgetCommand,
    Item,
    MergeCommand,
    SplitCommand,
    SuppressCommand,
)
from icustomer.core.rules import Rules
from servers import required
from worlds.driver import Replaced, State, Worker
from worlds.log import Batch, Log, batches, shuffled_arrivals
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND
from worlds.stories import Story

FEW, MANY = 8, 25
"""Worlds a test: of a quick run, and of one that must leave nothing out."""
EXAMPLES = int(os.environ.get("ICUSTOMER_TEST_EXAMPLES", MANY if required() else FEW))
"""Raise it for a search."""

COMMANDED = 0.4
"""Share of batches that a command follows."""
MERGES = 0.5
"""Share of commands that merge."""
NOBODY = KEYRING.customer_id(bytes(16), "", "", 0)
"""An ID that nobody has."""

quick = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same worlds on every run; a failing one is made smaller and printed."""


@dataclass
class Game:
    """A log, a state and a worker on it."""

    rules: Rules
    log: Log = field(default_factory=Log)
    state: State = field(default_factory=State)
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.state, self.rules, KEYRING)

    def send(self, *items: Item) -> None:
        """One batch of new records."""
        self.worker.run(self.log.append_all(items))

    def current(self) -> dict[str, frozenset[bytes]]:
        """Customer ID to facets, of all that are somebody."""
        return {
            customer.id: frozenset(customer.facets)
            for group in self.state.all_groups()
            for customer in group.customers
            if customer.status != "unresolved"
        }

    def asleep(self) -> set[str]:
        """IDs whose facets are nobody any more."""
        ids = {customer.id for group in self.state.all_groups() for customer in group.customers}
        return ids - self.current().keys()

    def redirects(self) -> dict[str, str]:
        groups = self.state.all_groups()
        return {one.id: one.merged_into for group in groups for one in group.retired}


def play(story: Story, random: Random) -> Game:
    """The story in any order, partly twice, cut into batches anywhere, by one worker."""
    game = Game(story.rules)
    for batch in batches(random, shuffled_arrivals(random, story.items, game.log)):
        game.worker.run(batch)
    return game


def play_with_commands(story: Story, random: Random, erasing: float = 0) -> Game:
    """The same with people who merge and split what they see at the time; `erasing`: the share
    of their commands that forget or suppress."""
    game = Game(story.rules)
    stamps = list(range(len(story.told)))
    random.shuffle(stamps)
    for batch in batches(random, shuffled_arrivals(random, story.items, game.log)):
        game.worker.run(batch)
        if stamps and random.random() < COMMANDED:
            make = _erasing if random.random() < erasing else _command
            game.send(make(game, random, stamps.pop()))
    return game


def _command(game: Game, random: Random, stamp: int) -> Item:
    """A command on IDs that stand now; its stamp may be older than that of an earlier one."""
    ids = sorted({*game.current(), *game.redirects()}) or [NOBODY]
    told = (f"c{stamp:03}", DAWN + stamp * SECOND, NOWHERE)
    chosen = tuple(random.sample(ids, min(len(ids), random.choice((2, 2, 3)))))
    if random.random() < MERGES and len(chosen) > 1:
        return MergeCommand(*told, chosen)
    carried = tuple(random.sample(sorted(game.state.links), 1))
    ways = (
        SplitCommand(*told, chosen[0], carried),
        SplitCommand(*told, chosen[0], everything=True),
    )
    return random.choice((SplitCommand(*told, chosen[0]), SplitCommand(*told, chosen[0]), *ways))


def _erasing(game: Game, random: Random, stamp: int) -> Item:
    told = (f"c{stamp:03}", DAWN + stamp * SECOND, NOWHERE)
    facets = [facet for group in game.state.all_groups() for facet in group.facets]
    carried = sorted(
        {
            KEYRING.identifier(each.kind, each.value)
            for facet in facets
            for each in facet.identifiers
            if game.rules.connects(each.kind, each.value)
        }
    )
    if carried and random.random() < MERGES:
        return SuppressCommand(*told, random.choice(carried))
    return ForgetCommand(
        *told, random.choice(sorted({*game.current(), *game.redirects()}) or [NOBODY])
    )


@dataclass
class Turn:
    """A worker with its own partition: what is left of it, and what it is about to commit."""

    worker: Worker
    left: list[Batch]
    items: Sequence[Item] = ()
    plan: Sequence[Change] | None = None

    @property
    def busy(self) -> bool:
        return bool(self.left or self.items)

    def advance(self) -> None:
        """Plan by the state as it is, or commit what was planned however stale it is."""
        if self.plan is not None:
            self.items = self.worker.commit(self.items, self.plan)
            self.plan = None
            return
        if not self.items:
            self.items = self.left.pop(0)
        plan = self.worker.plan(self.items)
        if isinstance(plan, Replaced):
            self.items = plan.items
        else:
            self.plan = plan


def interleave(
    story: Story, random: Random, workers: int = 2, erasing: float = 0
) -> tuple[State, list[Worker]]:
    """The story by several workers whose reads and commits fall anyhow between each other's;
    `erasing`: how often one of them gets a command that forgets or suppresses."""
    state, log = State(), Log()
    seen = Game(story.rules, log, state)
    arrivals = shuffled_arrivals(random, story.items, log)
    turns = [
        Turn(Worker(state, story.rules, KEYRING), list(batches(random, mine)))
        for mine in _shares(arrivals, workers)
    ]
    stamps = list(range(len(story.told)))
    while busy := [turn for turn in turns if turn.busy]:
        if stamps and random.random() < erasing:
            command = log.append(_erasing(seen, random, stamps.pop()))
            random.choice(busy).left.append([command])
        random.choice(busy).advance()
    return state, [turn.worker for turn in turns]


def _shares(arrivals: Iterable[Item], workers: int) -> list[Batch]:
    """A worker owns whole partitions, so that each is read in order."""
    shares: list[Batch] = [[] for _ in range(workers)]
    for item in arrivals:
        shares[int(item.origin.partition[-1]) % workers].append(item)
    return shares
