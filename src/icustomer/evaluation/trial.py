"""Two sets of rules on the same evidence: the events of a file, or groups that are stored."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group
from icustomer.core.renewal import renewed_facet
from icustomer.core.rules import Rules
from icustomer.evaluation.assignment import assign, customers_by_facet
from icustomer.evaluation.difference import Units
from icustomer.evaluation.matching import Matching
from icustomer.evaluation.reader import read_labelled
from icustomer.evaluation.records import Records, match


class Trial(Struct, frozen=True):
    """The units, and the state to which the new rules lead."""

    units: Units
    matching: Matching


def of_file(path: Path, truth: str | None, old: Rules, new: Rules, keyring: Keyring) -> Trial:
    """Match the events of the file under both. `OperatorError` for a file that cannot be read;
    the message names the line."""
    before, _ = match(read_labelled(path, truth), old, keyring)
    customers, refused = before.customers, len(before.rejections)
    del before
    after, matching = match(read_labelled(path, truth), new, keyring)
    return Trial(_units(customers, refused, after, truth), matching)


def _units(before: list[str | None], refused: int, after: Records, truth: str | None) -> Units:
    return Units(
        before=before,
        after=after.customers,
        keys=after.facet_keys,
        people=after.people if truth else [],
        refused_before=refused,
        refused_after=len(after.rejections),
    )


class Stored:
    """Groups as they stand in a space, taken over by rules one after the other."""

    def __init__(self, old: Rules | None, new: Rules, keyring: Keyring) -> None:
        """`old`: None stands for what the groups say of their customers themselves."""
        self._old = Matching(old, keyring) if old else None
        self._new = Matching(new, keyring)
        self._old_keys: list[bytes] = []
        self._keys: dict[bytes, bytes] = {}
        """Key of each facet as stored to its key under the new rules."""
        self._customers: list[str | None] = []

    def add(self, group: Group) -> None:
        """Take over one more group; a facet that was met before is not counted again."""
        bare = replace(group, facets=[_bare(facet) for facet in group.facets], decisions=[])
        customers = customers_by_facet([bare])
        for facet in bare.facets:
            if facet.key not in self._keys:
                new = renewed_facet(facet, self._new.rules, self._new.keyring)
                self._keys[facet.key] = new.key
                self._customers.append(customers.get(facet.key))
                if self._old:
                    old = renewed_facet(facet, self._old.rules, self._old.keyring)
                    self._old_keys.append(old.key)
        self._new.convert(bare)
        if self._old:
            self._old.convert(bare)

    def trial(self) -> Trial:
        """What the rules made of all groups."""
        keys = list(self._keys.values())
        return Trial(
            Units(
                before=self._before(),
                after=assign(keys, self._new.groups.values()),
                keys=list(keys),
            ),
            self._new,
        )

    def _before(self) -> list[str | None]:
        if self._old is None:
            return self._customers
        return assign(self._old_keys, self._old.groups.values())


def _bare(facet: Facet) -> Facet:
    """What of a facet bears on who somebody is: no attributes, orders and tickets."""
    return replace(
        facet,
        applied={},
        sources=(),
        cells={},
        orders={},
        tickets={},
        folded_orders=None,
        folded_tickets=None,
    )
