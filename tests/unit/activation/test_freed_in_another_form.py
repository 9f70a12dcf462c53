"""What was freed as it was written then is free as the new rules read it, in whatever order its
carriers are worked out."""

from __future__ import annotations

from operator import attrgetter

import pytest
from msgspec.structs import replace

from icustomer import changeover, replay
from icustomer.core.change import SHARED
from icustomer.core.model import RawName
from icustomer.core.observation import Observation, UnshareCommand
from icustomer.evaluation.matching import Matching
from icustomer.store import memory_rebuild
from unit.activation.test_what_is_kept_out import (
    DOTTED,
    NEW,
    OLD,
    PLAIN,
    as_written,
    digest,
    groups_in,
    switched,
)
from worlds.observations import DAWN, KEYRING, NOWHERE, observation
from worlds.play import Game
from worlds.stories import GIVEN
from worlds.switching import told_under

PEOPLE = 5
"""More than may share a mailbox by their names."""


def claim(email: str, number: int, given: str) -> Observation:
    told = observation(
        f"e{number}", [("email", email), ("phone", f"+4970{number}")], name=RawName(given, "Berg")
    )
    identifiers = tuple(map(as_written, told.identifiers))
    read = told_under(OLD, replace(told, identifiers=identifiers))
    assert read is not None
    return read


def freed_beside_shared(first: int) -> Game:
    """One whose dotted mailbox was freed, and several who share the same without dots. `first`:
    the number of the first phone, on which the order of the groups hangs."""
    game = Game(OLD)
    game.send(claim(DOTTED, first, "Zeno"))
    game.send(*(claim(PLAIN, first + number + 1, GIVEN[number]) for number in range(PEOPLE)))
    assert game.state.links[digest(PLAIN)] == SHARED
    game.send(UnshareCommand("u", DAWN, NOWHERE, "email", digest(DOTTED)))
    return game


@pytest.mark.parametrize("first", [0, 20, 50])
@pytest.mark.parametrize("at_once", [1, 2, 100])
async def test_all_carriers_become_one_group(
    first: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "CONVERTED_AT_ONCE", at_once)
    monkeypatch.setattr(memory_rebuild, "PORTION", at_once)
    space = await switched(freed_beside_shared(first).state.all_groups())
    (carrying,) = (group for group in groups_in(space) if group.facets)
    assert len(carrying.facets) == PEOPLE + 1
    assert (carrying.shared, carrying.unshared) == ([], [digest(PLAIN)])
    assert space.links[digest(PLAIN)] == carrying.id
    assert space.links[digest(DOTTED)] == digest(DOTTED), "the former form waits for carriers"


async def test_of_too_many_carriers_it_stays_shared_and_has_one_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "CONVERTED_AT_ONCE", 1)
    monkeypatch.setattr(memory_rebuild, "PORTION", 1)
    monkeypatch.setattr(changeover, "MAX_GROUPS", 2)
    space = await switched(freed_beside_shared(0).state.all_groups())
    carrying = [group for group in groups_in(space) if group.facets]
    assert len(carrying) == PEOPLE + 1
    assert all(group.shared == [digest(PLAIN)] for group in carrying)
    assert space.links[digest(PLAIN)] == SHARED
    assert space.links[digest(DOTTED)] == digest(DOTTED)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_trial_of_the_rules_comes_to_the_same(*, reverse: bool) -> None:
    groups = sorted(freed_beside_shared(0).state.all_groups(), key=attrgetter("unshared"))
    trial = Matching(NEW, KEYRING)
    for group in reversed(groups) if reverse else groups:
        trial.convert(group)
    (carrying,) = (group for group in trial.groups.values() if group.facets)
    assert len(carrying.facets) == PEOPLE + 1
