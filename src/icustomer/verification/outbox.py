"""The outbox at rest: its entries, and the two indexes that find them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from icustomer.store.entries import CONTENT_DIGEST_BYTES, parse_entry
from icustomer.store.limits import GROUP_ID_BYTES
from icustomer.store.port import Entry
from icustomer.verification.problem import Broken, Law


class Waiting(Struct, frozen=True):
    """All that stands of the outbox."""

    entries: dict[bytes, bytes]
    names: frozenset[bytes]
    """Name, a zero byte, entry ID."""
    times: frozenset[bytes]
    """Entry IDs."""


class Named(Struct, frozen=True):
    """What some entry promises to publish."""

    groups: frozenset[bytes]
    customer_ids: frozenset[str]


def named_in(waiting: Waiting) -> Named:
    """What will be published by whoever settles the entries."""
    entries = _parsed(waiting)
    return Named(
        frozenset(group_id for entry in entries for group_id in entry.groups),
        frozenset(customer_id for entry in entries for customer_id in entry.customer_ids),
    )


def check_outbox(waiting: Waiting) -> Iterator[tuple[bytes, Broken]]:
    """Entry ID and what is wrong with it: that it is there at all, or that it is not found."""
    members = {each.entry_id: _members(each) for each in _parsed(waiting)}
    for entry_id in waiting.entries:
        name = entry_id[:CONTENT_DIGEST_BYTES].hex()
        if entry_id not in members:
            yield entry_id, Broken(Law.OUTBOX_DAMAGED, f"entry {name} cannot be read")
            continue
        # Whoever moves an entry to another nonce leaves it the one that it is.
        yield entry_id, Broken(Law.OUTBOX_LEFT, f"entry {name} is not settled")
        missing = len(members[entry_id] - waiting.names)
        if missing:
            detail = f"entry {name} is not found by {missing} of its names"
            yield entry_id, Broken(Law.OUTBOX_INDEX, detail)
        if entry_id not in waiting.times:
            yield entry_id, Broken(Law.OUTBOX_INDEX, f"entry {name} has no time")
    yield from _dangling(waiting)


def _dangling(waiting: Waiting) -> Iterator[tuple[bytes, Broken]]:
    """Names and times of entries that are not there. Told by the entry, since beside running
    workers some are always on their way, but never the same."""
    named = {_entry_of(each) for each in waiting.names}
    for entry_id in sorted((named | waiting.times) - waiting.entries.keys()):
        name = entry_id[:CONTENT_DIGEST_BYTES].hex()
        yield entry_id, Broken(Law.OUTBOX_DAMAGED, f"entry {name} is named and not there")


def _entry_of(member: bytes) -> bytes:
    """The entry ID in a member of the names. A group ID may hold zero bytes of its own."""
    if member[:1] == b"g":
        return member[1 + GROUP_ID_BYTES + 1 :]
    return member.partition(b"\0")[2]


def _parsed(waiting: Waiting) -> list[Entry]:
    found = []
    for entry_id, value in waiting.entries.items():
        try:
            found.append(parse_entry(entry_id, value))
        except ValueError:
            continue
    return found


def _members(entry: Entry) -> frozenset[bytes]:
    names = [
        *(b"g" + group_id for group_id in entry.groups),
        *(b"c" + customer_id.encode() for customer_id in entry.customer_ids),
        b"n" + entry.nonce.encode(),
    ]
    return frozenset(name + b"\0" + entry.entry_id for name in names)
