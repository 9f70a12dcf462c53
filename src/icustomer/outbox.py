"""The way out: what is committed and not yet settled is published, whoever committed it.

Everything that shares a group or a customer with one's own entries goes into the same
transaction, so that the log never holds half a merge.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec import Struct, field

from icustomer.core.model import Group
from icustomer.core.sets import DisjointSets
from icustomer.errors import HistoryCutError, UnavailableError
from icustomer.observer import Observer
from icustomer.prepare import Prepared, Rendered
from icustomer.store.codec import group_of, version_of
from icustomer.store.limits import NO_SLOT
from icustomer.store.port import Closure, Published, Session, Store, entry_only
from icustomer.stream.port import InputPartition, Log, OutputRecord
from icustomer.stream.records import RecordMaker, Stories

ROUNDS = 20
"""Publications in a row of what moved on meanwhile before that is called a disturbance."""

SWEPT_AT_ONCE = 500
"""Entries of others that one transaction takes along: as a batch. A rebuild may leave one for
every customer."""

OVERDUE_SECONDS = 3.0
"""A transaction takes some 10 ms; the client waits ten times as long as this for a broker that
is away, and nobody should have to wonder meanwhile."""

NOTHING: Mapping[InputPartition, int] = {}
NOTHING_PUBLISHED: Mapping[bytes, int] = {}


class Known(Struct):
    """Groups that are in hand and need not be read back."""

    blobs: dict[bytes, bytes] = field(default_factory=dict)
    """Encoded groups by ID, the newest that this worker knows of."""
    rendered: dict[bytes, Rendered] = field(default_factory=dict)
    """Records of those of them that this worker wrote itself."""

    def wrote(self, prepared: Prepared) -> None:
        """A change that was committed."""
        self.blobs.update(prepared.blobs)
        for each in prepared.rendered:
            self.rendered[each.group_id] = each
        for group_id in prepared.deleted:
            self.drop(group_id)

    def read(self, group_id: bytes, blob: bytes | None) -> None:
        """A group as it stands in the store; None: it is gone."""
        self.drop(group_id)
        if blob is not None:
            self.blobs[group_id] = blob

    def drop(self, group_id: bytes) -> None:
        """The group is gone, or another than was known."""
        self.blobs.pop(group_id, None)
        self.rendered.pop(group_id, None)

    def version(self, group_id: bytes) -> int:
        """The version in hand; 0: there is no such group."""
        blob = self.blobs.get(group_id)
        return version_of(blob) if blob else 0

    def versions(self) -> dict[bytes, int]:
        """Version of each, as `prepare` wants it."""
        return {group_id: version_of(blob) for group_id, blob in self.blobs.items()}


class Sent(Struct):
    """What one transaction took out."""

    published: Published
    """For `settle`."""
    offsets_nanoseconds: int = 0
    """How long the input offsets took: part of the whole."""


def now() -> int:
    """The worker's time in microseconds."""
    return time.time_ns() // 1_000


