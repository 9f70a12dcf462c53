"""From a snapshot and a batch to the changes to commit: pure, one change a connected part.

Nothing here reads, writes, waits, logs or asks the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from icustomer.core.change import SHARED, Change, Snapshot
from icustomer.core.commands import obey
from icustomer.core.grouping import group_ids, places_of
from icustomer.core.keys import Keyring
from icustomer.core.model import (
    VERSION_EPOCH_SHIFT,
    Customer,
    Decision,
    Facet,
    Group,
    version_after,
)
from icustomer.core.observation import Item, MergeCommand, Observation, SplitCommand
from icustomer.core.part import Part, overrides_of
from icustomer.core.rules import Rules
from icustomer.core.sets import DisjointSets
from icustomer.core.sharing import connectable

DECISIONS_KEPT = 100
"""Decisions that a group remembers; those of its latest version are always kept."""

Link = tuple[str, bytes | int | str]
"""A node of the graph that connects a batch: an item, a digest, a group or a customer ID."""


def needed(items: Sequence[Item]) -> tuple[list[bytes], list[str]]:
    """What must be loaded to resolve the items: link digests and customer IDs."""
    digests: dict[bytes, None] = {}
    customer_ids: dict[str, None] = {}
    for item in items:
        if isinstance(item, Observation):
            digests.update(dict.fromkeys(item.digests))
            digests[item.facet_key] = None
        else:
            customer_ids.update(dict.fromkeys(_named_by(item)))
    return list(digests), list(customer_ids)


def resolve(
    snapshot: Snapshot, items: Sequence[Item], rules: Rules, keyring: Keyring
) -> list[Change]:
    """The changes that the items make to what the snapshot holds.

    The snapshot must hold all that `needed` names. Each item is in exactly one change.
    """
    return [
        _resolve_part(snapshot, items, numbers, rules, keyring)
        for numbers in _connect(snapshot, items, rules)
    ]


def _named_by(command: MergeCommand | SplitCommand) -> tuple[str, ...]:
    if isinstance(command, MergeCommand):
        return command.customer_ids
    return (command.customer_id,)


def _connect(snapshot: Snapshot, items: Sequence[Item], rules: Rules) -> list[list[int]]:
    """The items by connected part, in order."""
    joined: DisjointSets[Link] = DisjointSets()
    for number, item in enumerate(items):
        node: Link = ("item", number)
        joined.find(node)
        for other in _connections(snapshot, item, rules):
            joined.union(node, other)
    parts: dict[Link, list[int]] = defaultdict(list)
    for number in range(len(items)):
        parts[joined.find(("item", number))].append(number)
    return list(parts.values())


def _connections(snapshot: Snapshot, item: Item, rules: Rules) -> list[Link]:
    if not isinstance(item, Observation):
        aliases = ((each, snapshot.aliases.get(each)) for each in _named_by(item))
        return [("group", group) if group else ("id", each) for each, group in aliases]
    found: list[Link] = [("digest", item.facet_key)]
    own_group = snapshot.links.get(item.facet_key)
    if own_group:
        found.append(("group", own_group))
    for identifier, digest in zip(item.identifiers, item.digests, strict=True):
        link = snapshot.links.get(digest)
        if link == SHARED or not connectable(identifier.kind, digest, rules):
            continue
        found.append(("digest", digest))
        if link:
            found.append(("group", link))
    return found


def _resolve_part(
    snapshot: Snapshot,
    items: Sequence[Item],
    numbers: list[int],
    rules: Rules,
    keyring: Keyring,
) -> Change:
    read_links: dict[bytes, bytes | None] = {}
    group_names: dict[bytes, None] = {}
    for number in numbers:
        item = items[number]
        if isinstance(item, Observation):
            for digest in (*item.digests, item.facet_key):
                read_links[digest] = snapshot.links.get(digest)
        else:
            aliases = (snapshot.aliases.get(each) for each in _named_by(item))
            group_names.update((each, None) for each in aliases if each)
    connectables = _connectable_digests(items, numbers, rules)
    for digest, link in read_links.items():
        if link and link != SHARED and digest in connectables:
            group_names[link] = None
    groups = [snapshot.groups[each] for each in group_names]
    highest = max((_n(group.version) for group in groups), default=0)
    version = version_after(snapshot.epoch, highest)
    shared = [digest for digest, link in read_links.items() if link == SHARED]
    part = Part(groups, shared, version, rules, keyring)
    _run(part, items, numbers)
    change = Change(
        items=numbers,
        verdicts=[part.verdicts[number] for number in numbers],
        read_groups={group.id: group.version for group in groups},
        read_links=read_links,
        version=version,
    )
    if part.replayed:
        part.touched.update(_ids(groups))
    if part.changed:
        _write(part, change)
    elif part.replayed:
        change.republish = [group.id for group in groups]
        change.touched = sorted(part.touched)
    return change


def _connectable_digests(items: Sequence[Item], numbers: list[int], rules: Rules) -> set[bytes]:
    found: set[bytes] = set()
    for number in numbers:
        item = items[number]
        if isinstance(item, Observation):
            found.add(item.facet_key)
            found.update(
                digest
                for identifier, digest in zip(item.identifiers, item.digests, strict=True)
                if connectable(identifier.kind, digest, rules)
            )
    return found


def _n(version: int) -> int:
    return version & ((1 << VERSION_EPOCH_SHIFT) - 1)


def _run(part: Part, items: Sequence[Item], numbers: list[int]) -> None:
    """Evidence together, commands one by one, all in their order."""
    waiting: list[tuple[int, Observation]] = []
    for number in numbers:
        item = items[number]
        if isinstance(item, Observation):
            waiting.append((number, item))
            continue
        part.absorb(waiting)
        waiting = []
        part.verdicts[number] = obey(part, item)
    part.absorb(waiting)


# -- from the part to what must be written -----------------------------------------------


def _write(part: Part, change: Change) -> None:
    groups = _groups(part)
    change.groups = groups
    kept = {group.id for group in groups}
    change.deleted = [group.id for group in part.former if group.id not in kept]
    for group in groups:
        change.read_groups.setdefault(group.id, 0)
    if part.reclustered:
        _point(part, change)
    change.touched = sorted(part.touched)
    change.notes = part.history.notes


def _groups(part: Part) -> list[Group]:
    keys_by_group = [sorted(keys) for keys in part.components()]
    facets_by_group = [[part.facets[key] for key in keys] for keys in keys_by_group]
    ids = group_ids(facets_by_group, part.former)
    groups = [
        Group(group_id, part.version, facets)
        for group_id, facets in zip(ids, facets_by_group, strict=True)
    ]
    _distribute(part, groups)
    return groups


def _distribute(part: Part, groups: list[Group]) -> None:
    """Everything goes with its facets; a decision with the customer that it is about."""
    place = {facet.key: group for group in groups for facet in group.facets}
    home: dict[str, Group] = {}
    for customer in part.named.customers:
        home[customer.id] = place[customer.facets[0]]
        place[customer.facets[0]].customers.append(_current(part, customer))
    for retired in part.named.retired:
        home[retired.id] = place[retired.anchor]
        place[retired.anchor].retired.append(retired)
    for group in groups:
        digests = _digests(part, group.facets)
        group.shared = sorted(digests & part.marks.shared)
        group.unshared = sorted(digests & part.marks.unshared)
        keys = [facet.key for facet in group.facets]
        group.overrides = sorted(overrides_of(part.overrides, keys), key=lambda each: each.stamp)
    _distribute_unplaced(part, home, groups)
    for decision in part.history.decisions:
        _home_of(decision, home, groups).decisions.append(decision)
    for group in groups:
        group.decisions = _newest(group.decisions, part.version)


def _distribute_unplaced(part: Part, home: dict[str, Group], groups: list[Group]) -> None:
    """An override without facets (void) stays with the customers that it named."""
    for override in part.overrides:
        if not override.sides:
            where = {id(home[each]): home[each] for each in override.customer_ids if each in home}
            for group in where.values() or [groups[0]]:
                group.overrides = sorted([*group.overrides, override], key=lambda each: each.stamp)


def _current(part: Part, customer: Customer) -> Customer:
    if customer.id not in part.touched or customer.version == part.version:
        return customer
    return replace(customer, version=part.version, updated_at=max(part.at, customer.updated_at))


def _digests(part: Part, facets: Sequence[Facet]) -> set[bytes]:
    return {
        part.keyring.identifier(identifier.kind, identifier.value)
        for facet in facets
        for identifier in facet.identifiers
    }


def _home_of(decision: Decision, home: dict[str, Group], groups: list[Group]) -> Group:
    for customer_id in (decision.customer_id, *decision.others):
        if customer_id in home:
            return home[customer_id]
    carrying = (group for group in groups if decision.digest in group.shared)
    return next(carrying, groups[0])


def _newest(decisions: list[Decision], version: int) -> list[Decision]:
    ordered = sorted(decisions, key=lambda each: each.version)
    latest = sum(1 for each in ordered if each.version == version)
    return ordered[-max(DECISIONS_KEPT, latest) :]


def _point(part: Part, change: Change) -> None:
    """Links, index and aliases that differ from what the groups read had."""
    before = places_of(part.former, part.rules, part.keyring)
    after = places_of(change.groups, part.rules, part.keyring)
    change.links = {
        digest: after.links.get(digest)
        for digest in before.links.keys() | after.links.keys()
        if before.links.get(digest) != after.links.get(digest)
    }
    change.index_added = sorted(after.index - before.index)
    change.index_removed = sorted(before.index - after.index)
    former = _aliases(part.former)
    current = _aliases(change.groups)
    change.aliases = {
        customer_id: current.get(customer_id)
        for customer_id in former.keys() | current.keys()
        if former.get(customer_id) != current.get(customer_id)
    }


def _aliases(groups: Sequence[Group]) -> dict[str, bytes]:
    return {customer_id: group.id for group in groups for customer_id in _ids([group])}


def _ids(groups: Sequence[Group]) -> list[str]:
    """All customer IDs of the groups, current ones first."""
    current = [customer.id for group in groups for customer in group.customers]
    return current + [retired.id for group in groups for retired in group.retired]
