"""From a snapshot and a batch to the changes to commit: pure, one change a connected part.

Nothing here reads, writes, waits, logs or asks the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from icustomer.core.assembly import ids_of, write
from icustomer.core.change import MARKS, SHARED, SUPPRESSED, Change, Snapshot
from icustomer.core.commands import obey
from icustomer.core.guests import EVERYBODY_STAYS, Guests, concern, waiting_since
from icustomer.core.keys import Keyring
from icustomer.core.model import VERSION_EPOCH_SHIFT, Group, version_after
from icustomer.core.observation import (
    Command,
    Item,
    MergeCommand,
    Observation,
    SuppressCommand,
    UnshareCommand,
)
from icustomer.core.part import Part
from icustomer.core.quick import quick
from icustomer.core.retaining import retained
from icustomer.core.rules import Rules
from icustomer.core.sets import Joined


def needed(items: Sequence[Item]) -> tuple[list[bytes], list[str]]:
    """What must be loaded to resolve the items: link digests and customer IDs."""
    digests: dict[bytes, None] = {}
    customer_ids: dict[str, None] = {}
    for item in items:
        if isinstance(item, Observation):
            digests.update(dict.fromkeys(item.digests))
            digests[item.facet_key] = None
            if item.former_keys:
                digests.update(dict.fromkeys(item.former_keys))
        else:
            digests.update(dict.fromkeys(_asked_by(item)))
            customer_ids.update(dict.fromkeys(_named_by(item)))
    return list(digests), list(customer_ids)


def resolve(
    snapshot: Snapshot, items: Sequence[Item], rules: Rules, keyring: Keyring
) -> Iterator[Change]:
    """The changes that the items make to what the snapshot holds, one after the other.

    The snapshot must hold all that `needed` names. Each item is in exactly one change, and
    each group is asked for once, when its change is worked out.
    """
    for situation in situations(snapshot, items, rules):
        if concern(snapshot.guests, situation.groups, situation.items):
            change = thoroughly(situation, rules, keyring, snapshot.guests)
        else:
            change = quickly(situation) or thoroughly(situation, rules, keyring)
        change.waiting = _waiting(situation.groups, change)
        yield change


def expired(
    epoch: int, group: Group, guests: Guests, rules: Rules, keyring: Keyring
) -> Change | None:
    """What becomes of a group by the record clock alone; None if nobody's time is over."""
    version = version_after(epoch, _n(group.version))
    situation = Situation([], [], [group], {}, version)
    change = thoroughly(situation, rules, keyring, guests)
    change.waiting = _waiting([group], change)
    return change if change.writes else None


def _waiting(before: Sequence[Group], change: Change) -> dict[bytes, int | None]:
    """In which groups the time of guests runs otherwise after the change."""
    former = _running(before)
    after = _running(change.groups)
    if not former and not after:
        return {}
    written = [*[group.id for group in change.groups], *change.deleted]
    return {each: after.get(each) for each in written if former.get(each) != after.get(each)}


def _running(groups: Sequence[Group]) -> dict[bytes, int]:
    """Since when the time of guests runs in those of the groups in which it does."""
    return {group.id: since for group in groups if (since := waiting_since(group)) is not None}


def _connectable(item: Item, rules: Rules) -> list[bytes]:
    """What of an item may connect it to others, shared or not: its facet and identifiers."""
    if not isinstance(item, Observation):
        return list(_asked_by(item))
    identifiers, digests, connects = item.identifiers, item.digests, rules.connects
    found = [item.facet_key]
    if item.former_keys:
        found += item.former_keys
    found += [
        digest
        for identifier, digest in zip(identifiers, digests, strict=False)
        if connects(identifier.kind, identifier.value)
    ]
    if len(digests) > len(identifiers):
        found += digests[len(identifiers) :]
    return found


def _named_by(command: Command) -> tuple[str, ...]:
    """The customer IDs that a command names."""
    match command:
        case MergeCommand():
            return command.customer_ids
        case SuppressCommand() | UnshareCommand():
            return ()
        case _:
            return (command.customer_id,)


def _asked_by(command: Command) -> tuple[bytes, ...]:
    """The digests that a command is about."""
    match command:
        case SuppressCommand():
            return (command.digest, *command.claims)
        case UnshareCommand():
            return (command.digest,)
        case _:
            return ()


def _connect(
    snapshot: Snapshot, items: Sequence[Item], digests: Sequence[list[bytes]]
) -> list[list[int]]:
    """The items by connected part, in order."""
    joined = Joined(len(items))
    by_group: dict[bytes, int] = {}
    for digest, members in snapshot.indexes.items():
        # What carries an identifier that is being freed belongs together, shared as it is.
        first, *others = (number for number, carried in enumerate(digests) if digest in carried)
        for other in others:
            joined.union(first, other)
        for member in members:
            joined.union(by_group.setdefault(member, first), first)
    _connect_by_places(snapshot, items, digests, joined, by_group)
    return joined.sets()


