"""Mends what a verification found, as a worker would: under a session of its own, every write by
the store's scripts, every record by way of the outbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import TypeVar

from msgspec import Struct

from icustomer.errors import OperatorError, RetryError
from icustomer.outbox import Outbox
from icustomer.rebuild import Rebuild, Rebuilt
from icustomer.session import Sessions
from icustomer.store.codec import version_of
from icustomer.store.limits import GROUP_ID_BYTES
from icustomer.store.outline import outline_of
from icustomer.store.port import Session, Store, Write, entry_only
from icustomer.stream.port import Log
from icustomer.verification.newest import Newest
from icustomer.verification.plan import Plan

PUBLISHED_AT_ONCE = 500
"""Groups that one transaction takes along: as a batch."""
PAUSE_SECONDS = 0.5
"""Between two tries: a rebuild of others takes seconds."""

T = TypeVar("T")


class Repaired(Struct):
    """What was done."""

    published: int = 0
    """Groups entered into the outbox, and published with their customers."""
    settled: int = 0
    """Entries of others taken over."""
    erased: int = 0
    """Tombstones for customers of whom nobody knows."""
    rebuilds: int = 0

    def __add__(self, other: Repaired) -> Repaired:
        return Repaired(
            self.published + other.published,
            self.settled + other.settled,
            self.erased + other.erased,
            self.rebuilds + other.rebuilds,
        )


class Means(Struct, frozen=True):
    """A worker's, without its input."""

    store: Store
    log: Log
    sessions: Sessions
    outbox: Outbox
    rebuild: Rebuild
    nonces: Callable[[], str]


class Repair:
    """Carries plans out."""

    def __init__(self, means: Means, patience: float) -> None:
        """`patience`: seconds in which what comes to nothing is tried again."""
        self._means = means
        self._store = means.store
        self._sessions = means.sessions
        self._outbox = means.outbox
        self._patience = patience

    async def carry_out(self, plan: Plan, profiles: Newest) -> Repaired:
        """Do what a plan says; `profiles`: what was published of whom."""
        done = Repaired()
        await self._persist(self._sessions.ready)
        try:
            await self._through_the_outbox(plan, profiles, done)
        except (OperatorError, ValueError):
            # What is damaged cannot be published: the rebuild puts it aside.
            if not plan.rebuild:
                raise
        if plan.rebuild:
            await self.rebuild()
            done.rebuilds = 1
            # A rebuild leaves entries of nobody for all that it is not sure of.
            done.settled += await self._settle()
        return done

    async def _through_the_outbox(self, plan: Plan, profiles: Newest, done: Repaired) -> None:
        if plan.take_over:
            done.settled += await self._persist(lambda: self._take_over(plan.take_over))
        if plan.settle:
            done.settled += await self._settle()
        for portion in _portions(plan.publish):
            done.published += await self._persist(partial(self._publish, portion))
        for names in _portions(plan.erase):
            done.erased += await self._persist(partial(self._erase, names, profiles))

    async def rebuild(self) -> Rebuilt:
        """The working state anew from the whole changelog; waits while another is at it."""
        rebuilt = await self._persist(lambda: self._means.rebuild.run(self._means.nonces()))
        # All entries of the session went with the former state.
        await self._sessions.close()
        return rebuilt

    async def close(self) -> None:
        """Give the slot back."""
        await self._sessions.close()

    async def _persist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Try a step again, with another session, until the patience is over."""
        end = time.monotonic() + self._patience
        while True:
            try:
                return await step()
            except RetryError as error:
                self._sessions.drop(error)
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def _session(self) -> Session:
        await self._sessions.renew()
        return await self._sessions.ready()

    async def _settle(self) -> int:
        """Take over the entries of workers that are gone; how many fewer there are."""
        before = await self._store.backlog()
        while await self._persist(self._sweep):
            pass
        after = await self._store.backlog()
        return max(before.entries - after.entries, 0)

    async def _sweep(self) -> bool:
        """A portion; whether there may be more."""
        session = await self._session()
        more = await self._outbox.sweep(session)
        await self._outbox.flush(session)
        return more

    async def _take_over(self, entry_ids: Sequence[bytes]) -> int:
        """As a sweep does it: whoever held them can append nothing any more."""
        session = await self._session()
        wanted = set(entry_ids)
        entries = [each for each in await self._store.outbox() if each.entry_id in wanted]
        for slot in sorted({each.slot for each in entries if each.slot >= 0} - {session.slot}):
            await self._means.log.fence_slot(slot)
        adopted = await self._store.adopt(session, [each.entry_id for each in entries])
        await self._outbox.flush(session)
        return adopted

    async def _publish(self, group_ids: Sequence[bytes]) -> int:
        session = await self._session()
        blobs = await self._store.read(group_ids)
        entered = await self._store.commit(session, _entries_of(blobs))
        await self._outbox.flush(session)
        return sum(entered)

    async def _erase(self, customer_ids: Sequence[str], profiles: Newest) -> int:
        """Whoever came to be meanwhile is published instead."""
        session = await self._session()
        writes = []
        for customer_id in customer_ids:
            told = profiles.of(customer_id.encode())
            version = told.highest + 1 if told else 1
            writes.append(entry_only({}, [_nobodys_group(customer_id)], [customer_id], version))
        entered = await self._store.commit(session, writes)
        await self._outbox.flush(session)
        return sum(entered)


def _entries_of(blobs: Mapping[bytes, bytes]) -> list[Write]:
    """For each group an entry that names it with all its customers."""
    writes = []
    for group_id, blob in blobs.items():
        outline = outline_of(blob)
        customer_ids = [one.id for one in outline.customers]
        customer_ids += [one.id for one in (*outline.retired, *outline.erased)]
        version = version_of(blob)
        writes.append(entry_only({group_id: version}, [group_id], customer_ids, version))
    return writes


def _nobodys_group(customer_id: str) -> bytes:
    """A group that never stands: an entry tells versions by groups only, and a tombstone needs
    one that is above the profile's."""
    return blake2b(customer_id.encode(), digest_size=GROUP_ID_BYTES).digest()


def _portions(names: Sequence[T]) -> Iterable[Sequence[T]]:
    return (
        names[first : first + PUBLISHED_AT_ONCE]
        for first in range(0, len(names), PUBLISHED_AT_ONCE)
    )
