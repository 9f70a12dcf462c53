"""The store in Redis: every change of state is one script, told all keys that it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from icustomer.errors import UnavailableError
from icustomer.store.connection import (
    CALL_SECONDS,
    ClusterServer,
    RedisConnection,
    SingleServer,
)
from icustomer.store.entries import parse_entry
from icustomer.store.keys import SpaceKeys
from icustomer.store.limits import GROUP_ID_BYTES, INDEX_LIMIT, LEASE_SECONDS, SLOTS
from icustomer.store.packing import (
    Names,
    alternating,
    closure_of,
    packed_names,
    packed_writes,
    pairs,
)
from icustomer.store.port import (
    Backlog,
    Closure,
    Entry,
    Loaded,
    Published,
    Session,
    Write,
)
from icustomer.store.redis_rebuild import RedisRebuild, who
from icustomer.store.scripts import load_scripts

PREPARE_TRIES = 20
"""Each further try needs another worker to have entered something new in between."""


class RedisStore(RedisRebuild):
    """`Store` over one Redis, or the one server of a cluster that holds the space."""

    def __init__(
        self,
        url: str,
        space: str,
        *,
        cluster: bool = False,
        lease_seconds: float = LEASE_SECONDS,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        """`url`: redis://, rediss:// or unix://. Opens nothing yet; `SettingsError` if it is
        no URL."""
        self._keys = SpaceKeys(space)
        self._connection: RedisConnection = (
            ClusterServer(url, self._keys.fence.decode()) if cluster else SingleServer(url)
        )
        self._lease_ms = int(lease_seconds * 1_000)
        self._seconds = call_seconds
        self._scripts = load_scripts()
        self._entered = Names()
        """Names that this client entered since its last settle: a guess at what the closure
        will name, so that `prepare` seldom asks twice. The script decides."""

    async def close(self) -> None:
        await self._connection.close()

    # Slots

    async def lease_slot(self, nonce: str, avoid: Sequence[int] = ()) -> int:
        slot: int = await self._run("lease_slot", [nonce, self._lease_ms, SLOTS, *avoid])
        if slot < 0:
            raise UnavailableError(f"all {SLOTS} slots of the space are taken")
        return slot

    async def renew(self, slot: int, nonce: str) -> bool:
        return bool(await self._run("renew", [slot, nonce, self._lease_ms]))

    async def release(self, slot: int, nonce: str) -> None:
        await self._run("release", [slot, nonce])

    async def lapsed(self) -> dict[int, str]:
        return {int(slot): nonce.decode() for slot, nonce in pairs(await self._run("lapsed", []))}

    # Reading

    async def load(self, links: Sequence[bytes], aliases: Sequence[str]) -> Loaded:
        keys = self._keys
        buckets, fields = keys.aliases(aliases)
        fence, *values = await self._run(
            "load",
            [len(links), b"".join(links), fields],
            [*keys.fixed, *keys.links(links), *buckets],
        )
        named = {value for value in values if value and len(value) == GROUP_ID_BYTES}
        blobs = await self._call("MGET", *keys.groups(named)) if named else []
        return Loaded(
            fence=fence,
            links=dict(zip(links, values[: len(links)], strict=True)),
            aliases=dict(zip(aliases, values[len(links) :], strict=True)),
            groups=dict(zip(named, blobs, strict=True)),
        )

    async def outbox(self) -> list[Entry]:
        flat = await self._call("HGETALL", self._keys.outbox)
        return [parse_entry(entry_id, value) for entry_id, value in flat.items()]

    async def backlog(self) -> Backlog:
        entries, age_ms = await self._run("backlog", [])
        return Backlog(entries, age_ms / 1_000)

    async def index(self, digest: bytes) -> set[bytes]:
        return set(await self._call("SMEMBERS", self._keys.index(digest)))

    # Guests

    async def raise_clock(self, session: Session, at: int) -> int:
        return int(await self._run("raise_clock", [session.fence.raw, at]))

    async def clock(self) -> int:
        return int(await self._call("GET", self._keys.clock) or 0)

    async def waiting(self, until: int, limit: int) -> list[bytes]:
        found: list[bytes] = await self._call(
            "ZRANGEBYSCORE", self._keys.waiting, "-inf", until, "LIMIT", 0, limit
        )
        return found

    # A batch

    async def commit(self, session: Session, writes: Sequence[Write]) -> list[bool]:
        keys, plan = packed_writes(writes, self._keys)
        answers: bytes = await self._run("commit", [*who(session), INDEX_LIMIT, *plan], keys)
        committed = [answer == ord("1") for answer in answers]
        for write, done in zip(writes, committed, strict=True):
            if done:
                self._entered.add(write.entry_groups, write.entry_ids)
        return committed

    async def prepare(self, session: Session, known: Mapping[bytes, int]) -> Closure:
        names = self._entered.copy()
        names.groups.update(known)
        for _ in range(PREPARE_TRIES):
            done, first, *second = await self._prepare(session, known, names)
            if done:
                return closure_of(first, *second)
            names.add_told(first)
        raise UnavailableError("the outbox changed faster than it could be read")

    async def _prepare(
        self, session: Session, known: Mapping[bytes, int], names: Names
    ) -> tuple[int, list[bytes], list[Any]] | tuple[int, list[bytes]]:
        """One try: (1, entries, values), or (0, names that must be declared)."""
        versions = {group_id: known.get(group_id, 0) for group_id in names.groups}
        keys, arguments = packed_names(versions, names.customer_ids, self._keys)
        answer: tuple[int, list[bytes]] = await self._run(
            "prepare", [*who(session), *arguments, *names.customer_ids], keys
        )
        return answer

    async def settle(self, session: Session, published: Published) -> int:
        keys, arguments = packed_names(published.groups, published.aliases, self._keys)
        remaining: int = await self._run(
            "settle",
            [session.fence.raw, session.nonce, *arguments, *alternating(published.aliases)],
            keys,
        )
        self._entered = Names()
        return remaining

    # The outbox of others

    async def enter(self, session: Session, former_nonces: Sequence[str]) -> int:
        return await self._take(session, former_nonces, ())

    async def adopt(self, session: Session, entry_ids: Sequence[bytes]) -> int:
        return await self._take(session, (), entry_ids)

    async def _take(
        self, session: Session, nonces: Sequence[str], entry_ids: Sequence[bytes]
    ) -> int:
        moved: int = await self._run("take", [*who(session), len(nonces), *nonces, *entry_ids])
        return moved

    async def abandoned(self, session: Session, limit: int) -> list[Entry]:
        flat = await self._run("abandoned", [session.fence.raw, session.nonce, limit])
        return [parse_entry(*pair) for pair in pairs(flat)]
