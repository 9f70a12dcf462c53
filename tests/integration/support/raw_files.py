"""What stands in the files of Redis and Kafka, whatever either of them would answer."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

import zstandard

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
DEEPEST = 2
"""A compressed batch of records that hold compressed groups."""
BATCH = struct.Struct(">qiibIh")
"""Of a record batch: base offset, length, leader epoch, magic, checksum, attributes."""
BATCH_START = 12
"""Bytes of a batch that its length does not count."""
UNPACKED, PACKED_BY_ZSTD = 0, 4
LARGEST = 64 * 1024 * 1024


def contents(files: Iterable[Path]) -> list[bytes]:
    """The bytes of each file, and all that is packed within."""
    return [each for file in files for each in unpacked(_bytes_of(file))]


def _bytes_of(file: Path) -> bytes:
    """Nothing of a file that went away meanwhile."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def unpacked(data: bytes, depth: int = DEEPEST) -> Iterator[bytes]:
    """The bytes, and those of every zstd frame that begins anywhere in them."""
    yield data
    if not depth:
        return
    at = data.find(ZSTD_MAGIC)
    while at >= 0:
        for decompressor in _decompressors():
            try:
                inner = decompressor.decompressobj().decompress(data[at : at + LARGEST])
            except zstandard.ZstdError:
                continue
            yield from unpacked(inner, depth - 1)
        at = data.find(ZSTD_MAGIC, at + 1)


def _decompressors() -> Iterator[zstandard.ZstdDecompressor]:
    dictionary = resources.files("icustomer.store").joinpath("data/group-v1.zdict").read_bytes()
    yield zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary))
    yield zstandard.ZstdDecompressor()


def segments(data_directory: Path, topic: str) -> list[Path]:
    """All files of a topic's partitions, those that wait to be deleted too."""
    return sorted(each for each in data_directory.glob(f"{topic}-*/*") if each.is_file())


def require_readable(logs: Iterable[Path]) -> None:
    """Every batch is packed in a way that `unpacked` knows, or a search would find nothing."""
    for log in logs:
        data, at = _bytes_of(log), 0
        while at + BATCH.size <= len(data):
            _, length, _, magic, _, attributes = BATCH.unpack_from(data, at)
            assert magic == 2, "a batch in a format of its own"
            assert attributes & 7 in (UNPACKED, PACKED_BY_ZSTD), "packed, and cannot be searched"
            at += BATCH_START + length


def found_in(texts: Iterable[str], haystack: Iterable[bytes]) -> set[str]:
    """Those of the texts that stand anywhere, in capitals or not."""
    lowered = [each.lower() for each in haystack]
    return {text for text in texts if any(text.lower().encode() in each for each in lowered)}
