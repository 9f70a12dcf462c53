"""Which observations still count, said a second time: period after period, over the whole set.

In a period no guest's time is over, so the order within it cannot matter; between two of them
those go whose time is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from icustomer.core.keys import Keyring
from icustomer.core.observation import Observation, UnshareCommand
from icustomer.core.rules import Rules
from oracle.clusters import World, clusters


@dataclass
class Guesthouse:
    """Who counts, who is gone, and which marks are final."""

    retention: int
    rules: Rules
    keyring: Keyring
    counting: list[Observation] = field(default_factory=list)
    gone: dict[bytes, int] = field(default_factory=dict)
    """Facet key to the latest `occurred_at` that its time took along."""
    marks: frozenset[bytes] = frozenset()
    founded: dict[bytes, int] = field(default_factory=dict)
    words: list[UnshareCommand] = field(default_factory=list)
    """What was said not to be shared, whoever is gone meanwhile."""

    def tell(self, period: Iterable[Observation]) -> None:
        """All observations of one period, with the times of their records."""
        for each in period:
            if each.known or each.occurred_at > self.gone.get(each.facet_key, -1):
                self.counting.append(each)
                told = each.origin.recorded_at
                self.founded[each.facet_key] = min(self.founded.get(each.facet_key, told), told)
        self.marks = self._carried(self.marks | self.world().shared)

    def expire(self, clock: int) -> None:
        """Let those go whose time is over."""
        world = self.world()
        members = [*world.customers, *(frozenset({key}) for key in world.unresolved)]
        for keys in members:
            told = [each for each in self.counting if each.facet_key in keys]
            acts = [each.occurred_at for each in told] + [self.founded[key] for key in keys]
            if not any(each.known for each in told) and max(acts) + self.retention <= clock:
                self._let_go(told)
        self.marks = self._carried(self.marks)

    def _let_go(self, told: Sequence[Observation]) -> None:
        for each in told:
            last = self.gone.get(each.facet_key, -1)
            self.gone[each.facet_key] = max(last, each.occurred_at)
            self.founded.pop(each.facet_key, None)
        self.counting = [each for each in self.counting if each not in told]

    def world(self) -> World:
        """What counts, seen at once."""
        return clusters([*self.counting, *self.words], self.rules, self.keyring, (), self.marks)

    def _carried(self, marks: frozenset[bytes]) -> frozenset[bytes]:
        return marks & {digest for each in self.counting for digest in each.digests}
