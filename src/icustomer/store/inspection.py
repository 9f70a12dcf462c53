"""Reads all that stands in a space, portion by portion, and writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from msgspec import Struct, field

from icustomer.core.keys import ALPHABET, PREFIX
from icustomer.store.connection import RedisConnection, call, run
from icustomer.store.keys import (
    ALIAS_BUCKET_BITS,
    ALIAS_FIELD_BYTES,
    SpaceKeys,
)
from icustomer.store.limits import GROUP_ID_BYTES
from icustomer.store.scripts import load_scripts

SCAN_KEYS = 2_000
"""Keys that one step looks at: some 2 MB of groups, a few milliseconds of Redis' time."""
PARALLEL = 3
"""Commands on their way at a time: one connection stays free."""
ALIAS_CHARACTERS = 17
"""Base 32, check character included: what of a customer ID is no prefix and no hyphen."""
ALIAS_HYPHENS = (4, 8, 12, 16)
"""Behind so many of them stands a hyphen."""


class Found(Struct):
    """Names of one portion of a space's keys, by kind. A key may come twice."""

    groups: list[bytes] = field(default_factory=list)
    """Group IDs."""
    link_buckets: list[bytes] = field(default_factory=list)
    """Whole keys, as those of the two next."""
    alias_buckets: list[bytes] = field(default_factory=list)
    indexes: list[bytes] = field(default_factory=list)
    unknown: list[bytes] = field(default_factory=list)
    """Keys that icustomer never writes, without the space."""

    def add(self, other: Found) -> None:
        """Put another portion behind this one."""
        self.groups += other.groups
        self.link_buckets += other.link_buckets
        self.alias_buckets += other.alias_buckets
        self.indexes += other.indexes
        self.unknown += other.unknown


class OutboxParts(NamedTuple):
    """The outbox and its two indexes, as they stand."""

    entries: dict[bytes, bytes]
    names: list[bytes]
    times: list[bytes]


class Inspection:
    """One space on one Redis, or on the server of a cluster that holds it."""

    def __init__(self, connection: RedisConnection, space: str) -> None:
        self.keys = SpaceKeys(space)
        self._connection = connection
        self._prefix = self.keys.everything.removesuffix(b"*")
        self._load = load_scripts()["load"]
        self._turn = asyncio.Semaphore(PARALLEL)

    async def close(self) -> None:
        await self._connection.close()

    async def all_keys(self) -> AsyncIterator[Found]:
        """All keys of the space. What is written or deleted meanwhile may be left out."""
        cursor = b"0"
        while True:
            cursor, keys = await self._call(
                "SCAN", cursor, "MATCH", self.keys.everything, "COUNT", SCAN_KEYS
            )
            if keys:
                yield self._sorted(keys)
            if not int(cursor):
                return

    async def groups(self, group_ids: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """Encoded groups by ID; None where nothing stands, or no text."""
        if not group_ids:
            return {}
        blobs = await self._call("MGET", *self.keys.groups(group_ids))
        return dict(zip(group_ids, blobs, strict=True))

    async def places(
        self, digests: Sequence[bytes], customer_ids: Sequence[str]
    ) -> tuple[dict[bytes, bytes | None], dict[str, bytes | None]]:
        """Links and aliases, in one step."""
        buckets, fields = self.keys.aliases(customer_ids)
        keys = [*self.keys.fixed, *self.keys.links(digests), *buckets]
        _, *values = await run(
            self._connection, self._load, keys, [len(digests), b"".join(digests), fields]
        )
        count = len(digests)
        return (
            dict(zip(digests, values[:count], strict=True)),
            dict(zip(customer_ids, values[count:], strict=True)),
        )

    async def indexes(self, digests: Iterable[bytes]) -> dict[bytes, list[bytes]]:
        """Members of the indexes of shared identifiers."""
        wanted = list(dict.fromkeys(digests))
        found = await self._each("SMEMBERS", map(self.keys.index, wanted))
        return {digest: list(members) for digest, members in zip(wanted, found, strict=True)}

    async def links_in(self, buckets: Sequence[bytes]) -> dict[bytes, list[bytes]]:
        """The digests that have a link, by bucket; of another length where a field is of nobody."""
        return await self._fields_in(buckets, lambda bucket, name: bucket[-2:-1] + name)

    async def aliases_in(self, buckets: Sequence[bytes]) -> dict[bytes, list[str]]:
        """The customer IDs that have an alias, by bucket; empty where a field is of nobody."""
        return await self._fields_in(buckets, _customer_id)

    async def outbox(self) -> OutboxParts:
        """The names and times are read before and after the entries: what is settled or entered
        meanwhile looks as if it had been damaged, once."""
        keys = self.keys
        times = await self._call("ZRANGE", keys.times, 0, -1)
        entries = await self._call("HGETALL", keys.outbox)
        names = await self._call("ZRANGE", keys.names, 0, -1)
        return OutboxParts(dict(entries), names, times)

    async def exists(self, name: bytes) -> bool:
        """Whether a key of the space stands."""
        return bool(await self._call("EXISTS", self._prefix + name))

    def _sorted(self, keys: Iterable[bytes]) -> Found:
        found = Found()
        known = {*self.keys.fixed, self.keys.checkpoint}
        start = len(self._prefix)
        for key in keys:
            kind, _, name = key[start:].partition(b":")
            if kind == b"group" and len(name) == GROUP_ID_BYTES:
                found.groups.append(name)
            elif kind == b"links":
                found.link_buckets.append(key)
            elif kind == b"aliases":
                found.alias_buckets.append(key)
            elif kind == b"index" and len(name) == GROUP_ID_BYTES:
                found.indexes.append(name)
            elif key not in known:
                found.unknown.append(key[start:])
        return found

    async def _fields_in(
        self, buckets: Sequence[bytes], whole: Callable[[bytes, bytes], Any]
    ) -> dict[bytes, Any]:
        found = await self._each("HKEYS", buckets)
        return {
            bucket: [whole(bucket, name) for name in names]
            for bucket, names in zip(buckets, found, strict=True)
        }

    async def _each(self, command: str, keys: Iterable[bytes]) -> list[Any]:
        return await asyncio.gather(*(self._in_turn(command, key) for key in keys))

    async def _in_turn(self, command: str, key: bytes) -> Any:
        async with self._turn:
            return await self._call(command, key)

    async def _call(self, name: str, *parts: bytes | str | int) -> Any:
        return await call(self._connection, name, *parts)


def _customer_id(bucket: bytes, name: bytes) -> str:
    """From the bucket and the field of an alias back to the customer ID; empty if it is of none."""
    number = int.from_bytes(name, "big") << ALIAS_BUCKET_BITS | int.from_bytes(bucket[-2:], "big")
    if len(name) != ALIAS_FIELD_BYTES or number >> 5 * ALIAS_CHARACTERS:
        return ""
    shifts = range(5 * (ALIAS_CHARACTERS - 1), -1, -5)
    text = "".join(ALPHABET[number >> shift & 31] for shift in shifts)
    cuts = (0, *ALIAS_HYPHENS, ALIAS_CHARACTERS)
    return PREFIX + "-".join(text[start:end] for start, end in pairwise(cuts))
