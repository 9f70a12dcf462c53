"""One look at groups: which laws do not hold of them, of what must lead to them, and of what was
published of them, as of now.

Redis and Kafka are read one after the other, so a look beside running workers sees differences
that are none; whoever asks looks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from icustomer.core.model import Group
from icustomer.store.limits import GROUP_ID_BYTES, INDEX_INCOMPLETE
from icustomer.verification.groups import Read, check_group, everybody
from icustomer.verification.guests import check_guests
from icustomer.verification.outbox import Named, named_in
from icustomer.verification.places import (
    Expected,
    Standing,
    check_places,
    leads_elsewhere,
    rivals_of,
)
from icustomer.verification.problem import Broken, Kind, Law, Problem, problem
from icustomer.verification.published import NOT_TOLD_TWICE, check_erased, check_profiles
from icustomer.verification.sources import Sources

AWAITED = frozenset(
    (
        Law.UNPUBLISHED,
        Law.CHANGELOG_STALE,
        Law.PROFILE_MISSING,
        Law.PROFILE_STALE,
        Law.PROFILE_DIFFERS,
        Law.PROFILE_ERASED,
        Law.PROFILE_NOT_ERASED,
    )
)
"""What the outbox promises to mend: if it names the group, that it is not settled is enough."""


class Looked(Struct, frozen=True):
    """What a look at groups saw."""

    problems: list[Problem]
    expected: list[Expected]
    """What must lead to those that are not in question."""


class Examiner:
    """Looks at portions of the groups: as many at a time as fit into memory twice."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def groups(self, group_ids: Sequence[bytes]) -> Looked:
        """Look at groups by their IDs, those that do not stand too."""
        sources = self._sources
        read = await sources.read(group_ids)
        expected = {
            group_id: sources.expected(each.group) for group_id, each in read.items() if each.group
        }
        standing = await sources.standing(expected.values())
        rivals = await self._rivals(read, expected, standing)
        await sources.read_on()
        problems: list[Problem] = []
        judged: list[Expected] = []
        for group_id in group_ids:
            found = self._published(group_id, read.get(group_id))
            if group_id in expected and not sources.in_question(group_id, read[group_id]):
                judged.append(expected[group_id])
                others = rivals.get(group_id, ())
                found += check_places(expected[group_id], standing, INDEX_INCOMPLETE, others)
            problems += (problem(each, Kind.GROUP, group_id, group_id) for each in found)
        return Looked(await self._without_awaited(problems, expected), judged)

    def _published(self, group_id: bytes, read: Read | None) -> list[Broken]:
        """What is wrong with a group, and with what was published of it."""
        sources = self._sources
        broken = _foreign(group_id) or sources.against_changelog(group_id, read)
        sources.changelog.saw(group_id)
        found = [broken] if broken else []
        group = read.group if read else None
        if group is None:
            return found
        inner = list(check_group(group, sources.rules, sources.keyring))
        found += check_guests(group, sources.guests)
        self._saw_customers(group)
        if inner or (broken and broken.law in NOT_TOLD_TWICE):
            return found + inner
        stamps = sources.profiles_of(group)
        found += check_profiles(stamps, sources.profiles)
        return [*found, *check_erased(group.erased, sources.profiles)]

    def _saw_customers(self, group: Group) -> None:
        for one in everybody(group):
            self._sources.profiles.saw(one.id.encode())

    async def _rivals(
        self, read: Mapping[bytes, Read], expected: Mapping[bytes, Expected], standing: Standing
    ) -> dict[bytes, set[bytes]]:
        """For each group those that hold one of its facets, as far as its links tell."""
        leading = {
            group_id: found
            for group_id, each in expected.items()
            if (found := leads_elsewhere(each, standing))
        }
        others = await self._sources.read({each for found in leading.values() for each in found})
        return {
            group_id: rivals_of(group, _groups_of(others, found))
            for group_id, found in leading.items()
            if (group := read[group_id].group)
        }

    async def _without_awaited(
        self, problems: list[Problem], expected: Mapping[bytes, Expected]
    ) -> list[Problem]:
        if not any(each.law in AWAITED for each in problems):
            return problems
        named = named_in(await self._sources.waiting())
        return [
            each
            for each in problems
            if each.law not in AWAITED or not _is_named(expected[each.concern.name], named)
        ]


def _groups_of(read: Mapping[bytes, Read], wanted: Collection[bytes]) -> Iterator[Group]:
    for group_id in wanted:
        found = read.get(group_id)
        if found and found.group:
            yield found.group


def _is_named(expected: Expected, named: Named) -> bool:
    """Whether some entry will have the group, or one of its customers, published."""
    return expected.group_id in named.groups or not named.customer_ids.isdisjoint(
        expected.customer_ids
    )


def _foreign(group_id: bytes) -> Broken | None:
    """Keys of the changelog are groups': nobody but icustomer may write there."""
    if len(group_id) == GROUP_ID_BYTES:
        return None
    return Broken(Law.CHANGELOG_FOREIGN, f"a key of {len(group_id)} bytes is no group's")
