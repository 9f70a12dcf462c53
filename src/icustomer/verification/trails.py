"""One look at what leads to groups: whether it leads astray; and at what is published of nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from icustomer.core.change import SHARED, SUPPRESSED
from icustomer.core.keys import parse_customer_id
from icustomer.store.limits import GROUP_ID_BYTES, INDEX_INCOMPLETE
from icustomer.verification.outbox import check_outbox
from icustomer.verification.places import Expected
from icustomer.verification.problem import Broken, Kind, Law, Problem, problem
from icustomer.verification.sources import Home, Sources


class Trails:
    """Looks at names that were found where no group was seen to ask for them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def links(self, digests: Collection[bytes]) -> list[Problem]:
        """Links without evidence; what cannot be the digest of anything has none."""
        foreign = [each for each in digests if len(each) != GROUP_ID_BYTES]
        digests = [each for each in digests if len(each) == GROUP_ID_BYTES]
        found, _ = await self._sources.inspection.places(list(digests), [])
        # What is suppressed stands in a group of its own, which has the digest as ID.
        leading = {
            digest: digest if to == SUPPRESSED else to
            for digest, to in found.items()
            if to and to != SHARED
        }
        homes = await self._sources.homes(leading.values())
        alone = [
            _orphan(Law.LINK_ORPHAN, f"the link of {digest.hex()}", Kind.LINK, digest, to)
            for digest, to in leading.items()
            if _leads_astray(homes, to, _links(digest))
        ]
        nothing = [
            _orphan(Law.LINK_ORPHAN, "a field that is no link", Kind.LINK, each) for each in foreign
        ]
        return (
            nothing
            + alone
            + await self._marks([each for each, to in found.items() if to == SHARED])
        )

    async def _marks(self, digests: Sequence[bytes]) -> list[Problem]:
        """Marks of identifiers that no group of their index carries. An index that names not
        all of its groups is believed."""
        indexes = await self._sources.inspection.indexes(digests)
        homes = await self._sources.homes(_members(indexes))
        return [
            _orphan(Law.LINK_ORPHAN, f"the mark of {digest.hex()}", Kind.LINK, digest)
            for digest, members in indexes.items()
            if INDEX_INCOMPLETE not in members
            and all(_leads_astray(homes, each, _indexed(digest)) for each in members)
        ]

    async def aliases(self, customer_ids: Collection[str]) -> list[Problem]:
        """Aliases that lead to no group with the customer; an empty one is of nobody."""
        nothing = [
            _orphan(Law.ALIAS_ORPHAN, "a field that is no alias", Kind.ALIAS, b"")
            for each in customer_ids
            if not each
        ]
        customer_ids = [each for each in customer_ids if each]
        _, found = await self._sources.inspection.places([], list(customer_ids))
        homes = await self._sources.homes(to for to in found.values() if to)
        return nothing + [
            _orphan(Law.ALIAS_ORPHAN, f"the alias of {name}", Kind.ALIAS, name.encode(), to)
            for name, to in found.items()
            if to and _leads_astray(homes, to, _holds(name))
        ]

    async def indexes(self, digests: Collection[bytes]) -> list[Problem]:
        """Indexes of shared identifiers that name groups without it."""
        found = await self._sources.inspection.indexes(digests)
        homes = await self._sources.homes(_members(found))
        return [
            _orphan(Law.INDEX_ORPHAN, f"the index of {digest.hex()}", Kind.INDEX, digest, each)
            for digest, members in found.items()
            for each in sorted(members)
            if each != INDEX_INCOMPLETE and _leads_astray(homes, each, _indexed(digest))
        ]

    async def profiles(self, keys: Collection[bytes]) -> tuple[list[Problem], set[bytes]]:
        """Profiles of nobody; and the groups that the others are at home in."""
        names = {key: _customer_id(key) for key in keys}
        _, homes = await self._sources.inspection.places(
            [], [each for each in names.values() if each]
        )
        await self._sources.read_on()
        nobodies = [
            _orphan(Law.PROFILE_OF_NOBODY, _called(name), Kind.CUSTOMER, key)
            for key, name in names.items()
            if homes.get(name) is None and self._is_published(key)
        ]
        return nobodies, {home for home in homes.values() if home}

    def _is_published(self, key: bytes) -> bool:
        told = self._sources.profiles.of(key)
        return told is not None and not told.is_tombstone

    async def outbox(self) -> list[Problem]:
        """What is not settled, and what of it is not found."""
        return [
            problem(broken, Kind.OUTBOX, entry_id)
            for entry_id, broken in check_outbox(await self._sources.waiting())
        ]

    async def keys(self, names: Collection[bytes]) -> list[Problem]:
        """Keys that icustomer never writes, and that are still there."""
        return [
            problem(Broken(Law.KEY_UNKNOWN, f"{len(name)} bytes: {name.hex()}"), Kind.KEY, name)
            for name in names
            if await self._sources.inspection.exists(name)
        ]


Wanted = Callable[[Expected], bool]


def _links(digest: bytes) -> Wanted:
    return lambda expected: digest in expected.links


def _indexed(digest: bytes) -> Wanted:
    return lambda expected: digest in expected.indexed


def _holds(customer_id: str) -> Wanted:
    return lambda expected: customer_id in expected.customer_ids


def _leads_astray(homes: Mapping[bytes, Home], to: bytes, wanted: Wanted) -> bool:
    """Whether a group does not stand, or stands and does not ask for what leads to it."""
    home = homes.get(to)
    return home is None or (home.expected is not None and not wanted(home.expected))


def _members(indexes: Mapping[bytes, Collection[bytes]]) -> set[bytes]:
    return {each for members in indexes.values() for each in members} - {INDEX_INCOMPLETE}


def _customer_id(key: bytes) -> str:
    """The customer ID that is the key of a profile; empty if it is none."""
    text = key.decode("ascii", "replace")
    return text if parse_customer_id(text) == text else ""


def _called(customer_id: str) -> str:
    return f"the profile of {customer_id}" if customer_id else "a key that is no customer ID"


def _orphan(law: Law, detail: str, kind: Kind, name: bytes, to: bytes = b"") -> Problem:
    return problem(Broken(law, f"{detail} leads astray" if to else detail), kind, name, to)
