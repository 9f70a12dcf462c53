"""From a snapshot and a batch to the changes to commit: pure, one change a connected part.

Nothing here reads, writes, waits, logs or asks the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from icustomer.core.assembly import ids_of, write
from icustomer.core.change import SHARED, Change, Snapshot
from icustomer.core.commands import obey
from icustomer.core.keys import Keyring
from icustomer.core.model import VERSION_EPOCH_SHIFT, version_after
from icustomer.core.observation import Item, MergeCommand, Observation, SplitCommand
from icustomer.core.part import Part
from icustomer.core.rules import Rules
from icustomer.core.sets import DisjointSets
from icustomer.core.sharing import connectable

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
) -> Iterator[Change]:
    """The changes that the items make to what the snapshot holds, one after the other.

    The snapshot must hold all that `needed` names. Each item is in exactly one change, and
    each group is asked for once, when its change is worked out.
    """
    for numbers in _connect(snapshot, items, rules):
        yield _resolve_part(snapshot, items, numbers, rules, keyring)


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
        part.touched.update(ids_of(groups))
    if part.changed:
        write(part, change)
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
