"""Groups to bytes and back: small, fast, the same bytes for the same group.

How a blob is made is told in `formats`; this is the list of the formats that there are.
"""

from __future__ import annotations

from functools import partial
from importlib import resources

import msgspec

from icustomer.core.model import Group
from icustomer.errors import OperatorError
from icustomer.store.formats import HEAD_BYTES, RAW, VERSION_DIGITS, ZSTD, Codec, Format

__all__ = [
    "CODEC_VERSION",
    "HEAD_BYTES",
    "RAW",
    "VERSION_DIGITS",
    "ZSTD",
    "DamagedGroupError",
    "decode",
    "encode",
    "group_of",
    "is_tombstone",
    "payload_of",
    "tombstone",
    "version_of",
    "version_text",
]


class DamagedGroupError(OperatorError):
    """What stands in Redis for a group is none: no record is to blame, and none is set aside."""


def _shipped(name: str) -> bytes:
    return resources.files("icustomer.store").joinpath("data", name).read_bytes()


_CODEC = Codec(
    [Format(1, partial(_shipped, "group-v1.zdict"), msgspec.msgpack.Decoder(Group).decode)]
)
"""A format is never taken away, and a new dictionary is a new format: docs/reference/state.md
tells how one is added."""

CODEC_VERSION = _CODEC.newest
encode = _CODEC.encode
decode = _CODEC.decode
payload_of = _CODEC.payload_of


def group_of(group_id: bytes, blob: bytes) -> Group:
    """The group that stands under an ID. Raises `NewerStateError` as `decode` does, and
    `DamagedGroupError` for what is no blob, or another group's."""
    try:
        group = decode(blob)
    except ValueError as error:
        raise _damaged(group_id) from error
    if group.id != group_id:
        raise _damaged(group_id)
    return group


def _damaged(group_id: bytes) -> DamagedGroupError:
    return DamagedGroupError(
        f"group {group_id.hex()} in Redis is damaged and cannot be read; no event was set aside "
        "for it: mend it from the changelog with icustomer verify --repair, or all groups with "
        "icustomer rebuild"
    )


def version_of(blob: bytes) -> int:
    """The version of the group in a blob, without decoding it."""
    return int(blob[:VERSION_DIGITS], 16)


def version_text(version: int) -> bytes:
    """A version as blobs and scripts hold it: text order is number order."""
    return b"%016x" % version


def tombstone(version: int) -> bytes:
    """What stands for a group that is gone, in a rebuild: its version and nothing else."""
    return version_text(version)


def is_tombstone(value: bytes) -> bool:
    """Whether a value of a rebuild stands for a group that is gone."""
    return len(value) == VERSION_DIGITS
