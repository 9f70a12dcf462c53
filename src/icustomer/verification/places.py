"""What leads to a group is what its evidence asks for, and nothing else does. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from icustomer.core.change import MARKS, SHARED, SUPPRESSED
from icustomer.core.grouping import places_of
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import Rules
from icustomer.verification.groups import everybody
from icustomer.verification.problem import Broken, Law


class Expected(Struct, frozen=True):
    """All that must lead to one group."""

    group_id: bytes
    links: dict[bytes, bytes]
    """Digest to the group, or to the mark "shared" or "suppressed"."""
    indexed: tuple[bytes, ...]
    """Digests of shared identifiers whose index must name the group."""
    customer_ids: tuple[str, ...]
    """Current and retired ones: each has an alias."""


class Standing(Struct, frozen=True):
    """What leads anywhere, as it was read; what was not asked for is not in it."""

    links: Mapping[bytes, bytes | None]
    aliases: Mapping[str, bytes | None]
    indexes: Mapping[bytes, Collection[bytes]]


def expected_of(group: Group, rules: Rules, keyring: Keyring) -> Expected:
    """What the evidence of a group asks for."""
    places = places_of([group], rules, keyring)
    return Expected(
        group.id,
        places.links,
        tuple(sorted(digest for digest, _ in places.index)),
        tuple(one.id for one in everybody(group)),
    )


def check_places(
    expected: Expected, standing: Standing, incomplete: bytes, rivals: Collection[bytes]
) -> Iterator[Broken]:
    """What of the expected is missing or leads elsewhere.

    `incomplete`: member of an index that names not all groups. `rivals`: groups that hold a
    facet of this one, too.
    """
    for digest, wanted in expected.links.items():
        yield from _link(digest, wanted, standing.links[digest], rivals)
    for digest in expected.indexed:
        members = standing.indexes[digest]
        if expected.group_id not in members and incomplete not in members:
            yield Broken(Law.INDEX_MISSING, f"the index of {digest.hex()} does not name it")
    for customer_id in expected.customer_ids:
        yield from _alias(customer_id, expected.group_id, standing.aliases[customer_id])


def leads_elsewhere(expected: Expected, standing: Standing) -> set[bytes]:
    """Groups that links of this one lead to instead."""
    found = {standing.links[digest] for digest, to in expected.links.items() if to not in MARKS} - {
        expected.group_id,
        *MARKS,
        None,
    }
    return {each for each in found if each is not None}


def rivals_of(group: Group, others: Iterable[Group]) -> set[bytes]:
    """Those of the others that hold a facet of the group."""
    keys = {facet.key for facet in group.facets}
    return {other.id for other in others if not keys.isdisjoint(each.key for each in other.facets)}


def _link(
    digest: bytes, wanted: bytes, found: bytes | None, rivals: Collection[bytes]
) -> Iterator[Broken]:
    if found == wanted:
        return
    name = digest.hex()
    if found is None:
        yield Broken(Law.LINK_MISSING, f"{name} has no link")
    elif found == SHARED:
        yield Broken(Law.LINK_WRONG, f"{name} is marked as shared, and not by the group")
    elif found == SUPPRESSED:
        yield Broken(Law.LINK_WRONG, f"{name} is suppressed, and the group carries it")
    elif wanted in MARKS:
        what = "shared" if wanted == SHARED else "suppressed"
        yield Broken(Law.LINK_WRONG, f"{name} leads to {found.hex()}, and is {what}")
    elif found in rivals:
        yield Broken(Law.ONE_OWNER, f"{found.hex()} holds the same facet, and {name} leads there")
    else:
        yield Broken(Law.LINK_WRONG, f"{name} leads to {found.hex()}")


def _alias(customer_id: str, wanted: bytes, found: bytes | None) -> Iterator[Broken]:
    if found is None:
        yield Broken(Law.ALIAS_MISSING, f"{customer_id} has no alias")
    elif found != wanted:
        yield Broken(Law.ALIAS_WRONG, f"the alias of {customer_id} leads to {found.hex()}")


class Sums:
    """Adds up what must stand in each bucket, so that what stands besides shows without being
    remembered: a bucket whose sum differs is looked at entry by entry."""

    def __init__(self) -> None:
        self._links: dict[bytes, int] = {}
        self._aliases: dict[bytes, int] = {}
        self._indexes: dict[bytes, int] = {}
        self._shared: set[bytes] = set()
        """Marks that were added: a shared identifier has one link, and many carriers."""

    def add_links(self, buckets: Iterable[bytes], links: Mapping[bytes, bytes]) -> None:
        """Links that must stand, and the bucket of each."""
        sums = self._links
        for bucket, (digest, to) in zip(buckets, links.items(), strict=True):
            if to == SHARED:
                if digest in self._shared:
                    continue
                self._shared.add(digest)
            sums[bucket] = sums.get(bucket, 0) + _weight(digest)

    def add_aliases(self, buckets: Iterable[bytes], customer_ids: Iterable[str]) -> None:
        """Aliases that must stand, and the bucket of each."""
        sums = self._aliases
        for bucket, customer_id in zip(buckets, customer_ids, strict=True):
            sums[bucket] = sums.get(bucket, 0) + _weight_of_id(customer_id)

    def add_index(self, digest: bytes, group_id: bytes) -> None:
        """A group that the index of a shared identifier must name."""
        self._indexes[digest] = self._indexes.get(digest, 0) + _weight(group_id)

    def links_agree(self, bucket: bytes, digests: Iterable[bytes]) -> bool:
        """Whether these are the links of a bucket."""
        return self._links.get(bucket, 0) == sum(map(_weight, digests))

    def aliases_agree(self, bucket: bytes, customer_ids: Iterable[str]) -> bool:
        """Whether these are the aliases of a bucket."""
        return self._aliases.get(bucket, 0) == sum(map(_weight_of_id, customer_ids))

    def index_agrees(self, digest: bytes, members: Iterable[bytes]) -> bool:
        """Whether these are the groups of an index."""
        return self._indexes.get(digest, 0) == sum(map(_weight, members))


def _weight(digest: bytes) -> int:
    """Digests are keyed hashes already, so that no other set of them has the same sum."""
    return int.from_bytes(digest, "big")


def _weight_of_id(customer_id: str) -> int:
    return int.from_bytes(customer_id.encode(), "big")
