"""From a group of the changelog to all that leads to it in the store. Pure."""

from __future__ import annotations

from icustomer.core.change import SHARED
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group
from icustomer.core.rules import Rules
from icustomer.core.sharing import linkable
from icustomer.store.port import Restored


def restored(group: Group, blob: bytes, rules: Rules, keyring: Keyring) -> Restored:
    """A group with the links, index and aliases that the commits which made it had written.

    Every linkable identifier links to the group, as does the key of a facet that has none;
    shared ones carry the mark and name the group in their index.
    """
    links = dict.fromkeys(group.shared, SHARED)
    for facet in group.facets:
        links |= dict.fromkeys(_links_of(facet, set(group.shared), rules, keyring), group.id)
    return Restored(
        group_id=group.id,
        blob=blob,
        links=links,
        index=list(group.shared),
        aliases=[each.id for each in group.customers] + [each.id for each in group.retired],
    )


def _links_of(facet: Facet, shared: set[bytes], rules: Rules, keyring: Keyring) -> list[bytes]:
    digests = [
        digest
        for identifier in facet.identifiers
        if linkable(
            identifier.kind,
            digest := keyring.identifier(identifier.kind, identifier.value),
            shared,
            rules,
        )
    ]
    return digests or [facet.key]
