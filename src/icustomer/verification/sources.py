"""What is compared: the space in Redis, and what the two compacted topics tell so far."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from typing import NamedTuple, Protocol

from icustomer.contracts.topics import Topic
from icustomer.core.guests import EVERYBODY_STAYS, Guests
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.rules import Rules
from icustomer.store.inspection import Inspection
from icustomer.stream.published import PublishedRecord
from icustomer.stream.records import RecordMaker
from icustomer.verification.groups import Read, read_groups
from icustomer.verification.newest import Newest
from icustomer.verification.outbox import Waiting
from icustomer.verification.places import Expected, Standing, expected_of
from icustomer.verification.problem import Broken, Law
from icustomer.verification.published import check_changelog, stamps_of_profiles
from icustomer.verification.stamps import Stamp, digest_of_blob, digest_of_profile

IN_QUESTION = frozenset(
    (Law.GROUP_DAMAGED, Law.GROUP_LOST, Law.REDIS_BEHIND, Law.CHANGELOG_DIFFERS)
)
"""Where a group is not what the changelog says, all that hangs on it is not told besides."""


class Records(Protocol):
    """Where published records come from."""

    def read_on(self) -> AsyncIterator[PublishedRecord]:
        """Those that were not read yet, to the end as of now."""
        ...


class Home(NamedTuple):
    """A group that something leads to."""

    expected: Expected | None
    """What must lead there; None: the group is in question."""


class Sources:
    """Reads both sides; remembers the published one."""

    def __init__(
        self,
        inspection: Inspection,
        records: Records,
        maker: RecordMaker,
        rules: Rules,
        keyring: Keyring,
        guests: Guests = EVERYBODY_STAYS,
    ) -> None:
        self.inspection = inspection
        self.keyring = keyring
        self.changelog = Newest()
        self.profiles = Newest()
        self._records = records
        self._maker = maker
        self.rules = rules
        self.guests = guests

    async def read_on(self) -> None:
        """Take in what was published since."""
        async for topic, key, version, value in self._records.read_on():
            if topic is Topic.PROFILES:
                digest = 0 if value is None else digest_of_profile(value)
                self.profiles.take(key, version, digest)
            else:
                digest = 0 if value is None else digest_of_blob(value)
                self.changelog.take(key, version, digest)

    def expected(self, group: Group) -> Expected:
        """What must lead to a group."""
        return expected_of(group, self.rules, self.keyring)

    def profiles_of(self, group: Group) -> dict[str, Stamp]:
        """What must be published of its customers."""
        return stamps_of_profiles(group, self._maker)

    async def standing(self, expected: Collection[Expected]) -> Standing:
        """What stands of that which must lead to the groups."""
        digests = list({digest for each in expected for digest in each.links})
        customer_ids = list({one for each in expected for one in each.customer_ids})
        links, aliases = await self.inspection.places(digests, customer_ids)
        indexes = await self.inspection.indexes(
            digest for each in expected for digest in each.indexed
        )
        return Standing(links, aliases, indexes)

    async def homes(self, group_ids: Iterable[bytes]) -> dict[bytes, Home]:
        """Groups that something leads to; one that never was, or is gone for good, is not in it."""
        wanted = set(group_ids)
        read = await self.read(wanted)
        homes: dict[bytes, Home] = {}
        for group_id in wanted:
            found = read.get(group_id)
            if self.in_question(group_id, found):
                homes[group_id] = Home(None)
            elif found and found.group:
                homes[group_id] = Home(self.expected(found.group))
        return homes

    async def read(self, group_ids: Iterable[bytes]) -> dict[bytes, Read]:
        """Groups that stand, by ID."""
        return read_groups(await self.inspection.groups(list(group_ids)))

    def against_changelog(self, group_id: bytes, read: Read | None) -> Broken | None:
        """A group (None: it does not stand) against what the changelog tells of it so far."""
        if read and read.damage:
            return read.damage
        return check_changelog(read.stamp if read else None, self.changelog.of(group_id))

    def in_question(self, group_id: bytes, read: Read | None) -> bool:
        """Whether a group is so wrong that what hangs on it cannot be judged."""
        broken = self.against_changelog(group_id, read)
        return broken is not None and broken.law in IN_QUESTION

    async def waiting(self) -> Waiting:
        """The outbox as it stands."""
        entries, names, times = await self.inspection.outbox()
        return Waiting(entries, frozenset(names), frozenset(times))
