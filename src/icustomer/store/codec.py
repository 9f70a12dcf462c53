"""Groups to bytes and back: small, fast, the same bytes for the same group.

A blob is 16 hexadecimal digits of the version (so that scripts and people compare it as text
without decoding), one byte codec version, one byte that tells how the rest is packed, and
msgpack of the group: zstd with the shipped dictionary, or as it is where that is smaller.

The contexts of zstd are made once and serve one thread.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

import msgspec
import zstandard

from icustomer.core.model import Group
from icustomer.errors import NewerStateError

VERSION_DIGITS = 16
CODEC_VERSION = 1
"""Belongs to the dictionary of the same number: a new dictionary is a new codec version."""
HEAD_BYTES = VERSION_DIGITS + 2
HASH_LOG, MIN_MATCH = 12, 4
"""Of zstd's fast strategy: a small table is soon cleared, and short matches are what such blobs
are made of. A quarter less time than level 1 for 1 % fewer bytes; level 5 saves another 5 % for
three times the time."""
USUAL_BYTES = 2_048
"""Of a group before it is compressed."""
RAW, ZSTD = b"-", b"z"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Group).decode


class _Contexts(NamedTuple):
    compressor: zstandard.ZstdCompressor
    decompressor: zstandard.ZstdDecompressor


@cache
def _contexts() -> _Contexts:
    data = resources.files("icustomer.store").joinpath("data/group-v1.zdict").read_bytes()
    dictionary = zstandard.ZstdCompressionDict(data)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        1,
        source_size=USUAL_BYTES,
        dict_size=len(data),
        strategy=zstandard.STRATEGY_FAST,
        hash_log=HASH_LOG,
        min_match=MIN_MATCH,
        # The codec version tells the dictionary: its number within every frame is 4 bytes lost.
        write_dict_id=False,
    )
    dictionary.precompute_compress(compression_params=parameters)
    return _Contexts(
        zstandard.ZstdCompressor(dict_data=dictionary, compression_params=parameters),
        zstandard.ZstdDecompressor(dict_data=dictionary),
    )


def encode(group: Group) -> bytes:
    """The blob of a group; dicts in the order in which they stand."""
    payload = _encode(group)
    packed = _contexts().compressor.compress(payload)
    body = ZSTD + packed if len(packed) < len(payload) else RAW + payload
    return b"%s%c%s" % (version_text(group.version), CODEC_VERSION, body)


def decode(blob: bytes) -> Group:
    """The group of a blob.

    Raises `NewerStateError` if a newer version of icustomer wrote it, `ValueError` (with
    `msgspec.DecodeError`, or chained from zstd's own) if it is no blob.
    """
    return _decode(payload_of(blob))


def payload_of(blob: bytes) -> bytes:
    """The msgpack within a blob."""
    if len(blob) < HEAD_BYTES:
        raise ValueError(f"{len(blob)} bytes are no encoded group")
    codec_version = blob[VERSION_DIGITS]
    if codec_version > CODEC_VERSION:
        raise NewerStateError(
            f"The state has format {codec_version}, this icustomer reads up to {CODEC_VERSION}: "
            "run the newer one"
        )
    packing, body = blob[VERSION_DIGITS + 1 : HEAD_BYTES], blob[HEAD_BYTES:]
    if packing == RAW:
        return body
    if codec_version != CODEC_VERSION or packing != ZSTD:
        raise ValueError(f"format {codec_version}, packing {packing!r} is no encoded group")
    return _unpacked(body)


def _unpacked(body: bytes) -> bytes:
    try:
        return _contexts().decompressor.decompress(body)
    except zstandard.ZstdError as error:
        raise ValueError("the packed part of an encoded group is damaged") from error


def version_of(blob: bytes) -> int:
    """The version of the group in a blob, without decoding it."""
    return int(blob[:VERSION_DIGITS], 16)


def version_text(version: int) -> bytes:
    """A version as blobs and scripts hold it: text order is number order."""
    return b"%016x" % version
