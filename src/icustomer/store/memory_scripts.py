"""What the Lua scripts do to a space, in Python: the parts that more than one call needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from icustomer.store.codec import version_of
from icustomer.store.entries import CONTENT_DIGEST_BYTES
from icustomer.store.limits import INDEX_INCOMPLETE, INDEX_LIMIT
from icustomer.store.memory_state import Space
from icustomer.store.port import Entry, Published, Session, Write

K = TypeVar("K", bytes, str)
V = TypeVar("V", bytes, int)


def put(keys: dict[K, V], values: Mapping[K, V | None]) -> None:
    """Set keys, or delete them (None)."""
    for key, value in values.items():
        if value is None:
            keys.pop(key, None)
        else:
            keys[key] = value


def version_standing(space: Space, group_id: bytes) -> int:
    """Version of a group; 0: absent."""
    blob = space.groups.get(group_id)
    return version_of(blob) if blob else 0


def still_as_read(space: Space, write: Write) -> bool:
    """Whether every group version, link and index that a write read still stands."""
    return (
        all(
            version_standing(space, group_id) == version
            for group_id, version in write.read_groups.items()
        )
        and all(space.links.get(digest) == link for digest, link in write.read_links.items())
        and all(
            space.indexes.get(digest, set()) == members
            for digest, members in write.read_indexes.items()
        )
    )


def is_known(space: Space, group_id: bytes, known: Mapping[bytes, int]) -> bool:
    """Whether the caller has this version of a group already."""
    return bool(known.get(group_id)) and version_standing(space, group_id) == known[group_id]


def standing(space: Space, published: Published) -> set[bytes | str]:
    """The names that still stand as they were published."""
    groups = {
        group_id
        for group_id, version in published.groups.items()
        if version_standing(space, group_id) == version
    }
    customer_ids = {
        customer_id
        for customer_id, group_id in published.aliases.items()
        if space.aliases.get(customer_id) == group_id
    }
    return {*groups, *customer_ids}


def add_to_index(space: Space, digest: bytes, group_id: bytes) -> None:
    """Name a group in an index, or mark the index incomplete where it is full."""
    index = space.indexes.setdefault(digest, set())
    if group_id not in index:
        index.add(INDEX_INCOMPLETE if len(index) >= INDEX_LIMIT else group_id)


def take_marks_away(space: Space, digests: Iterable[bytes]) -> None:
    """A mark goes with the last group that carries its identifier."""
    for digest in digests:
        if not space.indexes.get(digest):
            space.links.pop(digest, None)


def names_of(entry: Entry) -> set[bytes | str]:
    """Groups and customer IDs of an entry."""
    return {*entry.groups, *entry.customer_ids}


def owned(space: Space, nonce: str) -> list[Entry]:
    """The entries under a nonce."""
    return [entry for entry in space.outbox.values() if entry.nonce == nonce]


def under(entry: Entry, session: Session) -> Entry:
    """The same content under a session's own nonce and slot."""
    entry_id = entry.entry_id[:CONTENT_DIGEST_BYTES] + session.nonce.encode()
    return replace(entry, entry_id=entry_id, nonce=session.nonce, slot=session.slot)


def closure(space: Space, nonce: str) -> list[Entry]:
    """The entries under a nonce and all that share names with them, directly or through
    others; of equal contents one."""
    found: dict[bytes, Entry] = {}
    waiting = owned(space, nonce)
    while waiting:
        entry = waiting.pop()
        if found.setdefault(entry.entry_id[:CONTENT_DIGEST_BYTES], entry) is entry:
            names = names_of(entry)
            waiting += [
                other
                for other in space.outbox.values()
                if other.entry_id[:CONTENT_DIGEST_BYTES] not in found
                and not names.isdisjoint(names_of(other))
            ]
    return list(found.values())


def take(space: Space, session: Session, entries: Iterable[Entry]) -> int:
    """Put entries of others under a session's nonce; the number moved."""
    moved = [entry for entry in entries if entry.nonce != session.nonce]
    for entry in moved:
        space.enter(under(entry, session), since=space.drop(entry))
    return len(moved)
