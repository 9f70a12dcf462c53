"""A worker without Kafka and Redis: resolve, compare and set, check what was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from msgspec import msgpack

from icustomer.core.change import MARKS, SHARED, Change, Snapshot, Verdict
from icustomer.core.fold import profile
from icustomer.core.guests import EVERYBODY_STAYS, concern, waiting_since
from icustomer.core.keys import Keyring
from icustomer.core.model import Group, Retired
from icustomer.core.observation import Item, SuppressCommand
from icustomer.core.resolve import expired, needed, quickly, resolve, situations, thoroughly
from icustomer.core.rules import Rules
from icustomer.core.suppressing import (
    NOTHING_LEFT,
    briefed,
    indexes_to_empty,
    is_unfinished,
    portion,
    stripped,
)
from icustomer.core.unsharing import MAX_GROUPS, indexes_needed
from worlds.laws import check_state, held_by

EPOCH = 1
TRIES = 20
"""More than any interleaving of two workers here needs."""
AT_ONCE = 2
"""Groups that a suppress command looks at in one go: few, so that worlds reach it."""
TOMBSTONE = {"status": "erased"}
"""Stands for the record of an erased ID, beside its version."""


class Replaced(NamedTuple):
    """What is to be resolved instead of the items of a plan."""

    items: list[Item]


class State:
    """What Redis and the compacted topic of profiles would hold."""

    def __init__(self) -> None:
        self.links: dict[bytes, bytes] = {}
        self.groups: dict[bytes, bytes] = {}
        """Encoded, so that nobody changes a group behind the state's back."""
        self.aliases: dict[str, bytes] = {}
        self.index: set[tuple[bytes, bytes]] = set()
        self.published: dict[str, dict[str, Any]] = {}
        """Customer ID to its last record."""
        self.guests = EVERYBODY_STAYS
        self.waiting: dict[bytes, int] = {}
        """Group ID to the earliest last act of guests in it."""

    def group(self, group_id: bytes) -> Group:
        return msgpack.decode(self.groups[group_id], type=Group)

    def all_groups(self) -> list[Group]:
        return [self.group(group_id) for group_id in self.groups]

    def snapshot(self, items: Sequence[Item]) -> Snapshot:
        """All that the items need."""
        links, ids = needed(items)
        found = {digest: self.links.get(digest) for digest in links}
        aliases = {customer_id: self.aliases.get(customer_id) for customer_id in ids}
        indexes = {
            digest: members
            for digest in indexes_needed(items, found)
            if len(members := self.carriers_of(digest)) <= MAX_GROUPS
        }
        named = {*found.values(), *aliases.values()}.union(*indexes.values())
        return Snapshot(
            epoch=EPOCH,
            links=found,
            groups={name: self.group(name) for name in named if name in self.groups},
            aliases=aliases,
            guests=self.guests,
            indexes=indexes,
        )

    def carriers_of(self, digest: bytes) -> frozenset[bytes]:
        """The groups that hold carriers of a shared identifier."""
        return frozenset(group_id for marked, group_id in self.index if marked == digest)

    def version(self, group_id: bytes) -> int:
        return self.group(group_id).version if group_id in self.groups else 0

    def stands(self, change: Change) -> bool:
        """The comparison of the commit script."""
        return (
            all(self.version(each) == version for each, version in change.read_groups.items())
            and all(self.links.get(each) == value for each, value in change.read_links.items())
            and all(self.carriers_of(each) == them for each, them in change.read_indexes.items())
        )

    def write(self, change: Change) -> None:
        """The writes of the commit script."""
        for group in change.groups:
            self.groups[group.id] = msgpack.encode(group)
        for group_id in change.deleted:
            del self.groups[group_id]
        _set_or_delete(self.links, change.links)
        _set_or_delete(self.aliases, change.aliases)
        self.index |= set(change.index_added)
        self.index -= set(change.index_removed)
        for digest in change.unmarked:
            if digest not in {carried for carried, _ in self.index}:
                del self.links[digest]
        _set_or_delete(self.waiting, change.waiting)


def _set_or_delete(target: dict[Any, Any], values: dict[Any, Any]) -> None:
    for key, value in values.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = value


