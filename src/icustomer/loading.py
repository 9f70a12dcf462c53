"""All that a batch touches, read from the store: what its links and customer IDs lead to, and
the groups of shared identifiers that a command frees."""

from __future__ import annotations

from collections.abc import Sequence

from icustomer.core.observation import Item
from icustomer.core.resolve import needed
from icustomer.core.unsharing import MAX_GROUPS, indexes_needed
from icustomer.store.limits import INDEX_INCOMPLETE
from icustomer.store.port import Loaded, Store


async def load(store: Store, items: Sequence[Item]) -> Loaded:
    """What `resolve` needs for the items. A group is None if others moved it meanwhile."""
    loaded = await store.load(*needed(items))
    for digest in indexes_needed(items, loaded.links):
        members = await store.index(digest)
        if len(members) <= MAX_GROUPS and INDEX_INCOMPLETE not in members:
            loaded.indexes[digest] = frozenset(members)
    further = set().union(*loaded.indexes.values()) - loaded.groups.keys()
    if further:
        blobs = await store.read(sorted(further))
        loaded.groups |= {group_id: blobs.get(group_id) for group_id in further}
    return loaded
