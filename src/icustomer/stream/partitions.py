"""Which partition of an output topic a record belongs to."""

from __future__ import annotations

from functools import lru_cache
from struct import unpack_from
from zlib import crc32

from icustomer.contracts.topics import Topic
from icustomer.stream.port import OutputRecord

CLAIM_PARTITION = 0
"""Claims have a partition of the changelog to themselves, so that reading the last one reads
claims only. With a single partition they share it with the groups."""

HASH_CACHE = 65_536
"""Keys whose hash is remembered: hot customers come again and again."""

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF


def output_partition(record: OutputRecord, partitions: int) -> int:
    """The partition of a record: groups by their ID, all else as Kafka's own clients do; what
    has no key is spread by its value."""
    topic, key = record.topic, record.key
    if key is None:
        return crc32(record.value or b"") % partitions
    if topic is Topic.IDENTITY_STATE:
        return group_partition(key, partitions)
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def group_partition(group_id: bytes, partitions: int) -> int:
    """The changelog partition of a group. The ID is a keyed digest, so a part of it is a
    hash as good as any."""
    if partitions == 1:
        return CLAIM_PARTITION
    return 1 + int.from_bytes(group_id[-8:], "big") % (partitions - 1)


@lru_cache(HASH_CACHE)
def murmur2(key: bytes) -> int:
    """MurmurHash2 as the default partitioner of Kafka's Java client uses it, 32 bits.

    Austin Appleby's algorithm with Kafka's seed, read word by word: aiokafka's reads byte
    by byte and takes twice as long.
    """
    words, rest = divmod(len(key), 4)
    state = _SEED ^ len(key)
    for word in unpack_from(f"<{words}I", key):
        mixed = word * _MULTIPLIER & _MASK
        mixed = (mixed ^ mixed >> 24) * _MULTIPLIER & _MASK
        state = state * _MULTIPLIER & _MASK ^ mixed
    if rest:
        state = (state ^ int.from_bytes(key[-rest:], "little")) * _MULTIPLIER & _MASK
    state = (state ^ state >> 13) * _MULTIPLIER & _MASK
    return state ^ state >> 15
