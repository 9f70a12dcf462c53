"""Outbox entries: how one is named and written.

ID: 16 bytes digest of the content, then the nonce of the worker that must publish it. So the
same content under the same nonce is one entry however often it is entered, and the same
content under two nonces is two. Value: slot as two characters, then the content: number of
groups in 8 digits (hexadecimal, as all here), for each its ID and its version in 16 bytes each,
then the customer IDs, each after a line feed. Scripts read names out of it and change nothing
but the slot; msgpack's binary type would be closed to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from icustomer.store.codec import VERSION_DIGITS, version_text
from icustomer.store.limits import GROUP_ID_BYTES, NO_SLOT
from icustomer.store.port import Entry, Write

CONTENT_DIGEST_BYTES = 16
SLOT_CHARACTERS = 2
NO_SLOT_TEXT = "--"

COUNT_DIGITS = 8
GROUP_BYTES = GROUP_ID_BYTES + VERSION_DIGITS


def slot_text(slot: int) -> str:
    """The slot as it stands in an entry."""
    return NO_SLOT_TEXT if slot == NO_SLOT else f"{slot:02d}"


def entry_content(groups: Mapping[bytes, int], customer_ids: Sequence[str]) -> bytes:
    """What an entry names, without slot and nonce."""
    named = [group_id + version_text(version) for group_id, version in groups.items()]
    ids = ["\n" + customer_id for customer_id in customer_ids]
    return b"%08x%b%b" % (len(named), b"".join(named), "".join(ids).encode())


def content_digest(content: bytes) -> bytes:
    """The first half of an entry's ID."""
    return blake2b(content, digest_size=CONTENT_DIGEST_BYTES).digest()


def write_content(write: Write) -> bytes:
    """Content of the entry that a write leaves; empty if it leaves none.

    Groups that it writes or deletes are to be published at the write's version, others
    (published again) at the version that was read.
    """
    if not write.entry_groups and not write.entry_ids:
        return b""
    groups, deleted, read = write.groups, write.deleted, write.read_groups
    versions = {
        group_id: write.version
        if group_id in groups or group_id in deleted
        else read.get(group_id, write.version)
        for group_id in write.entry_groups
    }
    return entry_content(versions, write.entry_ids)


def make_entry(content: bytes, nonce: str, slot: int) -> Entry:
    """The entry of a content under a nonce and a slot."""
    return parse_entry(content_digest(content) + nonce.encode(), slot_text(slot).encode() + content)


def parse_entry(entry_id: bytes, value: bytes) -> Entry:
    """The entry that stands as `value` under `entry_id`."""
    slot = value[:SLOT_CHARACTERS].decode()
    start = SLOT_CHARACTERS + COUNT_DIGITS
    end = start + int(value[SLOT_CHARACTERS:start], 16) * GROUP_BYTES
    groups = {
        value[at : at + GROUP_ID_BYTES]: int(value[at + GROUP_ID_BYTES : at + GROUP_BYTES], 16)
        for at in range(start, end, GROUP_BYTES)
    }
    return Entry(
        entry_id,
        entry_id[CONTENT_DIGEST_BYTES:].decode(),
        NO_SLOT if slot == NO_SLOT_TEXT else int(slot),
        groups,
        tuple(value[end:].decode().split("\n")[1:]),
    )
