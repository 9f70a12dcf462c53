"""What goes into the scripts, and what comes out of them: flat lists, in the scripts' order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct, field

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
from icustomer.store.port import (
    Checkpoint,
    Claim,
    Closure,
    Directions,
    Entries,
    Standing,
    Write,
)

ABSENT = b""
"""What scripts expect where nothing shall stand, and what deletes; no value is empty."""

_pack = msgspec.msgpack.Encoder().encode


class Names(Struct):
    """Groups and customers that outbox entries name."""

    groups: set[bytes] = field(default_factory=set)
    customer_ids: set[str] = field(default_factory=set)

    def add(self, groups: Iterable[bytes], customer_ids: Iterable[str]) -> None:
        self.groups.update(groups)
        self.customer_ids.update(customer_ids)

    def add_told(self, names: Iterable[bytes]) -> None:
        """Names as the scripts write them: `g<group ID>` or `c<customer ID>`."""
        for name in names:
            if name[:1] == b"g":
                self.groups.add(name[1:])
            else:
                self.customer_ids.add(name[1:].decode())

    def copy(self) -> Names:
        return Names(set(self.groups), set(self.customer_ids))


def packed_writes(writes: Sequence[Write], keys: SpaceKeys) -> tuple[list[bytes], list[bytes]]:
    """All keys of the commit script; its plan, what is packed, values and contents."""
    links_read = [digest for write in writes for digest in write.read_links]
    links = [digest for write in writes for digest in write.links]
    buckets, fields = keys.aliases([alias for write in writes for alias in write.aliases])
    added = [place for write in writes for place in write.index_added]
    removed = [place for write in writes for place in write.index_removed]
    left = [digest for write in writes for digest in write.unmarked]
    contents = [write_content(write) for write in writes]
    counts = [_counts(write) for write in writes]
    columns = [
        keys.groups([group_id for write in writes for group_id in write.read_groups]),
        keys.links(links_read),
        keys.groups([each for write in writes for each in (*write.groups, *write.deleted)]),
        keys.links(links),
        buckets,
        [keys.index(digest) for digest, _ in added],
        [keys.index(digest) for digest, _ in removed],
        [keys.index(digest) for digest in left],
        keys.links(left),
        [keys.index(digest) for write in writes for digest in write.read_indexes],
    ]
    values = [
        *[version_text(each) for write in writes for each in write.read_groups.values()],
        *[link or ABSENT for write in writes for link in write.read_links.values()],
        *[
            each
            for write in writes
            for each in (*write.groups.values(), *[ABSENT] * len(write.deleted))
        ],
        *[link or ABSENT for write in writes for link in write.links.values()],
        *[alias or ABSENT for write in writes for alias in write.aliases.values()],
        *[group_id for _, group_id in added],
        *[group_id for _, group_id in removed],
        *[ABSENT] * (2 * len(left)),
        *[b"".join(members) for write in writes for members in write.read_indexes.values()],
    ]
    packed = [b"".join(links_read), b"".join(links), fields]
    digests = b"".join(map(content_digest, contents))
    waiting = [len(write.waiting) for write in writes]
    plan = _pack(([len(column) for column in columns], counts, waiting))
    told = b"".join(told_waiting(write.waiting) for write in writes)
    heads = [plan, *packed, digests, b"".join(left), told]
    return [*keys.fixed, *chain(*columns)], [*heads, *values, *contents]


def told_waiting(waiting: Mapping[bytes, int | None]) -> bytes:
    """Group IDs and last acts behind one another, as guests.lua takes them. An act before 1970
    counts as one at its beginning."""
    return b"".join(
        group_id + (b"%016d" % (0 if since is None else max(since, 1)))
        for group_id, since in waiting.items()
    )


def _counts(write: Write) -> tuple[int, ...]:
    """How much of each column a change has."""
    return (
        len(write.read_groups),
        len(write.read_links),
        len(write.groups) + len(write.deleted),
        len(write.links),
        len(write.aliases),
        len(write.index_added),
        len(write.index_removed),
        len(write.unmarked),
        len(write.unmarked),
        len(write.read_indexes),
    )


def packed_restore(
    groups: Mapping[bytes, bytes | None],
    ways: Sequence[Directions],
    entries: Entries,
    keys: SpaceKeys,
) -> tuple[list[bytes], list[bytes | int]]:
    """All keys of the restore script; sizes of the columns, what is packed, and values; then
    the entries, under the nonce and the slot of nobody."""
    links = [digest for each in ways for digest in each.links]
    buckets, fields = keys.aliases([alias for each in ways for alias in each.aliases])
    columns = [
        keys.groups(groups),
        keys.links(links),
        buckets,
        [keys.index(digest) for each in ways for digest in each.index],
    ]
    values = [
        *[blob or ABSENT for blob in groups.values()],
        *[link for each in ways for link in each.links.values()],
        *[each.group_id for each in ways for _ in each.aliases],
        *[each.group_id for each in ways for _ in each.index],
    ]
    sizes = [len(column) for column in columns]
    gone = {group_id: None for group_id, blob in groups.items() if blob is None}
    waiting = told_waiting({**gone, **{each.group_id: each.waiting for each in ways}})
    packed = (b"".join(links), fields, waiting, *values, *_packed_entries(entries))
    return [*keys.fixed, *chain(*columns)], [*sizes, *packed]


def _packed_entries(entries: Entries) -> Iterator[bytes]:
    for groups, customer_ids in entries:
        content = entry_content(groups, customer_ids)
        yield content_digest(content) + REBUILD_NONCE.encode()
        yield slot_text(NO_SLOT).encode() + content


def packed_detach(
    ways: Sequence[Directions], keys: SpaceKeys
) -> tuple[list[bytes], list[bytes | int]]:
    """All keys of the detach script; sizes of the columns, what is packed, and values."""
    links = [digest for each in ways for digest in each.links]
    buckets, fields = keys.aliases([alias for each in ways for alias in each.aliases])
    columns = [
        keys.links(links),
        buckets,
        [keys.index(digest) for each in ways for digest in each.index],
    ]
    values = [
        *[link for each in ways for link in each.links.values()],
        *[each.group_id for each in ways for _ in each.aliases],
        *[each.group_id for each in ways for _ in each.index],
    ]
    sizes = [len(column) for column in columns]
    return [*keys.fixed, *chain(*columns)], [*sizes, b"".join(links), fields, *values]


def packed_checkpoint(checkpoint: Checkpoint) -> list[str | int]:
    """Topic, then partition and offset of each partition."""
    return [checkpoint.topic, *chain.from_iterable(sorted(checkpoint.offsets.items()))]


def standing_of(answer: Sequence[Any]) -> Standing:
    """The answer of the standing script."""
    epoch, now, told = answer
    fields = dict(pairs(told))
    if not fields:
        return Standing(_claim_of(epoch), None)
    topic, raised_at = fields.pop(b"topic"), fields.pop(b"raised-at")
    offsets = {int(partition): int(offset) for partition, offset in fields.items()}
    checkpoint = Checkpoint(topic.decode(), offsets)
    return Standing(_claim_of(epoch), checkpoint, (int(now) - int(raised_at)) / 1_000)


def _claim_of(epoch: bytes) -> Claim | None:
    number, _, nonce = epoch.decode().partition(":")
    return Claim(int(number), nonce) if epoch else None


def packed_names(
    versions: Mapping[bytes, int], customer_ids: Collection[str], keys: SpaceKeys
) -> tuple[list[bytes], list[bytes | int]]:
    """All keys of the scripts that compare names: of groups, then of aliases; the number of
    groups, their versions, and the fields of the aliases."""
    buckets, fields = keys.aliases(customer_ids)
    told = b"".join(map(version_text, versions.values()))
    return [*keys.fixed, *keys.groups(versions), *buckets], [len(versions), told, fields]


def alternating(aliases: Mapping[str, bytes | None]) -> Iterator[bytes | str]:
    """Customer ID and group, customer ID and group, ..."""
    return chain.from_iterable(
        (customer_id, group_id or ABSENT) for customer_id, group_id in aliases.items()
    )


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
