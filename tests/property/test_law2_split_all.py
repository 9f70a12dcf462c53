"""Law 2 for a profile that swallowed hundreds: taken apart in one step, and put together again."""

from __future__ import annotations

from icustomer.core.change import Outcome, Verdict
from icustomer.core.model import RawName
from icustomer.core.observation import Item, MergeCommand, Observation, SplitCommand
from icustomer.core.resolve import resolve
from icustomer.core.rules import DEFAULT_RULES
from worlds.driver import State
from worlds.laws import check_state
from worlds.log import Log
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation

CLAIMS = 320


def swallowed() -> list[Observation]:
    """A chain: each claim shares an address with the one before and the one after."""
    return [
        observation(
            f"e{number}",
            [("email", f"{number}@x.example"), ("email", f"{number + 1}@x.example")],
            name=RawName("Anna", "Berg"),
        )
        for number in range(CLAIMS)
    ]


class Bench:
    """A state that is checked at the end only: hundreds of customers are many to look at."""

    def __init__(self) -> None:
        self.state = State()
        self.log = Log()

    def send(self, *items: Item) -> list[Verdict]:
        snapshot = self.state.snapshot(items)
        changes = list(resolve(snapshot, items, DEFAULT_RULES, KEYRING))
        for change in changes:
            self.state.write(change)
        return [verdict for change in changes for verdict in change.verdicts]

    def current(self) -> dict[str, frozenset[bytes]]:
        groups = self.state.all_groups()
        return {one.id: frozenset(one.facets) for group in groups for one in group.customers}

    def groups(self) -> dict[bytes, bytes]:
        return dict(self.state.groups)


def test_hundreds_of_claims_part_in_one_step_stay_apart_and_are_merged_again():
    bench = Bench()
    told = bench.log.append_all(swallowed())
    bench.send(*told)
    (current,) = bench.current()
    parting = bench.log.append(SplitCommand("s", DAWN, NOWHERE, current, everything=True))
    assert [verdict.outcome for verdict in bench.send(parting)] == [Outcome.SPLIT]
    alone = {frozenset({each.facet_key}) for each in swallowed()}
    assert set(bench.current().values()) == alone
    assert current in bench.current()

    before = bench.groups()
    assert [verdict.outcome for verdict in bench.send(parting)] == [Outcome.DUPLICATE]
    assert {verdict.outcome for verdict in bench.send(*told)} == {Outcome.DUPLICATE}
    assert bench.groups() == before, "it outlasts a replay"
    late = observation("late", [("email", "7@x.example")], name=RawName("Anna", "Berg"), at=9)
    bench.send(bench.log.append(late))
    assert len(bench.current()) == CLAIMS, "later evidence joins one of them and bridges none"

    parted = [each for each in bench.current() if each != current]
    for number, first in enumerate(range(0, CLAIMS, 99)):
        named = (current, *parted[first : first + 99])
        word = MergeCommand(f"m{number}", DAWN + number * SECOND + SECOND, NOWHERE, named)
        bench.send(bench.log.append(word))
    assert len(bench.current()) == 1, "what was parted is put together again by merges"
    check_state(bench.state.all_groups(), bench.state, DEFAULT_RULES, KEYRING)