class Worker:
    """Resolves batches against a state and checks each commit."""

    def __init__(self, state: State, rules: Rules, keyring: Keyring) -> None:
        self.state = state
        self.rules = rules
        self.keyring = keyring
        self.verdicts: list[Verdict] = []
        self.conflicts = 0
        self.quick_ways = 0
        """Parts that were resolved without clustering anew."""
        self._made: dict[bytes, dict[str, dict[str, Any]]] = {}
        """Encoded group to its records: they are a function of it, and most stand still."""

    def run(self, items: Sequence[Item]) -> list[Verdict]:
        """The verdicts of one batch that nobody disturbs."""
        before = len(self.verdicts)
        pending = list(items)
        for _ in range(2 * len(items) * TRIES + 1):
            if not pending:
                return self.verdicts[before:]
            pending, conflicts = self.round(pending), self.conflicts
            assert conflicts == self.conflicts, "a change that nobody disturbed was refused"
        raise AssertionError("a batch that nobody disturbed was never done")

    def round(self, items: Sequence[Item]) -> list[Item]:
        """One round of a worker; the items that must be resolved again."""
        count = portion(items)
        now, later = list(items[:count]), list(items[count:])
        plan = self.plan(now)
        if isinstance(plan, Replaced):
            return [*plan.items, *later]
        return [*self.commit(now, plan), *later]

    def plan(self, items: Sequence[Item]) -> list[Change] | Replaced:
        """What to do by the state as it is now, checked for shape; or what must be resolved
        instead."""
        snapshot = self.state.snapshot(items)
        others = [self._look(item, snapshot) for item in items]
        if others != list(items):
            self.verdicts += [NOTHING_LEFT for each in others if each is None]
            return Replaced([each for each in others if each is not None])
        changes = list(resolve(snapshot, items, self.rules, self.keyring))
        self._check_quick_ways(snapshot, items)
        indices = sorted(index for change in changes for index in change.items)
        assert indices == list(range(len(items))), "each item belongs to exactly one change"
        for change in changes:
            assert len(change.verdicts) == len(change.items)
        return changes

    def _look(self, item: Item, snapshot: Snapshot) -> Item | None:
        """The item as it must be resolved beside what was loaded (see icustomer.suppression)."""
        if not isinstance(item, SuppressCommand):
            return stripped(item, snapshot.links, self.rules, self.keyring)
        state, digest = self.state, item.digest
        if not indexes_to_empty([item], snapshot.links):
            link = snapshot.links[digest]
            return briefed(item, (), [snapshot.groups[link]] if link else [], self.keyring)
        index = sorted(group_id for each, group_id in state.index if each == digest)
        members = [each for each in (digest, *index[:AT_ONCE]) if each in state.groups]
        found = {group_id: state.group(group_id) for group_id in members}
        assert isinstance(snapshot.groups, dict)
        snapshot.groups.update(found)
        return briefed(item, members, found.values(), self.keyring)

    def _check_quick_ways(self, snapshot: Snapshot, items: Sequence[Item]) -> None:
        """Where there is a quick way, it leads to where the thorough one does; none of them
        touches what was read."""
        for situation in situations(snapshot, items, self.rules):
            before = [msgpack.encode(group) for group in situation.groups]
            thorough = thoroughly(situation, self.rules, self.keyring, snapshot.guests)
            cared_for = concern(snapshot.guests, situation.groups, situation.items)
            done = None if cared_for else quickly(situation)
            if done is not None:
                self.quick_ways += 1
                assert done == thorough
            after = [msgpack.encode(group) for group in situation.groups]
            assert after == before, "what was read is a value: it may be remembered"

    def commit(self, items: Sequence[Item], changes: Sequence[Change]) -> list[Item]:
        """Commit each change on its own; the items of those that were refused."""
        refused: list[Item] = []
        for change in changes:
            if self.state.stands(change):
                self._commit(change)
                self.verdicts += change.verdicts
                refused += [
                    items[index]
                    for index, verdict in zip(change.items, change.verdicts, strict=True)
                    if is_unfinished(items[index], verdict)
                ]
            else:
                self.conflicts += 1
                refused += [items[index] for index in change.items]
        return refused

    def finish(self, items: Sequence[Item]) -> None:
        """Resolve again until nothing is refused."""
        for _ in range(TRIES):
            if not items:
                return
            items = self.round(items)
        raise AssertionError("too many conflicts")

    def _commit(self, change: Change) -> None:
        self._check_scope(change)
        self.state.write(change)
        self._publish(change)
        check_state(self.state.all_groups(), self.state, self.rules, self.keyring)
        self._check_waiting()
        self._check_published(change)

    def _check_waiting(self) -> None:
        since = {group.id: waiting_since(group) for group in self.state.all_groups()}
        running = {group_id: each for group_id, each in since.items() if each is not None}
        assert running == self.state.waiting, "the index of guests is not what the groups hold"

    def sweep(self) -> int:
        """Let all go whose time is over by the clock; the number of groups changed."""
        guests, changed = self.state.guests, 0
        for group_id, since in sorted(self.state.waiting.items()):
            if guests.end(since) <= guests.clock and group_id in self.state.groups:
                change = expired(
                    EPOCH, self.state.group(group_id), guests, self.rules, self.keyring
                )
                assert change is not None, "the index names a group of which nobody goes"
                self._commit(change)
                changed += 1
        return changed

    def _check_scope(self, change: Change) -> None:
        """Only what was read is written, under a version above all that was read."""
        state, read = self.state, change.read_groups
        written = [group.id for group in change.groups]
        assert len(written) == len(set(written)), "two groups of one ID"
        for group in change.groups:
            assert group.version == change.version
            assert group.id in read or group.id not in state.groups, "wrote a group unread"
        for group_id in change.deleted:
            assert group_id in read, "deleted a group unread"
        if change.writes:
            assert change.version > max(read.values(), default=0), "version must grow"
        owned = self._owned(read)
        # Nobody asks for the key of a claim that comes after its grave: that one has the link.
        owned |= {each.key for group in change.groups for each in group.facets if each.erased_at}
        for digest in change.links:
            if state.links.get(digest) == SHARED and change.links[digest] not in MARKS:
                assert digest in change.read_indexes, "freed an identifier, carriers unread"
            assert digest in change.read_links or digest in owned, "wrote a link unread"
        for group_id in change.republish:
            assert group_id in read, "republishes a group unread"

    def _owned(self, read: Iterable[bytes]) -> set[bytes]:
        """Digests and facet keys whose link only the holders of these groups may set."""
        groups = [self.state.group(group_id) for group_id in read if group_id in self.state.groups]
        facets = {facet.key for group in groups for facet in group.facets}
        graves = {grave.key for group in groups for grave in group.graves}
        held = [held_by(group, self.rules, self.keyring) for group in groups]
        return facets.union(graves, *held, *(group.unshared for group in groups))

    def _publish(self, change: Change) -> None:
        """The current record of each ID touched; its version only grows."""
        current = self.records()
        for customer_id in sorted({*change.touched, *change.aliases}):
            if customer_id not in current:
                self.state.published.pop(customer_id, None)
                continue
            record = current[customer_id]
            before = self.state.published.get(customer_id)
            if before != record:
                assert before is None or before["version"] < record["version"], "stale version"
                assert record["version"] == change.version
            self.state.published[customer_id] = record

    def _check_published(self, change: Change) -> None:
        """What stands is what was published: no ID was forgotten among the touched."""
        current = self.records()
        assert current.keys() == self.state.published.keys(), "an ID was not published"
        for customer_id, record in current.items():
            published = self.state.published[customer_id]
            differing = {
                k for k in record.keys() | published.keys() if record.get(k) != published.get(k)
            }
            assert not differing, f"{sorted(differing)} changed unpublished"
        assert set(change.notes) <= set(change.touched), "a note without a record"

    def records(self) -> dict[str, dict[str, Any]]:
        """Customer ID to the record that its group makes of it."""
        made: dict[str, dict[str, Any]] = {}
        for blob in self.state.groups.values():
            if blob not in self._made:
                self._made[blob] = self._records(msgpack.decode(blob, type=Group))
            made |= self._made[blob]
        return made

    def _records(self, group: Group) -> dict[str, dict[str, Any]]:
        current = {c.id: profile(group, c, self.rules, self.keyring) for c in group.customers}
        current |= {retired.id: redirect(retired) for retired in group.retired}
        return current | {one.id: {"version": one.version} | TOMBSTONE for one in group.erased}


def redirect(retired: Retired) -> dict[str, Any]:
    return {
        "customer_id": retired.id,
        "version": retired.version,
        "status": "merged",
        "merged_into": retired.merged_into,
    }
