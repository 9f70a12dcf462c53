"""The store in memory: the twin of `RedisStore`, which the same tests hold to the same words.

No method awaits anything, so each is as atomic as a script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from icustomer.errors import UnavailableError
from icustomer.store.entries import make_entry, write_content
from icustomer.store.limits import (
    GROUP_ID_BYTES,
    LEASE_SECONDS,
    SLOTS,
)
from icustomer.store.memory_rebuild import MemoryRebuild
from icustomer.store.memory_scripts import (
    add_to_index,
    closure,
    is_known,
    names_of,
    owned,
    put,
    standing,
    still_as_read,
    take,
    take_marks_away,
    under,
)
from icustomer.store.memory_state import Lease, MemoryRedis, Space
from icustomer.store.port import (
    Backlog,
    Closure,
    Entry,
    Loaded,
    Published,
    Session,
    Write,
)

MICROSECONDS = 1_000_000


class MemoryStore(MemoryRebuild):
    """`Store` over a `MemoryRedis`; one for each worker."""

    def __init__(
        self, redis: MemoryRedis, space: str, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._redis = redis
        self._name = space
        self._lease_seconds = lease_seconds

    async def close(self) -> None:
        """There is nothing to close."""

    # Slots

    async def lease_slot(self, nonce: str, avoid: Sequence[int] = ()) -> int:
        slots = self._space.slots
        held = [slot for slot, lease in slots.items() if lease.nonce == nonce]
        free = [slot for slot in range(SLOTS) if slot in held or not self._is_live(slots.get(slot))]
        if not free:
            raise UnavailableError(f"all {SLOTS} slots of the space are taken")
        # The one held, then the lowest; what is to be avoided only for want of others.
        chosen = min(
            free, key=lambda slot: (slot in avoid, not self._holds(slots, slot, nonce), slot)
        )
        for slot in held:
            del slots[slot]
        slots[chosen] = self._lease(nonce)
        return chosen

    def _holds(self, slots: Mapping[int, Lease], slot: int, nonce: str) -> bool:
        lease = slots.get(slot)
        return lease is not None and lease.nonce == nonce and self._is_live(lease)

    def _is_live(self, lease: Lease | None) -> bool:
        return lease is not None and lease.until > self._redis.clock()

    def _lease(self, nonce: str) -> Lease:
        return Lease(nonce, self._redis.clock() + self._lease_seconds)

    async def renew(self, slot: int, nonce: str) -> bool:
        lease = self._space.slots.get(slot)
        if lease and lease.nonce != nonce:
            return False
        self._space.slots[slot] = self._lease(nonce)
        return True

    async def release(self, slot: int, nonce: str) -> None:
        lease = self._space.slots.get(slot)
        if lease and lease.nonce == nonce:
            del self._space.slots[slot]

    async def lapsed(self) -> dict[int, str]:
        slots = self._space.slots
        return {slot: lease.nonce for slot, lease in slots.items() if not self._is_live(lease)}

    # Reading

    async def load(self, links: Sequence[bytes], aliases: Sequence[str]) -> Loaded:
        space = self._space
        found_links = {digest: space.links.get(digest) for digest in links}
        found_aliases = {customer_id: space.aliases.get(customer_id) for customer_id in aliases}
        named = {*found_links.values(), *found_aliases.values()}
        return Loaded(
            fence=space.fence,
            links=found_links,
            aliases=found_aliases,
            groups={
                name: space.groups.get(name)
                for name in named
                if name and len(name) == GROUP_ID_BYTES
            },
        )

    async def outbox(self) -> list[Entry]:
        return list(self._space.outbox.values())

    async def backlog(self) -> Backlog:
        space, now = self._space, self._redis.clock()
        oldest = min(space.waiting_since.values(), default=now)
        return Backlog(len(space.outbox), now - oldest)

    async def index(self, digest: bytes) -> set[bytes]:
        return set(self._space.indexes.get(digest, ()))

    # Guests

    async def raise_clock(self, session: Session, at: int) -> int:
        space = self._space_under(session)
        now = int((self._redis.dawn + self._redis.clock()) * MICROSECONDS)
        space.clock = max(space.clock, min(at, now))
        return space.clock

    async def clock(self) -> int:
        return self._space.clock

    async def waiting(self, until: int, limit: int) -> list[bytes]:
        found = sorted((since, each) for each, since in self._space.guests.items())
        return [group_id for since, group_id in found if since <= until][:limit]

    # A batch

    async def commit(self, session: Session, writes: Sequence[Write]) -> list[bool]:
        space = self._space_under(session)
        return [self._commit_one(space, session, write) for write in writes]

    def _commit_one(self, space: Space, session: Session, write: Write) -> bool:
        if not still_as_read(space, write):
            return False
        put(space.groups, {**write.groups, **dict.fromkeys(write.deleted)})
        put(space.links, write.links)
        put(space.aliases, write.aliases)
        for digest, group_id in write.index_added:
            add_to_index(space, digest, group_id)
        for digest, group_id in write.index_removed:
            space.indexes.get(digest, set()).discard(group_id)
        take_marks_away(space, write.unmarked)
        put(space.guests, write.waiting)
        content = write_content(write)
        if content:
            entry = make_entry(content, session.nonce, session.slot)
            space.enter(entry, since=self._redis.clock())
        return True

    async def prepare(self, session: Session, known: Mapping[bytes, int]) -> Closure:
        space = self._space_under(session)
        found = closure(space, session.nonce)
        own = [under(entry, session) for entry in found]
        for entry, source in zip(own, found, strict=True):
            if entry.entry_id not in space.outbox:
                space.enter(entry, since=space.waiting_since[source.entry_id])
        names = {name for entry in own for name in names_of(entry)}
        return Closure(
            entries=own,
            groups={
                name: space.groups.get(name)
                for name in names
                if isinstance(name, bytes) and not is_known(space, name, known)
            },
            aliases={name: space.aliases.get(name) for name in names if isinstance(name, str)},
        )

    async def settle(self, session: Session, published: Published) -> int:
        space = self._space_under(session)
        stands = standing(space, published)
        own = owned(space, session.nonce)
        settled = [entry for entry in own if stands.issuperset(names_of(entry))]
        for entry in settled:
            space.drop(entry)
        return len(own) - len(settled)

    # The outbox of others

    async def enter(self, session: Session, former_nonces: Sequence[str]) -> int:
        space = self._space_under(session)
        entries = [entry for nonce in former_nonces for entry in owned(space, nonce)]
        return take(space, session, entries)

    async def adopt(self, session: Session, entry_ids: Sequence[bytes]) -> int:
        space = self._space_under(session)
        outbox = space.outbox
        entries = [outbox[each] for each in dict.fromkeys(entry_ids) if each in outbox]
        return take(space, session, entries)

    async def abandoned(self, session: Session, limit: int) -> list[Entry]:
        space = self._space_under(session)
        live = {lease.nonce for lease in space.slots.values() if self._is_live(lease)}
        live.add(session.nonce)
        found = (entry for entry in space.outbox.values() if entry.nonce not in live)
        return list(islice(found, limit))
