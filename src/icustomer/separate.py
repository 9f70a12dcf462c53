"""Groups of the changelog that claim the same facets: the higher version has them.

All that shares a group or a customer is published in one transaction, so this does not happen;
it is looked for so that no facet could ever stand in two groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from icustomer.core.burying import base_key
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Grave, Group
from icustomer.core.rules import Rules
from icustomer.store.codec import decode, encode
from icustomer.store.port import Directions, Store
from icustomer.store.restore import directions_to


class Separate:
    """Takes groups apart under the nonce of a rebuild."""

    def __init__(self, store: Store, rules: Rules, keyring: Keyring) -> None:
        self._store = store
        self._rules = rules
        self._keyring = keyring

    async def groups(self, nonce: str, others: Mapping[bytes, AbstractSet[bytes]]) -> None:
        """`others`: groups, and those that the same links led to before them."""
        for group_id, found in others.items():
            blobs = await self._store.read(sorted({group_id, *found}))
            await self._apart(nonce, [decode(blob) for blob in blobs.values()])

    async def _apart(self, nonce: str, groups: list[Group]) -> None:
        groups.sort(key=lambda group: group.version, reverse=True)
        kept = without_taken(groups, self._keyring)
        written = {each.id: encode(each) for each in kept if each not in groups}
        ids = {group.id for group in kept}
        gone: dict[bytes, bytes | None] = {each.id: None for each in groups if each.id not in ids}
        # The highest last: what leads to several then leads to it.
        ways = [self._directions(group) for group in reversed(kept)]
        versions = {each.id: each.version for each in groups + kept}
        named = {each.id for group in groups for each in group.customers}
        named |= {each.id for group in groups for each in group.retired}
        named |= {each.id for group in groups for each in group.erased}
        await self._store.detach(nonce, [self._directions(group) for group in groups])
        await self._store.restore(nonce, {**gone, **written}, ways, [(versions, sorted(named))])

    def _directions(self, group: Group) -> Directions:
        return directions_to(group, self._rules, self._keyring)


def without_taken(groups: list[Group], keyring: Keyring) -> list[Group]:
    """Each group without the facets and graves that one before it holds; without those of which
    nothing is left. A grave holds what was known of its claim before it was dug. What was
    unshared waits for carriers only where no group has any."""
    taken: set[bytes] = set()
    graves: dict[bytes, int] = {}
    unshared = {digest for group in groups if group.facets for digest in group.unshared}
    kept: list[Group] = []
    for group in groups:
        if not group.facets and unshared.intersection(group.unshared):
            continue
        facets = [
            facet
            for facet in group.facets
            if facet.key not in taken and graves.get(base_key(facet, keyring), 0) <= facet.erased_at
        ]
        laid = [grave for grave in group.graves if grave.key not in graves]
        taken |= {facet.key for facet in facets}
        graves |= {grave.key: grave.up_to for grave in laid}
        if (len(facets), len(laid)) == (len(group.facets), len(group.graves)):
            kept.append(group)
        elif facets or laid:
            kept.append(_reduced(group, facets, laid))
    return kept


def _reduced(group: Group, facets: list[Facet], graves: list[Grave]) -> Group:
    living = {facet.key for facet in facets}
    laid = {grave.key for grave in graves}
    keys = [*(facet.key for facet in facets), *(grave.key for grave in graves)]
    return replace(
        group,
        id=group.id if group.id in keys else keys[0],
        facets=facets,
        customers=[each for each in group.customers if living.issuperset(each.facets)],
        retired=[each for each in group.retired if each.anchor in living],
        graves=graves,
        erased=[each for each in group.erased if each.anchor in laid],
    )
