"""The quick way where worlds seldom go: a record that is older than what came before it."""

from __future__ import annotations

from msgspec.structs import replace

from icustomer.core.observation import Origin
from icustomer.core.resolve import Situation, quickly, thoroughly
from icustomer.core.rules import DEFAULT_RULES
from worlds.observations import KEYRING, observation
from worlds.play import Game


def test_a_record_of_an_earlier_time_does_not_turn_the_time_of_the_last_change_back() -> None:
    game = Game(DEFAULT_RULES)
    claimed = [("email", "anna@example.com")]
    game.send(observation("e1", claimed, at=9))
    (group,) = game.state.all_groups()
    late = replace(observation("e2", claimed, at=9), origin=Origin("orders/7", 0, recorded_at=1))
    situation = Situation([0], [late], [group], {}, group.version + 1)
    done = quickly(situation)
    assert done is not None
    assert done == thoroughly(situation, DEFAULT_RULES, KEYRING)
    (after,) = done.groups
    assert after.customers[0].updated_at == group.customers[0].updated_at > 1
