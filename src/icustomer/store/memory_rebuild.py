"""What of the store in memory serves a rebuild: the twin of `RedisRebuild`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from icustomer.core.change import SUPPRESSED
from icustomer.errors import HistoryCutError
from icustomer.store.codec import version_of
from icustomer.store.entries import entry_content, make_entry
from icustomer.store.fence import ok_fence, parse_fence, pending_fence
from icustomer.store.limits import GROUP_ID_BYTES, NO_SLOT, REBUILD_NONCE
from icustomer.store.memory_scripts import add_to_index, put
from icustomer.store.memory_state import MemoryRedis, Space
from icustomer.store.port import (
    Checkpoint,
    Claim,
    Directions,
    Entries,
    Fence,
    Session,
    Staged,
    Standing,
)

PORTION = 20
"""Groups that one step through them tells: few, so that others come in between."""


class MemoryRebuild:
    """The part of `MemoryStore` that rebuilds."""

    _redis: MemoryRedis
    _name: str
    _lease_seconds: float

    @property
    def _space(self) -> Space:
        return self._redis.space(self._name)

    async def read_fence(self) -> Fence | None:
        raw = self._space.fence
        return parse_fence(raw) if raw and self._names_this_server(raw) else None

    def _names_this_server(self, fence: bytes) -> bool:
        return fence.startswith(f"ok:{self._redis.identity}:".encode())

    def _space_under(self, session: Session) -> Space:
        """The space, if the session's fence stands and names this server."""
        space = self._space
        raw = session.fence.raw
        if space.fence != raw or not self._names_this_server(raw):
            raise HistoryCutError("the fence does not stand on the Redis that answered")
        return space

    async def begin_rebuild(self, nonce: str, former_nonces: Sequence[str] = ()) -> bool:
        space = self._space
        own = {self._pending(each) for each in (nonce, *former_nonces)}
        standing = space.fence or b""
        if standing not in own and standing.startswith(self._pending("")):
            return False
        space.fence, space.fence_until = self._pending(nonce), self._lease_ends()
        return True

    async def abandon_rebuild(self, nonce: str) -> None:
        space = self._space
        if space.fence == self._pending(nonce):
            space.fence = space.fence_until = None

    def _pending(self, nonce: str) -> bytes:
        return pending_fence(self._redis.identity, nonce)

    def _lease_ends(self) -> float:
        return self._redis.clock() + self._lease_seconds

    def _space_in_rebuild(self, nonce: str) -> Space:
        """The space, if the rebuild is one's own; its lease starts anew."""
        space = self._space
        if space.fence != self._pending(nonce):
            raise HistoryCutError("the fence does not stand on the Redis that answered")
        space.fence_until = self._lease_ends()
        return space

    async def wipe(self, nonce: str) -> None:
        await self.strip(nonce)
        space = self._space_in_rebuild(nonce)
        space.epoch = space.checkpoint = None
        space.groups.clear()

    async def strip(self, nonce: str) -> None:
        space = self._space_in_rebuild(nonce)
        for keys in (space.links, space.aliases, space.indexes, space.notes):
            keys.clear()
        space.outbox.clear()
        space.waiting_since.clear()
        space.guests.clear()

    async def stage(self, nonce: str, values: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        space = self._space_in_rebuild(nonce)
        former = {each: space.groups[each] for each in values if each in space.groups}
        for group_id, value in values.items():
            if group_id not in former or version_of(value) >= version_of(former[group_id]):
                space.groups[group_id] = value
        return former

    async def note(self, nonce: str, customer_ids: Mapping[bytes, Sequence[str]]) -> None:
        space = self._space_in_rebuild(nonce)
        for group_id, ids in customer_ids.items():
            noted = space.notes.get(group_id, ())
            space.notes[group_id] = tuple(dict.fromkeys((*noted, *ids)))

    async def staged(self, nonce: str, cursor: int) -> tuple[int, list[Staged]]:
        space = self._space_in_rebuild(nonce)
        # Sorted, so that what is deleted on the way does not hide what comes later.
        group_ids = sorted(space.groups)
        later = [each for each in group_ids if int.from_bytes(each, "big") >= cursor]
        after = int.from_bytes(later[PORTION], "big") if len(later) > PORTION else 0
        return after, [
            Staged(each, space.groups[each], space.notes.get(each)) for each in later[:PORTION]
        ]

    async def detach(self, nonce: str, ways: Sequence[Directions]) -> None:
        space = self._space_in_rebuild(nonce)
        for each in ways:
            for digest, to in each.links.items():
                if space.links.get(digest) == to:
                    del space.links[digest]
            for customer_id in each.aliases:
                if space.aliases.get(customer_id) == each.group_id:
                    del space.aliases[customer_id]
            for digest in each.index:
                space.indexes.get(digest, set()).discard(each.group_id)

    async def restore(
        self,
        nonce: str,
        groups: Mapping[bytes, bytes | None],
        ways: Sequence[Directions],
        entries: Entries = (),
    ) -> dict[bytes, set[bytes]]:
        space = self._space_in_rebuild(nonce)
        put(space.groups, groups)
        put(space.guests, {each: None for each, blob in groups.items() if blob is None})
        put(space.guests, {each.group_id: each.waiting for each in ways})
        others: dict[bytes, set[bytes]] = {}
        for each in ways:
            former = {space.links.get(digest) for digest in _to_groups(each)}
            led_to = {one for one in former if one and len(one) == GROUP_ID_BYTES}
            if led_to - {each.group_id}:
                others[each.group_id] = led_to - {each.group_id}
            for digest, to in each.links.items():
                if space.links.get(digest) != SUPPRESSED:
                    space.links[digest] = to
            space.aliases.update(dict.fromkeys(each.aliases, each.group_id))
            for digest in each.index:
                add_to_index(space, digest, each.group_id)
        for versions, customer_ids in entries:
            content = entry_content(versions, customer_ids)
            space.enter(make_entry(content, REBUILD_NONCE, NO_SLOT), since=self._redis.clock())
        return others

    async def finish_rebuild(self, nonce: str, claim: Claim, checkpoint: Checkpoint) -> Fence:
        fence = ok_fence(self._redis.identity, claim)
        if self._space.fence == fence.raw:
            return fence
        space = self._space_in_rebuild(nonce)
        space.notes.clear()
        space.checkpoint, space.checkpoint_at = checkpoint, self._redis.clock()
        space.epoch, space.fence, space.fence_until = claim, fence.raw, None
        return fence

    async def read(self, group_ids: Sequence[bytes]) -> dict[bytes, bytes]:
        groups = self._space.groups
        return {each: groups[each] for each in group_ids if each in groups}

    async def awaited(self, group_ids: Collection[bytes]) -> dict[bytes, int]:
        versions: dict[bytes, int] = {}
        for entry in self._space.outbox.values():
            for group_id in entry.groups.keys() & group_ids:
                versions[group_id] = max(entry.groups[group_id], versions.get(group_id, 0))
        return versions

    async def standing(self) -> Standing:
        space = self._space
        if space.checkpoint is None:
            return Standing(space.epoch, None)
        return Standing(space.epoch, space.checkpoint, self._redis.clock() - space.checkpoint_at)

    async def raise_checkpoint(self, session: Session, checkpoint: Checkpoint) -> bool:
        space = self._space_under(session)
        if space.checkpoint and space.checkpoint.topic != checkpoint.topic:
            return False
        space.checkpoint, space.checkpoint_at = checkpoint, self._redis.clock()
        return True


def _to_groups(ways: Directions) -> list[bytes]:
    """Digests of the links that lead to the group, not to the mark "shared"."""
    return [digest for digest, to in ways.links.items() if len(to) == GROUP_ID_BYTES]
