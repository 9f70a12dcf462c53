"""Header names that are no UTF-8, read escaped: one such record must not stop a partition.

The protocol calls header names text, but no broker checks it, and aiokafka raises on such a
record for ever. This is the one place that reaches into aiokafka's reading of batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords


def accept_any_header_name() -> None:
    """Make the consumers of this process accept any header name. Safe to repeat."""
    fetcher.MemoryRecords = LenientRecords


class LenientRecords:
    """`MemoryRecords` whose batches, if a name does not decode, are read the lenient way."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._fast = MemoryRecords(data)
        self._index = -1
        self.has_next = self._fast.has_next

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)

    def next_batch(self) -> LenientBatch:
        self._index += 1
        return LenientBatch(self._fast.next_batch(), self._data, self._index)


class LenientBatch:
    """One batch: aiokafka's fast one, and the lenient one from where that gives up.

    The lenient one starts at the first record again; the reader passes over what it has had.
    """

    def __init__(self, fast: Any, data: bytes, index: int) -> None:
        self._fast = fast
        self._data = data
        self._index = index
        # What the reader asks of every batch; a sender in a hurry makes one of each record.
        self.producer_id = fast.producer_id
        self.is_control_batch = fast.is_control_batch
        self.next_offset = fast.next_offset
        self.validate_crc = fast.validate_crc

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)

    def __next__(self) -> Any:
        return next(self._fast)

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._fast
        except UnicodeDecodeError:
            yield from self._lenient()

    def _lenient(self) -> Iterator[Any]:
        batch = _DefaultRecordBatchPy(_nth_batch(self._data, self._index))
        batch._maybe_uncompress()  # noqa: SLF001 - what iterating does first
        batch._buffer = _LenientBytes(batch._buffer)  # noqa: SLF001
        return iter(batch)


def _nth_batch(data: bytes, index: int) -> bytearray:
    """The bytes of one batch: each starts with its offset and the length of the rest
    (https://kafka.apache.org/documentation/#recordbatch)."""
    start = 0
    for _ in range(index + 1):
        end = start + _BATCH_START.size + _BATCH_START.unpack_from(data, start)[1]
        start, batch = end, data[start:end]
    return bytearray(batch)


_BATCH_START = Struct(">qi")


class _LenientBytes(bytearray):
    """Bytes whose parts decode whatever they hold: an escape for a byte that is no UTF-8."""

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        part = super().__getitem__(index)
        return part if isinstance(part, int) else _LenientBytes(part)

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)
