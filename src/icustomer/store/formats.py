"""Formats of encoded groups: every one that was ever written is read, the newest is written.

A blob is 16 hexadecimal digits of the version (so that scripts and people compare it as text
without decoding), one byte number of the format, one byte that tells how the rest is packed,
and msgpack of the group: zstd with the format's dictionary, or as it is where that is smaller.

The contexts of zstd are made once and serve one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import msgspec
import zstandard

from icustomer.errors import NewerStateError

VERSION_DIGITS = 16
HEAD_BYTES = VERSION_DIGITS + 2
HASH_LOG, MIN_MATCH = 12, 4
"""Of zstd's fast strategy: a small table is soon cleared, and short matches are what such blobs
are made of. A quarter less time than level 1 for 1 % fewer bytes; level 5 saves another 5 % for
three times the time."""
USUAL_BYTES = 2_048
"""Of a group before it is compressed."""
RAW, ZSTD = b"-", b"z"

_encode = msgspec.msgpack.Encoder().encode


class Versioned(Protocol):
    """What a group needs to be encoded."""

    @property
    def version(self) -> int: ...


GroupT = TypeVar("GroupT", bound=Versioned)


class Format(Generic[GroupT]):
    """One way in which groups were written.

    `dictionary` loads that of zstd. `read` makes today's group of the format's msgpack: a
    decoder of today's model where fields were only appended, else a function that converts.
    """

    def __init__(
        self, number: int, dictionary: Callable[[], bytes], read: Callable[[bytes], GroupT]
    ) -> None:
        self.number = number
        self.read = read
        self._load_dictionary = dictionary

    @cached_property
    def _dictionary(self) -> zstandard.ZstdCompressionDict:
        return zstandard.ZstdCompressionDict(self._load_dictionary())

    @cached_property
    def compressor(self) -> zstandard.ZstdCompressor:
        """Packs; needed of the newest format only."""
        parameters = zstandard.ZstdCompressionParameters.from_level(
            1,
            source_size=USUAL_BYTES,
            dict_size=len(self._dictionary),
            strategy=zstandard.STRATEGY_FAST,
            hash_log=HASH_LOG,
            min_match=MIN_MATCH,
            # The format tells the dictionary: its number within every frame is 4 bytes lost.
            write_dict_id=False,
        )
        self._dictionary.precompute_compress(compression_params=parameters)
        return zstandard.ZstdCompressor(dict_data=self._dictionary, compression_params=parameters)

    @cached_property
    def decompressor(self) -> zstandard.ZstdDecompressor:
        """Unpacks."""
        return zstandard.ZstdDecompressor(dict_data=self._dictionary)


class Codec(Generic[GroupT]):
    """Groups to bytes and back, in the given formats. The one with the highest number is
    written."""

    def __init__(self, formats: Sequence[Format[GroupT]]) -> None:
        self._formats = {each.number: each for each in formats}
        self.newest = max(self._formats)
        self._written = self._formats[self.newest]

    def encode(self, group: GroupT) -> bytes:
        """The blob of a group; dicts in the order in which they stand."""
        payload = _encode(group)
        packed = self._written.compressor.compress(payload)
        body = ZSTD + packed if len(packed) < len(payload) else RAW + payload
        return b"%016x%c%s" % (group.version, self.newest, body)

    def decode(self, blob: bytes) -> GroupT:
        """The group of a blob of any format.

        Raises `NewerStateError` if a newer version of icustomer wrote it, `ValueError` (with
        `msgspec.DecodeError`, or chained from zstd's own) if it is no blob.
        """
        found = self._format(blob)
        return found.read(_payload(found, blob))

    def payload_of(self, blob: bytes) -> bytes:
        """The msgpack within a blob; raises as `decode` does."""
        return _payload(self._format(blob), blob)

    def _format(self, blob: bytes) -> Format[GroupT]:
        if len(blob) < HEAD_BYTES:
            raise ValueError(f"{len(blob)} bytes are no encoded group")
        number = blob[VERSION_DIGITS]
        found = self._formats.get(number)
        if found is not None:
            return found
        if number > self.newest:
            raise NewerStateError(
                f"The state has format {number}, this icustomer reads up to {self.newest}: "
                "run the newer one"
            )
        raise ValueError(f"format {number} is none of an encoded group")


def _payload(found: Format[GroupT], blob: bytes) -> bytes:
    packing, body = blob[VERSION_DIGITS + 1 : HEAD_BYTES], blob[HEAD_BYTES:]
    if packing == RAW:
        return body
    if packing != ZSTD:
        raise ValueError(f"packing {packing!r} is none of an encoded group")
    try:
        return found.decompressor.decompress(body)
    except zstandard.ZstdError as error:
        raise ValueError("the packed part of an encoded group is damaged") from error
