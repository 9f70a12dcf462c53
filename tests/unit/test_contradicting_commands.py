"""Of a merge and a split that contradict each other the one given later holds."""

from __future__ import annotations

import pytest

from icustomer.core.change import Outcome
from icustomer.core.model import RawName
from icustomer.core.observation import Item, MergeCommand, SplitCommand
from icustomer.core.rules import DEFAULT_RULES
from worlds.comparison import assert_as_oracle
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation
from worlds.play import Game

HOUR = 3_600 * SECOND
ANNA = RawName("Anna", "Berg")


def two_customers() -> tuple[Game, list[Item], str, str]:
    game = Game(DEFAULT_RULES)
    told: list[Item] = [
        observation(f"e{number}", [("email", f"{number}@x.example")], name=ANNA)
        for number in range(2)
    ]
    game.send(*told)
    one, other = game.current()
    return game, told, one, other


@pytest.mark.parametrize(
    ("merged", "parted", "customers"),
    [
        ((10, "m"), (11, "s"), 2),
        ((10, "m"), (9, "s"), 1),
        ((10, "m"), (10, "s"), 2),
        ((10, "s"), (10, "m"), 1),
    ],
)
def test_the_word_given_later_holds(merged, parted, customers):
    game, told, one, other = two_customers()
    game.send(MergeCommand(merged[1], DAWN + merged[0] * HOUR, NOWHERE, (one, other)))
    (retired,) = game.redirects()
    split = SplitCommand(parted[1], DAWN + parted[0] * HOUR, NOWHERE, retired)
    (verdict,) = game.worker.run([game.log.append(split)])
    assert len(game.current()) == customers
    assert verdict.outcome is (Outcome.SPLIT if customers == 2 else Outcome.MATCHED)
    assert_as_oracle(game.state, told, DEFAULT_RULES, KEYRING)


def test_a_split_that_came_late_holds_once_the_merge_after_it_is_taken_back():
    game, _, one, other = two_customers()
    game.send(MergeCommand("m", DAWN + 10 * HOUR, NOWHERE, (one, other)))
    (retired,) = game.redirects()
    game.send(SplitCommand("early", DAWN + 9 * HOUR, NOWHERE, retired))
    game.send(SplitCommand("late", DAWN + 11 * HOUR, NOWHERE, retired))
    assert len(game.current()) == 2


@pytest.mark.parametrize(("hour", "customers"), [(10.5, 2), (11.5, 1)])
def test_a_merge_that_comes_late_joins_nobody_whom_a_later_split_parted(hour, customers):
    game, told, one, other = two_customers()
    game.send(MergeCommand("m", DAWN + 10 * HOUR, NOWHERE, (one, other)))
    (retired,) = game.redirects()
    game.send(SplitCommand("s", DAWN + 11 * HOUR, NOWHERE, retired))
    game.send(MergeCommand("n", DAWN + int(hour * HOUR), NOWHERE, (one, other)))
    assert len(game.current()) == customers
    assert_as_oracle(game.state, told, DEFAULT_RULES, KEYRING)


def test_a_late_merge_of_three_joins_those_whom_no_later_split_parted():
    game, told, one, other = two_customers()
    told.append(observation("e2", [("email", "2@x.example")], name=ANNA))
    game.send(told[-1])
    (third,) = game.current().keys() - {one, other}
    game.send(MergeCommand("m", DAWN + 10 * HOUR, NOWHERE, (one, other)))
    (retired,) = game.redirects()
    game.send(SplitCommand("s", DAWN + 11 * HOUR, NOWHERE, retired))
    game.send(MergeCommand("n", DAWN + 10 * HOUR + 1, NOWHERE, (one, other, third)))
    assert len(game.current()) == 2
    assert_as_oracle(game.state, told, DEFAULT_RULES, KEYRING)
