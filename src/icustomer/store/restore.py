"""From a group of the changelog to all that leads to it in the store. Pure."""

from __future__ import annotations

from icustomer.core.grouping import places_of
from icustomer.core.guests import waiting_since
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import Rules
from icustomer.store.outline import Outline
from icustomer.store.port import Directions


def directions_to(group: Outline | Group, rules: Rules, keyring: Keyring) -> Directions:
    """The links, index and aliases that the commits which made a group had written.

    Every linkable identifier links to the group, as does the key of a facet that has none;
    shared ones carry the mark and name the group in their index.
    """
    places = places_of([group], rules, keyring)
    return Directions(
        group_id=group.id,
        links=places.links,
        index=sorted(digest for digest, _ in places.index),
        aliases=[each.id for each in (*group.customers, *group.retired, *group.erased)],
        waiting=waiting_since(group),
    )


def directions_lost(before: Directions, after: Directions) -> Directions:
    """What led to a group before and does no more."""
    return Directions(
        group_id=before.group_id,
        links={each: to for each, to in before.links.items() if each not in after.links},
        index=sorted(set(before.index) - set(after.index)),
        aliases=sorted(set(before.aliases) - set(after.aliases)),
    )
