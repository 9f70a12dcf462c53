"""Groups of former rules worked out anew under those in force, under the nonce of a rebuild.

Nobody else reads or writes groups meanwhile, so what was read still stands when it is written.
What is converted is found, by what leads to it, when others are that hang together with it: so
it does not matter in which order groups come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from icustomer.core.carrying import digests
from icustomer.core.change import MARKS, SHARED, SUPPRESSED, Change
from icustomer.core.conversion import Read, convert, leading, waiting_parts
from icustomer.core.guests import is_husk
from icustomer.core.keys import Keyring
from icustomer.core.model import Group, epoch_of
from icustomer.core.renewal import NOTHING, KeptOut, renewed
from icustomer.core.rules import Rules
from icustomer.core.unsharing import MAX_GROUPS
from icustomer.separate import Separate
from icustomer.store.codec import encode, group_of
from icustomer.store.limits import INDEX_INCOMPLETE
from icustomer.store.outline import Outline
from icustomer.store.port import Directions, Store
from icustomer.store.restore import directions_lost, directions_to


class InForce(Struct, frozen=True):
    """Under what a rebuild brings groups."""

    epoch: int
    """Of its claim: what is worked out anew carries it."""
    since: int
    """Number of the claim from which on the rules hold."""
    at: int
    """When that was, microseconds."""

    def is_old(self, version: int) -> bool:
        """Whether former rules worked out what carries the version."""
        return epoch_of(version) < self.since


class _Found(Struct):
    """Groups that hang together with those to be converted, and what was read of them."""

    raw: dict[bytes, Group] = field(default_factory=dict)
    """Of former rules, as they stand."""
    old: dict[bytes, Group] = field(default_factory=dict)
    """The same, read anew."""
    current: dict[bytes, Group] = field(default_factory=dict)
    links: dict[bytes, bytes | None] = field(default_factory=dict)
    sought: set[bytes] = field(default_factory=set)
    """IDs of groups that were read, or looked for in vain."""
    kept_out: KeptOut = NOTHING
    indexes: dict[bytes, set[bytes]] = field(default_factory=dict)
    """Of what was freed, and taken for shared by what was converted before."""

    def groups(self) -> Iterator[Group]:
        """All of them."""
        yield from self.old.values()
        yield from self.current.values()


class Changeover:
    """Converts groups where they stand."""

    def __init__(self, store: Store, rules: Rules, keyring: Keyring) -> None:
        self._store = store
        self._rules = rules
        self._keyring = keyring
        self._separate = Separate(store, rules, keyring)

    async def convert(self, nonce: str, names: Sequence[bytes], in_force: InForce) -> int:
        """Work out groups of former rules anew, by ID, together with all that hangs together
        with them; how many of former rules there were. Those that are not old any more were
        found from another."""
        found = await self._find(names, in_force)
        if not found.old:
            return 0
        read = Read(
            found.old, found.current, found.links, in_force.epoch, in_force.at, found.indexes
        )
        changes = [
            convert(waiting, self._rules, self._keyring)
            for waiting in waiting_parts(read, self._rules, self._keyring)
        ]
        await self._write(nonce, found, changes)
        return len(found.old)

    # -- reading ---------------------------------------------------------------------------

    async def _find(self, names: Sequence[bytes], in_force: InForce) -> _Found:
        """Until nothing leads any further."""
        found = _Found()
        wanted: set[bytes] = set(names)
        while wanted:
            found.sought |= wanted
            for group_id, blob in (await self._store.read(sorted(wanted))).items():
                group = group_of(group_id, blob)
                place = found.raw if in_force.is_old(group.version) else found.current
                place[group_id] = group
            wanted = await self._led_to(found) - found.sought
        return found

    async def _led_to(self, found: _Found) -> set[bytes]:
        """IDs of the groups that those found lead to, read anew beside what is kept out."""
        led: set[bytes] = set()
        stale: Iterable[bytes] = found.raw.keys() - found.old.keys()
        while stale:
            for group_id in stale:
                raw = found.raw[group_id]
                anew = renewed(raw, self._rules, self._keyring, found.kept_out)
                found.old[group_id] = anew
                # A new key may be the ID of a group to which nothing leads yet.
                led |= {*_keys(anew)} - {*_keys(raw)}
            await self._read_links(found, stale)
            kept_out = _kept_out(found)
            stale = () if kept_out == found.kept_out else list(found.raw)
            found.kept_out = kept_out
        led |= await self._carriers_of_freed(found)
        return led | {link for link in found.links.values() if link and link not in MARKS}

    async def _carriers_of_freed(self, found: _Found) -> set[bytes]:
        """IDs of the groups that carry what a person freed under a former form, and that were
        converted before, so that it was taken for shared. Of too many it stays shared, and the
        word holds for the former form alone."""
        for group_id, group in found.old.items():
            shared = [each for each in group.unshared if found.links.get(each) == SHARED]
            for digest in shared:
                if digest not in found.indexes and not await self._gather(digest, found):
                    kept = [each for each in found.old[group_id].unshared if each != digest]
                    found.old[group_id] = replace(group, unshared=kept)
        return {member for members in found.indexes.values() for member in members}

    async def _gather(self, digest: bytes, found: _Found) -> bool:
        """Note the groups that carry an identifier; False: they are too many."""
        members = await self._store.index(digest)
        if INDEX_INCOMPLETE in members or len(members) > MAX_GROUPS:
            return False
        found.indexes[digest] = members
        return True

    async def _read_links(self, found: _Found, names: Iterable[bytes]) -> None:
        asked = {
            digest
            for group_id in names
            for digest in _asked(found.old[group_id], self._rules, self._keyring)
        }
        unread = sorted(asked - found.links.keys())
        if unread:
            found.links |= (await self._store.load(unread, [])).links

    # -- writing ---------------------------------------------------------------------------

    async def _write(self, nonce: str, found: _Found, changes: Sequence[Change]) -> None:
        """What led to groups before goes first: it may lead elsewhere from now on."""
        await self._store.detach(nonce, list(self._lost(found, changes)))
        written: dict[bytes, bytes | None] = {}
        for change in changes:
            written |= dict.fromkeys(change.deleted)
            written |= {group.id: encode(group) for group in change.groups}
        ways = [self._directions(group) for change in changes for group in change.groups]
        others = await self._store.restore(nonce, written, ways, [*map(_entry_of, changes)])
        await self._separate.groups(nonce, others)

    def _lost(self, found: _Found, changes: Sequence[Change]) -> Iterator[Directions]:
        """Of the groups that change. Some of those named may have been found from others, and be
        current by now."""
        after = {group.id: self._directions(group) for each in changes for group in each.groups}
        changed = {group_id for each in changes for group_id in each.read_groups}
        before = [kept_directions(each, self._rules, self._keyring) for each in found.raw.values()]
        before += [self._directions(each) for each in found.current.values() if each.id in changed]
        for way in before:
            yield directions_lost(way, after.get(way.group_id, Directions(way.group_id)))

    def _directions(self, group: Group) -> Directions:
        return directions_to(group, self._rules, self._keyring)


def _entry_of(change: Change) -> tuple[dict[bytes, int], list[str]]:
    """What must be published in one transaction."""
    groups = [*(group.id for group in change.groups), *change.deleted]
    return dict.fromkeys(groups, change.version), sorted({*change.touched, *change.aliases})


def kept_directions(group: Outline | Group, rules: Rules, keyring: Keyring) -> Directions:
    """What leads to a group of former rules before it is converted: what does not depend on
    rules, for it must be found by whatever is converted first."""
    outlasting = {digest for grave in group.graves for digest in grave.marks}
    bare = replace(
        group,
        facets=[facet for facet in group.facets if is_husk(facet)],
        customers=[],
        retired=[],
        shared=[digest for digest in group.shared if digest in outlasting],
    )
    return directions_to(bare, rules, keyring)


def _keys(group: Group) -> Iterator[bytes]:
    """What a group that holds these may have as its ID."""
    yield from (facet.key for facet in group.facets)
    yield from (grave.key for grave in group.graves)


def _asked(group: Group, rules: Rules, keyring: Keyring) -> Iterator[bytes]:
    """Digests of what may lead to others, or be suppressed."""
    yield from leading(group, rules, keyring)
    for facet in group.facets:
        yield from digests(facet, rules, keyring)


def _kept_out(found: _Found) -> KeptOut:
    graves: dict[bytes, int] = {}
    for grave in (each for group in found.groups() for each in group.graves):
        graves[grave.key] = max(grave.up_to, graves.get(grave.key, 0))
    suppressed = frozenset(each for each, link in found.links.items() if link == SUPPRESSED)
    return KeptOut(graves, suppressed)
