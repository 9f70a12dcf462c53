"""The names of a space's keys: all in one hash slot, so that one script may touch them all.

Links and aliases are many and small, so they share keys: each key is a bucket, a hash small
enough for Redis to pack it. What a bucket is named by is left out of the field.
"""

from __future__ import annotations

from collections.abc import Iterable

from icustomer.core.keys import ALPHABET, PREFIX

LINK_BUCKET_BITS = 14
"""Of the first bits of a digest. Some 7 links a bucket at 40,000 customers, 73 at 400,000; what
other numbers cost is told in docs/decisions/0072-links-in-buckets.md."""
ALIAS_BUCKET_BITS = 12
"""Of the last bits of a customer ID: a customer has one alias, and three links or so."""
ALIAS_FIELD_BYTES = 10
"""The other 73 of the 85 bits of 17 characters, check character included."""
CUSTOMER_ID_LENGTH = 24

_LINK_BUCKETS = [
    (byte >> (16 - LINK_BUCKET_BITS) << (16 - LINK_BUCKET_BITS)).to_bytes(1, "big")
    for byte in range(1 << 8)
]
"""Second byte of a digest to the second byte of its bucket's name."""
_ALIAS_BUCKET_MASK = (1 << ALIAS_BUCKET_BITS) - 1
_READ_AS = dict(zip(ALPHABET.encode(), b"0123456789abcdefghijklmnopqrstuv", strict=True))
_DIGITS = bytes(_READ_AS.get(byte, 0) for byte in range(1 << 8))
"""From the characters of a customer ID to the digits that `int` reads; it refuses all others."""


class SpaceKeys:
    """Keys of one space. Digests and group IDs stand in them as they are."""

    def __init__(self, space: str) -> None:
        prefix = f"{{{space}}}:".encode()
        self.everything = prefix + b"*"
        """Pattern that finds every key of the space."""
        self.every_group = prefix + b"group:*"
        """Pattern that finds the groups."""
        self.checkpoint = prefix + b"checkpoint"
        """Hash: see checkpoint.lua."""
        self.notes = prefix + b"notes"
        """Hash, during a rebuild: group ID to customer IDs, each after a line feed."""
        self.fence = prefix + b"fence"
        self.outbox = prefix + b"outbox"
        """Hash: entry ID to entry."""
        self.names = prefix + b"outbox-names"
        """Sorted set, all scores 0: name, a zero byte, entry ID. Finds the entries of a name."""
        self.slots = prefix + b"slots"
        """Hash: slot to end of the lease and nonce."""
        self.epoch = prefix + b"epoch"
        self.times = prefix + b"outbox-times"
        """Sorted set: entry ID, by the time since when it waits."""
        self.waiting = prefix + b"guests"
        """Sorted set: group ID, by the earliest last act of guests in it whose time runs."""
        self.clock = prefix + b"clock"
        """The record clock, microseconds."""
        self.fixed = [
            self.fence,
            self.outbox,
            self.names,
            self.slots,
            self.epoch,
            self.times,
            self.waiting,
            self.clock,
        ]
        """The first keys of every script, in this order."""
        self.spared = frozenset((self.fence, self.slots, self.clock))
        """Outlast a wipe."""
        self._links = prefix + b"links:"
        self._group = prefix + b"group:"
        self._aliases = prefix + b"aliases:"
        self._index = prefix + b"index:"

    def group(self, group_id: bytes) -> bytes:
        return self._group + group_id

    def groups(self, group_ids: Iterable[bytes]) -> list[bytes]:
        prefix = self._group
        return [prefix + group_id for group_id in group_ids]

    def is_group(self, key: bytes) -> bool:
        """Whether a key is that of a group."""
        return key.startswith(self._group)

    def group_id(self, key: bytes) -> bytes:
        """The group that a key belongs to."""
        return key[len(self._group) :]

    def index(self, digest: bytes) -> bytes:
        return self._index + digest

    def links(self, digests: Iterable[bytes]) -> list[bytes]:
        """The bucket of each link. Its field is the digest without the first byte."""
        prefix, second = self._links, _LINK_BUCKETS
        return [prefix + digest[:1] + second[digest[1]] for digest in digests]

    def aliases(self, customer_ids: Iterable[str]) -> tuple[list[bytes], bytes]:
        """The bucket of each alias; the fields of all, one behind the other."""
        numbers = [_number(customer_id) for customer_id in customer_ids]
        prefix, mask = self._aliases, _ALIAS_BUCKET_MASK
        buckets = [prefix + (number & mask).to_bytes(2, "big") for number in numbers]
        fields = [
            (number >> ALIAS_BUCKET_BITS).to_bytes(ALIAS_FIELD_BYTES, "big") for number in numbers
        ]
        return buckets, b"".join(fields)


def _number(customer_id: str) -> int:
    """All characters of a customer ID as a number of 85 bits; ValueError if it is none."""
    if len(customer_id) != CUSTOMER_ID_LENGTH:
        raise ValueError(f"{customer_id!r} is no customer ID")
    return int(customer_id.encode()[len(PREFIX) :].translate(_DIGITS, b"-"), 32)