class Outbox:
    """Publishes and settles one's own entries, and takes over those of the dead."""

    def __init__(
        self,
        store: Store,
        log: Log,
        maker: RecordMaker,
        observer: Observer,
        clock: Callable[[], int] = now,
    ) -> None:
        """`clock`: for the tombstone of an ID of which nobody remembers when it went."""
        self._store = store
        self._log = log
        self._maker = maker
        self._observer = observer
        self._clock = clock

    async def begin(self, offsets: Mapping[InputPartition, int]) -> None:
        """Send the input offsets of the next publication ahead."""
        if offsets:
            await self._log.begin(offsets)

    async def publish(
        self,
        session: Session,
        known: Known,
        stories: Stories,
        extra: Sequence[OutputRecord] = (),
        offsets: Mapping[InputPartition, int] = NOTHING,
        former: Mapping[bytes, int] = NOTHING_PUBLISHED,
    ) -> Sent | None:
        """One transaction: all that one's own entries name, `extra` records, and the offsets.

        `former`: versions of groups that were published just before. What was published, for
        `settle`; None if there was nothing to publish at all.
        """
        closure = await self._closure(session, known)
        records = self._records(closure, known, stories, former)
        if not records and not extra and not offsets:
            return None
        records += extra
        with self._told_if_overdue():
            offsets_took = await self._log.publish(records, offsets)
        self._observer.published(Counter(record.topic for record in records))
        versions = {each: known.version(each) for each in _groups(closure)}
        return Sent(Published(versions, dict(closure.aliases)), offsets_took)

    async def settle(self, session: Session, published: Published, stories: Stories) -> None:
        """Remove the entries that stand as published; publish again what moved on."""
        former: dict[bytes, int] = {}
        for _ in range(ROUNDS):
            if not await self._store.settle(session, published):
                return
            former |= published.groups
            again = await self.publish(session, Known(), stories, former=former)
            if again is None:
                return
            published = again.published
        raise UnavailableError("others keep changing what this worker publishes")

    async def flush(self, session: Session) -> None:
        """Publish and settle one's own entries when no batch does it."""
        sent = await self.publish(session, Known(), Stories())
        if sent:
            await self.settle(session, sent.published, Stories())

    async def sweep(self, session: Session) -> bool:
        """Take over a portion of the entries of workers that are gone; whether there may be
        more.

        The slot of each is initialised first: from then on nothing of its holder can be
        appended, so what is published next stays the last. Likewise of those who left none:
        they may have left a transaction open, which holds subscribers up.
        """
        abandoned = await self._store.abandoned(session, SWEPT_AT_ONCE)
        lapsed = await self._store.lapsed()
        left = {entry.slot for entry in abandoned if entry.slot != NO_SLOT} | lapsed.keys()
        for slot in sorted(left - {session.slot}):
            await self._log.fence_slot(slot)
        for slot, nonce in lapsed.items():
            await self._store.release(slot, nonce)
        if abandoned:
            await self._store.adopt(session, [entry.entry_id for entry in abandoned])
        return len(abandoned) == SWEPT_AT_ONCE

    @contextmanager
    def _told_if_overdue(self) -> Iterator[None]:
        overdue = asyncio.get_running_loop().call_later(
            OVERDUE_SECONDS,
            self._observer.disturbed,
            UnavailableError(f"Kafka did not complete a transaction within {OVERDUE_SECONDS} s"),
            0,
        )
        try:
            yield
        finally:
            overdue.cancel()

    # -- reading -------------------------------------------------------------------------

    async def _closure(self, session: Session, known: Known) -> Closure:
        """One's own entries with all that they touch, and every group that is wanted in hand.

        A customer may be at home in a group that no entry names, if others moved it and
        settled since: then that group gets an entry too, so that settling compares it.
        """
        for _ in range(ROUNDS):
            closure = await self._store.prepare(session, known.versions())
            for group_id, blob in closure.groups.items():
                known.read(group_id, blob)
            named = _groups(closure)
            strays = {
                customer_id: home
                for customer_id, home in closure.aliases.items()
                if home is not None and home not in named
            }
            if not strays:
                return closure
            await self._enter(session, strays)
        raise UnavailableError("others keep moving what this worker publishes")

    async def _enter(self, session: Session, strays: Mapping[str, bytes]) -> None:
        loaded = await self._store.load([], list(strays))
        if loaded.fence != session.fence.raw:
            raise HistoryCutError("the fence moved")
        writes = [
            entry_only({home: (version := version_of(blob))}, [home], [customer_id], version)
            for customer_id, home in loaded.aliases.items()
            if home is not None and (blob := loaded.groups.get(home)) is not None
        ]
        await self._store.commit(session, writes)

    # -- writing -------------------------------------------------------------------------

    def _records(
        self, closure: Closure, known: Known, stories: Stories, former: Mapping[bytes, int]
    ) -> list[OutputRecord]:
        records: list[OutputRecord] = []
        at_home: dict[bytes, list[str]] = {}
        for customer_id, home in closure.aliases.items():
            if home is not None:
                at_home.setdefault(home, []).append(customer_id)
        since = _since(closure)
        for group_id, version in _groups(closure).items():
            blob = known.blobs.get(group_id)
            if blob is None:
                # Not above the version of the change that deleted it: a group that comes to
                # life again is one above that, and a rebuild takes the highest.
                after = max(version, former.get(group_id, 0) + 1)
                records.append(self._maker.changelog(group_id, None, after))
                continue
            wanted = at_home.get(group_id, ())
            rendered = known.rendered.get(group_id)
            if rendered and since[group_id] == rendered.version:
                made = [rendered.profiles[each] for each in wanted if each in rendered.profiles]
                if len(made) == len(wanted):
                    records += (rendered.changelog, *made, *rendered.changes)
                    continue
            group = group_of(group_id, blob)
            records.append(self._maker.changelog(group_id, blob, group.version))
            records += self._maker.profiles(group, wanted, stories).values()
            records += self._maker.identity_changes(group, since[group_id])
        return records + self._erased(closure, known)

    def _erased(self, closure: Closure, known: Known) -> list[OutputRecord]:
        """Tombstones of the IDs that lead nowhere any more."""
        versions: dict[str, int] = {}
        for entry in closure.entries:
            for customer_id in entry.customer_ids:
                if closure.aliases.get(customer_id) is None:
                    newest = max(entry.groups.values(), default=0)
                    versions[customer_id] = max(newest, versions.get(customer_id, 0))
        if not versions:
            return []
        moments = _moments(group_of(*each) for each in known.blobs.items())
        return [
            self._maker.erased(each, version, moments.get(each) or self._clock())
            for each, version in versions.items()
        ]


def _moments(groups: Iterable[Group]) -> dict[str, int]:
    """When IDs were erased, as the groups remember it; microseconds."""
    told = [each for group in groups for each in group.decisions if each.type == "erased"]
    return {each.customer_id: each.at for each in sorted(told, key=lambda each: each.version)}


def _groups(closure: Closure) -> dict[bytes, int]:
    """Every group that an entry names, with the highest version named."""
    versions: dict[bytes, int] = {}
    for entry in closure.entries:
        for group_id, version in entry.groups.items():
            versions[group_id] = max(version, versions.get(group_id, 0))
    return versions


def _since(closure: Closure) -> dict[bytes, int]:
    """For each group the lowest version among the entries that hang together with it: its
    decisions from there on may not be published yet, wherever they were moved."""
    if all(len(entry.groups) == 1 for entry in closure.entries):
        lowest: dict[bytes, int] = {}
        for entry in closure.entries:
            for group_id, version in entry.groups.items():
                lowest[group_id] = min(version, lowest.get(group_id, version))
        return lowest
    joined: DisjointSets[bytes] = DisjointSets()
    for entry in closure.entries:
        first, *others = entry.groups
        joined.find(first)
        for other in others:
            joined.union(first, other)
    since: dict[bytes, int] = {}
    for entry in closure.entries:
        for group_id, version in entry.groups.items():
            root = joined.find(group_id)
            since[root] = min(version, since.get(root, version))
    return {each: since[joined.find(each)] for entry in closure.entries for each in entry.groups}
