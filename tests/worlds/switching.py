"""A switch of rules in a world: groups of former rules among new events, converted bit by bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from msgspec.structs import replace

from icustomer.core.canonical import Canonical
from icustomer.core.change import SHARED, Change
from icustomer.core.conversion import Read, convert, leading, waiting_parts
from icustomer.core.identifiers import canonical
from icustomer.core.model import Group, Identifier, epoch_of
from icustomer.core.observation import Item, Observation
from icustomer.core.renewal import renewed
from icustomer.core.resolve import resolve
from icustomer.core.rules import Rules
from worlds.driver import EPOCH, State, Worker
from worlds.laws import check_state
from worlds.observations import KEYRING, under

SWITCHED_AT = 1_800_000_000_000_000
"""Microseconds: after all that a world tells."""


def told_under(rules: Rules, told: Observation) -> Observation | None:
    """The observation as a worker with these rules reads it; None: they refuse all of it."""
    found: dict[tuple[str, str], Identifier] = {}
    for one in told.identifiers:
        value: str | None = one.value
        if one.kind not in ("account", "phone"):
            form = canonical(one.kind, one.raw, None, rules)
            value = form.value if isinstance(form, Canonical) else None
            if value is None and one.kind == "email":
                value = one.value
        if value is not None:
            known = found.get((one.kind, value))
            verified = one.verified or (known is not None and known.verified)
            found[one.kind, value] = replace(one, value=value, verified=verified)
    if not found:
        return None
    identifiers = tuple(found[key] for key in sorted(found))
    read = replace(
        told,
        identifiers=identifiers,
        digests=tuple(KEYRING.identifier(one.kind, one.value) for one in identifiers),
        facet_key=KEYRING.facet(identifiers, told.name, told.birth_date),
    )
    return under(rules, read)


class SwitchedWorker(Worker):
    """A worker with new rules on a state that others made; what it touches is converted first."""

    def __init__(self, state: State, rules: Rules, *, epoch: int = EPOCH + 1) -> None:
        super().__init__(state, rules, KEYRING)
        self._epoch = epoch

    def lead(self) -> None:
        """What the switch does to links: no marks, no index, and what the new rules read leads
        to the groups of former ones."""
        state = self.state
        state.links.clear()
        state.index.clear()
        for group in state.all_groups():
            old = set(group.shared)
            anew = renewed(group, self.rules, self.keyring)
            own = {facet.key for facet in anew.facets}
            for digest in leading(anew, self.rules, self.keyring):
                if digest in own or digest not in old:
                    state.links[digest] = group.id

    def old(self) -> list[bytes]:
        """IDs of the groups that are still to be converted."""
        return [each.id for each in self.state.all_groups() if epoch_of(each.version) < self._epoch]

    def plan(self, items: Sequence[Item]) -> list[Change]:
        while old := self._touched(items):
            self.convert(old)
        snapshot = self.state.snapshot(items)
        snapshot.epoch = self._epoch
        return list(resolve(snapshot, items, self.rules, self.keyring))

    def _touched(self, items: Sequence[Item]) -> list[bytes]:
        groups = self.state.snapshot(items).groups
        return [each for each, group in groups.items() if epoch_of(group.version) < self._epoch]

    def convert(self, group_ids: Iterable[bytes]) -> None:
        """Convert groups and all that hangs together with them."""
        for change in self.conversions(group_ids):
            assert self.state.stands(change)
            self._commit(change)

    def conversions(self, group_ids: Iterable[bytes]) -> list[Change]:
        """The changes that would, by the state as it stands."""
        old: dict[bytes, Group] = {}
        current: dict[bytes, Group] = {}
        links: dict[bytes, bytes | None] = {}
        waiting = [self.state.group(each) for each in group_ids]
        while waiting:
            group = waiting.pop()
            if epoch_of(group.version) >= self._epoch:
                current[group.id] = group
                continue
            old[group.id] = anew = renewed(group, self.rules, self.keyring)
            for digest in leading(anew, self.rules, self.keyring):
                link = links[digest] = self.state.links.get(digest)
                if link and link != SHARED and link not in old.keys() | current.keys():
                    waiting.append(self.state.group(link))
        read = Read(old, current, links, self._epoch, SWITCHED_AT)
        return [
            convert(each, self.rules, self.keyring)
            for each in waiting_parts(read, self.rules, self.keyring)
        ]

    def _commit(self, change: Change) -> None:
        for group in change.groups:
            assert group.version == change.version
            assert group.id in change.read_groups or group.id not in self.state.groups
        assert change.version > max(change.read_groups.values(), default=0)
        self.state.write(change)
        self._publish(change)

    def finish_switch(self, random: Random) -> None:
        """Convert what is left, in any order and portions, and look at everything."""
        while old := self.old():
            random.shuffle(old)
            self.convert(old[: random.choice((1, 2, 5))])
        check_state(self.state.all_groups(), self.state, self.rules, self.keyring)
        current = self.records()
        assert current == self.state.published, "something changed unpublished"
