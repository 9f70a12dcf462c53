"""All that a batch touches, read from the store: what its links and customer IDs lead to, and
the groups with carriers of what a command frees or suppresses."""

from __future__ import annotations

from collections.abc import Sequence

from icustomer.core.observation import Item
from icustomer.core.resolve import needed
from icustomer.core.suppressing import CARRIERS_AT_ONCE, indexes_to_empty
from icustomer.core.unsharing import MAX_GROUPS, indexes_needed
from icustomer.store.limits import INDEX_INCOMPLETE
from icustomer.store.port import Loaded, Store


async def load(store: Store, items: Sequence[Item]) -> Loaded:
    """What `resolve` needs for the items. A group is None if others moved it meanwhile."""
    loaded = await store.load(*needed(items))
    for digest in indexes_needed(items, loaded.links):
        await _load_all(store, digest, loaded)
    for digest in indexes_to_empty(items, loaded.links):
        await _load_some(store, digest, loaded)
    return loaded


async def _load_all(store: Store, digest: bytes, loaded: Loaded) -> None:
    """All carriers of what is freed, which become one group; none if they are too many."""
    members = await _members(store, digest)
    if members is None or len(members) > MAX_GROUPS:
        return
    loaded.indexes[digest] = frozenset(members)
    if further := [each for each in members if each not in loaded.groups]:
        blobs = await store.read(further)
        loaded.groups |= {group_id: blobs.get(group_id) for group_id in further}


async def _load_some(store: Store, digest: bytes, loaded: Loaded) -> None:
    """As many carriers of what is suppressed as one change rewrites, and the group that tells
    that it is suppressed; those that others moved meanwhile come with a later portion."""
    members = await _members(store, digest)
    if members is None:
        loaded.carriers[digest] = None
        return
    portion = [digest, *members[:CARRIERS_AT_ONCE]]
    blobs = await store.read(portion)
    loaded.groups |= blobs
    loaded.carriers[digest] = [each for each in portion if each in blobs]


async def _members(store: Store, digest: bytes) -> list[bytes] | None:
    """The groups that hold carriers of a shared identifier; None if its index names not all."""
    index = await store.index(digest)
    return None if INDEX_INCOMPLETE in index else sorted(index)
