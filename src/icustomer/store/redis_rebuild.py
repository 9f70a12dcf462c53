"""What of the store in Redis serves a rebuild: most of it works under a pending fence only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from icustomer.store.connection import RedisConnection, call, run
from icustomer.store.entries import slot_text
from icustomer.store.fence import parse_fence
from icustomer.store.keys import SpaceKeys
from icustomer.store.limits import INDEX_LIMIT
from icustomer.store.packing import (
    packed_checkpoint,
    packed_detach,
    packed_restore,
    standing_of,
)
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
from icustomer.store.scripts import Script

RESTORE_SIZE = 500
"""Groups or entries a call of the restore script: some 10 ms of the server's time, as a batch."""
WIPE_KEYS = 5_000
"""Keys that one step of a wipe looks at and at most deletes: a few milliseconds."""
SCAN_KEYS = 2_000
"""Keys that one step through the groups looks at; some 2 MB of groups."""


class RedisRebuild:
    """The part of `RedisStore` that rebuilds."""

    _connection: RedisConnection
    _keys: SpaceKeys
    _lease_ms: int
    _seconds: float
    _scripts: dict[str, Script]

    async def read_fence(self) -> Fence | None:
        return parse_fence(await self._run("read_fence", []))

    async def begin_rebuild(self, nonce: str, former_nonces: Sequence[str] = ()) -> bool:
        return bool(await self._run("begin_rebuild", [nonce, self._lease_ms, *former_nonces]))

    async def abandon_rebuild(self, nonce: str) -> None:
        await self._run("abandon_rebuild", [nonce])

    async def wipe(self, nonce: str) -> None:
        await self._delete(nonce, lambda key: key not in self._keys.spared)

    async def strip(self, nonce: str) -> None:
        keys = self._keys
        spared = {*keys.spared, keys.epoch, keys.checkpoint}
        await self._delete(nonce, lambda key: not (key in spared or keys.is_group(key)))

    async def _delete(self, nonce: str, doomed: Callable[[bytes], bool]) -> None:
        cursor = b"0"
        while True:
            cursor, found = await self._find(nonce, cursor, self._keys.everything, WIPE_KEYS)
            keys = [*self._keys.fixed, *filter(doomed, found)]
            await self._run("wipe", [nonce, self._lease_ms], keys)
            if not int(cursor):
                return

    async def stage(self, nonce: str, values: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        keys = [*self._keys.fixed, *self._keys.groups(values)]
        former = await self._run("stage", [nonce, self._lease_ms, *values.values()], keys)
        return {each: stood for each, stood in zip(values, former, strict=True) if stood}

    async def note(self, nonce: str, customer_ids: Mapping[bytes, Sequence[str]]) -> None:
        noted: list[bytes | str] = []
        for group_id, ids in customer_ids.items():
            noted += (group_id, "".join(f"\n{each}" for each in ids))
        await self._run(
            "note", [nonce, self._lease_ms, *noted], [*self._keys.fixed, self._keys.notes]
        )

    async def staged(self, nonce: str, cursor: int) -> tuple[int, list[Staged]]:
        keys = self._keys
        after, found = await self._find(nonce, b"%d" % cursor, keys.every_group, SCAN_KEYS)
        group_ids = [keys.group_id(key) for key in found]
        if not group_ids:
            return int(after), []
        values = await self._call("MGET", *found)
        notes = await self._call("HMGET", keys.notes, *group_ids)
        return int(after), [
            Staged(group_id, value, _ids_of(noted))
            for group_id, value, noted in zip(group_ids, values, notes, strict=True)
            if value is not None
        ]

    async def detach(self, nonce: str, ways: Sequence[Directions]) -> None:
        for portion in _portions(ways):
            keys, values = packed_detach(portion, self._keys)
            await self._run("detach", [nonce, self._lease_ms, *values], keys)

    async def restore(
        self,
        nonce: str,
        groups: Mapping[bytes, bytes | None],
        ways: Sequence[Directions],
        entries: Entries = (),
    ) -> dict[bytes, set[bytes]]:
        links = [(each.group_id, digest) for each in ways for digest in each.links]
        keys, values = packed_restore(groups, ways, entries, self._keys)
        former = await self._run("restore", [nonce, self._lease_ms, INDEX_LIMIT, *values], keys)
        others: dict[bytes, set[bytes]] = {}
        for number, other in zip(former[::2], former[1::2], strict=True):
            others.setdefault(links[number - 1][0], set()).add(other)
        return others

    async def finish_rebuild(self, nonce: str, claim: Claim, checkpoint: Checkpoint) -> Fence:
        standing = await self.read_fence()
        if standing and standing.claim == claim:
            return standing  # it was finished, and the answer was lost
        keys = self._keys
        raw = await self._run(
            "finish_rebuild",
            [
                nonce,
                self._lease_ms,
                f"{claim.number}:{claim.nonce}",
                *packed_checkpoint(checkpoint),
            ],
            [*keys.fixed, keys.checkpoint, keys.notes],
        )
        return Fence(raw, claim)

    async def read(self, group_ids: Sequence[bytes]) -> dict[bytes, bytes]:
        if not group_ids:
            return {}
        blobs = await self._call("MGET", *self._keys.groups(group_ids))
        return {each: blob for each, blob in zip(group_ids, blobs, strict=True) if blob}

    async def awaited(self, group_ids: Collection[bytes]) -> dict[bytes, int]:
        if not group_ids:
            return {}
        keys = [*self._keys.fixed, *self._keys.groups(group_ids)]
        versions = await self._run("awaited", [], keys)
        return {
            each: int(version, 16)
            for each, version in zip(group_ids, versions, strict=True)
            if version
        }

    async def standing(self) -> Standing:
        return standing_of(
            await self._run("standing", [], [*self._keys.fixed, self._keys.checkpoint])
        )

    async def raise_checkpoint(self, session: Session, checkpoint: Checkpoint) -> bool:
        return bool(
            await self._run(
                "raise_checkpoint",
                [session.fence.raw, *packed_checkpoint(checkpoint)],
                [*self._keys.fixed, self._keys.checkpoint],
            )
        )

    async def _find(
        self, nonce: str, cursor: bytes, pattern: bytes, count: int
    ) -> tuple[bytes, list[bytes]]:
        """One step through the keys: the next cursor, and those of the pattern."""
        after, found = await self._run("find_keys", [nonce, self._lease_ms, cursor, pattern, count])
        return after, found

    async def _call(self, name: str, *parts: bytes | str | int) -> Any:
        return await call(self._connection, name, *parts, seconds=self._seconds)

    async def _run(
        self, name: str, arguments: Sequence[bytes | str | int], keys: Sequence[bytes] = ()
    ) -> Any:
        return await run(
            self._connection,
            self._scripts[name],
            keys or self._keys.fixed,
            arguments,
            self._seconds,
        )


def who(session: Session) -> tuple[bytes, str, str]:
    """Under what a script writes: fence, nonce and slot."""
    return session.fence.raw, session.nonce, slot_text(session.slot)


def _ids_of(noted: bytes | None) -> tuple[str, ...] | None:
    return None if noted is None else tuple(noted.decode().split("\n")[1:])


def _portions(ways: Sequence[Directions]) -> Iterator[Sequence[Directions]]:
    for first in range(0, len(ways), RESTORE_SIZE):
        yield ways[first : first + RESTORE_SIZE]
