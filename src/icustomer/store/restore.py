"""From a group of the changelog to all that leads to it in the store. Pure."""

from __future__ import annotations

from icustomer.core.grouping import places_of
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import Rules
from icustomer.store.port import Restored


def restored(group: Group, blob: bytes, rules: Rules, keyring: Keyring) -> Restored:
    """A group with the links, index and aliases that the commits which made it had written.

    Every linkable identifier links to the group, as does the key of a facet that has none;
    shared ones carry the mark and name the group in their index.
    """
    places = places_of([group], rules, keyring)
    return Restored(
        group_id=group.id,
        blob=blob,
        links=places.links,
        index=sorted(digest for digest, _ in places.index),
        aliases=[each.id for each in group.customers] + [each.id for each in group.retired],
    )