def _connect_by_places(
    snapshot: Snapshot,
    items: Sequence[Item],
    digests: Sequence[list[bytes]],
    joined: Joined,
    by_group: dict[bytes, int],
) -> None:
    """Join the items that links and customer IDs lead to the same places."""
    by_digest: dict[bytes, int] = {}
    by_id: dict[str, int] = {}
    links = snapshot.links
    for number, item in enumerate(items):
        for digest in digests[number]:
            link = links.get(digest)
            if link not in MARKS:
                joined.union(by_digest.setdefault(digest, number), number)
                if link:
                    joined.union(by_group.setdefault(link, number), number)
        if not isinstance(item, Observation):
            for customer_id in _named_by(item):
                group = snapshot.aliases.get(customer_id)
                if group:
                    joined.union(by_group.setdefault(group, number), number)
                else:
                    joined.union(by_id.setdefault(customer_id, number), number)


class Situation(Struct, gc=False):
    """A connected part of a batch, and what was read of it."""

    numbers: list[int]
    """Of its items, in the batch."""
    items: list[Item]
    groups: list[Group]
    links: dict[bytes, bytes | None]
    version: int
    """That all it writes will carry."""
    indexes: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Of the shared identifiers that the part frees."""

    def change(self) -> Change:
        """The change that does nothing yet."""
        return Change(
            items=self.numbers,
            verdicts=[],
            read_groups={group.id: group.version for group in self.groups},
            read_links=self.links,
            read_indexes=self.indexes,
            version=self.version,
        )


def situations(snapshot: Snapshot, items: Sequence[Item], rules: Rules) -> Iterator[Situation]:
    """The connected parts of a batch, one after the other."""
    digests = [_connectable(item, rules) for item in items]
    for numbers in _connect(snapshot, items, digests):
        part = [items[number] for number in numbers]
        links = _links(snapshot, part)
        named = _groups_by_id(snapshot, part)
        for number in numbers:
            for digest in digests[number]:
                link = links[digest]
                if link and link not in MARKS:
                    named[link] = None
        indexes = _indexes(snapshot, links)
        for members in indexes.values():
            named.update(dict.fromkeys(sorted(members)))
        groups = [snapshot.groups[each] for each in named]
        highest = max([_n(group.version) for group in groups], default=0)
        version = version_after(snapshot.epoch, highest)
        yield Situation(numbers, part, groups, links, version, indexes)


def _links(snapshot: Snapshot, part: Sequence[Item]) -> dict[bytes, bytes | None]:
    """What was read of every digest in the part."""
    links = snapshot.links
    found: dict[bytes, bytes | None] = {}
    for item in part:
        if isinstance(item, Observation):
            for digest in item.digests:
                found[digest] = links.get(digest)
            for digest in (item.facet_key, *item.former_keys):
                found[digest] = links.get(digest)
        else:
            for digest in _asked_by(item):
                found[digest] = links.get(digest)
    return found


def _indexes(
    snapshot: Snapshot, links: Mapping[bytes, bytes | None]
) -> dict[bytes, frozenset[bytes]]:
    """What was read of the index of each of the digests, where it was asked for."""
    indexes = snapshot.indexes
    return {digest: indexes[digest] for digest in links if digest in indexes} if indexes else {}


def _groups_by_id(snapshot: Snapshot, part: Sequence[Item]) -> dict[bytes, None]:
    """The groups of the customers that commands name, and those that they must look at."""
    named: dict[bytes, None] = {}
    for item in part:
        if isinstance(item, SuppressCommand):
            named.update(dict.fromkeys(item.carriers))
        elif not isinstance(item, Observation):
            homes = [snapshot.aliases.get(each) for each in _named_by(item)]
            named.update({home: None for home in homes if home})
    return named


def quickly(situation: Situation) -> Change | None:
    """The change of a part in which nothing decides anew who is one; else None."""
    if len(situation.groups) != 1:
        return None
    done = quick(situation.groups[0], situation.items, situation.version)
    if done is None:
        return None
    change = situation.change()
    change.verdicts = done.verdicts
    change.groups = [done.group] if done.group else []
    change.touched = done.touched
    change.notes = done.notes
    return change


def thoroughly(
    situation: Situation, rules: Rules, keyring: Keyring, guests: Guests = EVERYBODY_STAYS
) -> Change:
    """The change of any part."""
    shared = [digest for digest, link in situation.links.items() if link == SHARED]
    kept_out = {digest for digest, link in situation.links.items() if link == SUPPRESSED}

    def begin() -> Part:
        part = Part(situation.groups, shared, situation.version, rules, keyring)
        part.scattered = part.marks.shared - situation.indexes.keys()
        part.kept_out = kept_out
        return part

    if concern(guests, situation.groups, situation.items):
        part = retained(begin, situation.items, guests)
    else:
        part = begin()
        _run(part, situation.items)
    change = situation.change()
    change.verdicts = [part.verdicts[number] for number in range(len(situation.items))]
    if part.replayed:
        part.touched.update(ids_of(situation.groups))
    if part.changed:
        write(part, change)
    elif part.replayed:
        change.republish = [group.id for group in situation.groups]
        change.touched = sorted(part.touched)
    return change


def _n(version: int) -> int:
    return version & ((1 << VERSION_EPOCH_SHIFT) - 1)


def _run(part: Part, items: Sequence[Item]) -> None:
    """Evidence together, commands one by one, all in their order."""
    waiting: list[tuple[int, Observation]] = []
    for number, item in enumerate(items):
        if isinstance(item, Observation):
            waiting.append((number, item))
            continue
        part.absorb(waiting)
        waiting = []
        part.verdicts[number] = obey(part, item)
    part.absorb(waiting)
