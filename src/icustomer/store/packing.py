"""What goes into the scripts, and what comes out of them: flat lists, keys by position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from icustomer.store.codec import version_text
from icustomer.store.entries import (
    content_digest,
    entry_content,
    parse_entry,
    slot_text,
    write_content,
)
from icustomer.store.keys import SpaceKeys
from icustomer.store.limits import NO_SLOT, REBUILD_NONCE
from icustomer.store.port import Closure, Published, Restored, Write

ABSENT = b""
"""What scripts expect where nothing shall stand; no value is empty."""

_pack = msgspec.msgpack.Encoder().encode

Flat = list[int]
"""Position of a key, position of a value, position of a key, ..."""


class _Positions(dict[bytes, int]):
    """Keys, or values, of one call in order: each once, with its position as Lua counts."""

    def __init__(self, before: int) -> None:
        """`before`: how many others stand before the first."""
        self._before = before

    def __missing__(self, part: bytes) -> int:
        position = self[part] = self._before + len(self) + 1
        return position


class Call:
    """Keys and values of a script that reads a plan of positions."""

    def __init__(self, keys: SpaceKeys, values_before: int) -> None:
        self.names = keys
        self.key = _Positions(len(keys.fixed))
        self.value = _Positions(values_before)

    def flat(self, values: Iterable[tuple[bytes, bytes]]) -> Flat:
        """Positions of pairs of key and value."""
        key_at, value_at = self.key, self.value
        positions: Flat = []
        for key, value in values:
            positions += (key_at[key], value_at[value])
        return positions

    def keys(self) -> list[bytes]:
        """All keys of the call."""
        return [*self.names.fixed, *self.key]

    def arguments(self, plan: object) -> list[bytes]:
        """The plan, and the values that it points at."""
        return [_pack(plan), *self.value]


COMMIT_HEAD = 5
"""Arguments of the commit script before the values: fence, nonce, slot, limit, plan."""
RESTORE_HEAD = 4
"""Those of the restore script: nonce, lease, limit, plan."""


def packed_writes(writes: Sequence[Write], keys: SpaceKeys) -> tuple[list[bytes], list[bytes]]:
    """All keys of the commit script; its plan and values."""
    call = Call(keys, COMMIT_HEAD)
    arguments = call.arguments([_planned(write, call) for write in writes])
    return call.keys(), arguments


def _planned(write: Write, call: Call) -> list[Any]:
    """A change as the commit script reads it."""
    names, key_at = call.names, call.key
    content = write_content(write)
    sets, deletes = _values(write, names)
    return [
        call.flat(
            (names.group(group_id), version_text(version) if version else ABSENT)
            for group_id, version in write.read_groups.items()
        ),
        call.flat(
            (names.link(digest), link or ABSENT) for digest, link in write.read_links.items()
        ),
        call.flat(sets),
        [key_at[key] for key in deletes],
        call.flat((names.index(digest), group_id) for digest, group_id in write.index_added),
        call.flat((names.index(digest), group_id) for digest, group_id in write.index_removed),
        call.value[content_digest(content)],
        call.value[content],
    ]


def _values(write: Write, names: SpaceKeys) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """What a change sets, and the keys that it deletes."""
    sets = [(names.group(group_id), blob) for group_id, blob in write.groups.items()]
    deletes = [names.group(group_id) for group_id in write.deleted]
    for digest, link in write.links.items():
        if link is None:
            deletes.append(names.link(digest))
        else:
            sets.append((names.link(digest), link))
    for customer_id, alias in write.aliases.items():
        if alias is None:
            deletes.append(names.alias(customer_id))
        else:
            sets.append((names.alias(customer_id), alias))
    return sets, deletes


def packed_groups(groups: Sequence[Restored], keys: SpaceKeys) -> tuple[list[bytes], list[bytes]]:
    """All keys of the restore script; its plan and values."""
    call = Call(keys, RESTORE_HEAD)
    sets: Flat = []
    additions: Flat = []
    for group in groups:
        sets += call.flat([(keys.group(group.group_id), group.blob)])
        sets += call.flat((keys.link(digest), link) for digest, link in group.links.items())
        sets += call.flat((keys.alias(alias), group.group_id) for alias in group.aliases)
        additions += call.flat((keys.index(digest), group.group_id) for digest in group.index)
    arguments = call.arguments([sets, additions, []])
    return call.keys(), arguments


def packed_entries(
    entries: Sequence[tuple[Mapping[bytes, int], Sequence[str]]], keys: SpaceKeys
) -> tuple[list[bytes], list[bytes]]:
    """Entries for the restore script, under the nonce and the slot of nobody."""
    call = Call(keys, RESTORE_HEAD)
    flat: Flat = []
    for groups, customer_ids in entries:
        content = entry_content(groups, customer_ids)
        flat += (
            call.value[content_digest(content) + REBUILD_NONCE.encode()],
            call.value[slot_text(NO_SLOT).encode() + content],
        )
    arguments = call.arguments([[], [], flat])
    return call.keys(), arguments


def names_of(groups: Iterable[bytes], customer_ids: Iterable[str]) -> Iterator[bytes]:
    """The names of an entry, as the scripts write them."""
    for group_id in groups:
        yield b"g" + group_id
    for customer_id in customer_ids:
        yield b"c" + customer_id.encode()


def group_versions(versions: Mapping[bytes, int]) -> dict[bytes, bytes]:
    """Name of a group -> its version as it stands in Redis."""
    return {
        b"g" + group_id: version_text(version) if version else ABSENT
        for group_id, version in versions.items()
    }


def published_values(published: Published) -> dict[bytes, bytes]:
    """Name -> what stands in Redis if nothing moved on since it was published."""
    expected = group_versions(published.groups)
    for customer_id, group_id in published.aliases.items():
        expected[b"c" + customer_id.encode()] = group_id or ABSENT
    return expected


def closure_of(entries: Sequence[bytes], values: Sequence[Any]) -> Closure:
    """The answer of the prepare script."""
    groups: dict[bytes, bytes | None] = {}
    aliases: dict[str, bytes | None] = {}
    for name, value in pairs(values):
        if name[:1] == b"g":
            groups[name[1:]] = value
        else:
            aliases[name[1:].decode()] = value
    return Closure([parse_entry(*pair) for pair in pairs(entries)], groups, aliases)


def pairs(flat: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """A flat list two by two."""
    return zip(flat[::2], flat[1::2], strict=True)
