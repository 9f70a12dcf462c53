"""All of a space once, portion by portion: suspicions, to be looked at again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from msgspec import Struct, field

from icustomer.store.inspection import Found
from icustomer.store.limits import INDEX_INCOMPLETE
from icustomer.verification.examiner import Examiner
from icustomer.verification.places import Expected, Sums
from icustomer.verification.problem import Concern, Kind, Problem
from icustomer.verification.sources import Sources
from icustomer.verification.trails import Trails

PORTION = 1_000
"""Names looked at in one go: some MB of groups, half a second of work."""
MOST_PROBLEMS = 100_000
"""Suspicions at which the sweep ends early: some 50 MB, and nobody reads more."""

T = TypeVar("T")


class Progress(Protocol):
    """Who is told how far the sweep has come."""

    def told(self, keys: int) -> None:
        """So many keys of both topics were read."""
        ...

    def looked(self, groups: int, problems: int) -> None:
        """So many groups were looked at, with so many suspicions."""
        ...


class Swept(Struct):
    """What a sweep saw."""

    groups: int = 0
    problems: dict[Problem, None] = field(default_factory=dict)
    """Each once, in the order in which they were met."""

    @property
    def is_full(self) -> bool:
        """Whether there are so many that the rest was left out."""
        return len(self.problems) >= MOST_PROBLEMS

    def add(self, problems: Iterable[Problem]) -> None:
        self.problems.update(dict.fromkeys(problems))


class Sweep:
    """Looks at everything once, and at single things again."""

    def __init__(self, sources: Sources, progress: Progress) -> None:
        self._sources = sources
        self._examiner = Examiner(sources)
        self._trails = Trails(sources)
        self._progress = progress
        self._sums = Sums()

    async def everything(self) -> Swept:
        """All groups, then all that leads to them, then all that was published."""
        sources, swept, later = self._sources, Swept(), Found()
        self._sums = Sums()
        await sources.read_on()
        self._progress.told(len(sources.changelog) + len(sources.profiles))
        async for found in sources.inspection.all_keys():
            later.add(found)
            # Where many spaces share a Redis, a step through its keys may find few of this one.
            if len(later.groups) >= PORTION:
                await self._groups(later.groups, swept)
                later.groups = []
            if swept.is_full:
                return swept
        await self._groups(later.groups, swept)
        await self._links(later.link_buckets, swept)
        await self._aliases(later.alias_buckets, swept)
        await self._indexes(later.indexes, swept)
        swept.add(await self._trails.keys(later.unknown))
        swept.add(await self._trails.outbox())
        await self._unmet(swept)
        return swept

    async def again(self, concerns: Collection[Concern]) -> list[Problem]:
        """Look once more at what suspicions concern."""
        swept = Swept()
        names: dict[Kind, list[bytes]] = {kind: [] for kind in Kind}
        for concern in concerns:
            names[concern.kind].append(concern.name)
        for portion in portions(names[Kind.GROUP]):
            swept.add((await self._examiner.groups(portion)).problems)
        for portion in portions(names[Kind.LINK]):
            swept.add(await self._trails.links(portion))
        for portion in portions(names[Kind.ALIAS]):
            swept.add(await self._trails.aliases([each.decode() for each in portion]))
        for portion in portions(names[Kind.INDEX]):
            swept.add(await self._trails.indexes(portion))
        for portion in portions(names[Kind.CUSTOMER]):
            swept.add(await self._profiles(portion))
        swept.add(await self._trails.keys(names[Kind.KEY]))
        if names[Kind.OUTBOX]:
            swept.add(await self._trails.outbox())
        return list(swept.problems)

    async def _groups(self, group_ids: Sequence[bytes], swept: Swept) -> None:
        for portion in portions(group_ids):
            looked = await self._examiner.groups(portion)
            self._add_up(looked.expected)
            swept.groups += len(portion)
            swept.add(looked.problems)
            self._progress.looked(swept.groups, len(swept.problems))

    def _add_up(self, expected: Iterable[Expected]) -> None:
        keys = self._sources.inspection.keys
        for each in expected:
            self._sums.add_links(keys.links(each.links), each.links)
            self._sums.add_aliases(keys.aliases(each.customer_ids)[0], each.customer_ids)
            for digest in each.indexed:
                self._sums.add_index(digest, each.group_id)

    async def _links(self, buckets: Sequence[bytes], swept: Swept) -> None:
        for portion in portions(buckets):
            found = await self._sources.inspection.links_in(portion)
            for bucket, digests in found.items():
                if not self._sums.links_agree(bucket, digests):
                    for names in portions(digests):
                        swept.add(await self._trails.links(names))

    async def _aliases(self, buckets: Sequence[bytes], swept: Swept) -> None:
        for portion in portions(buckets):
            found = await self._sources.inspection.aliases_in(portion)
            for bucket, customer_ids in found.items():
                if not self._sums.aliases_agree(bucket, customer_ids):
                    for names in portions(customer_ids):
                        swept.add(await self._trails.aliases(names))

    async def _indexes(self, digests: Sequence[bytes], swept: Swept) -> None:
        for portion in portions(digests):
            found = await self._sources.inspection.indexes(portion)
            doubtful = [
                digest
                for digest, members in found.items()
                if not self._sums.index_agrees(
                    digest, (each for each in members if each != INDEX_INCOMPLETE)
                )
            ]
            swept.add(await self._trails.indexes(doubtful))

    async def _unmet(self, swept: Swept) -> None:
        """What was published and met in no group so far: lost, of nobody, or new."""
        sources = self._sources
        for portion in portions(list(sources.changelog.unseen())):
            swept.add((await self._examiner.groups(portion)).problems)
            if swept.is_full:
                return
        for portion in portions(list(sources.profiles.unseen())):
            swept.add(await self._profiles(portion))

    async def _profiles(self, keys: Sequence[bytes]) -> list[Problem]:
        nobodies, homes = await self._trails.profiles(keys)
        looked = await self._examiner.groups(list(homes))
        return [*nobodies, *looked.problems]


def portions(names: Iterable[T]) -> Iterable[list[T]]:
    """So many names at a time."""
    rest = iter(names)
    while portion := list(islice(rest, PORTION)):
        yield portion
