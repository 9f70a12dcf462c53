"""What tells one state of a group or of a profile from another: its version and a digest. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from icustomer.store.codec import payload_of

DIGEST_BITS = 64
"""Two states of one key and one version that differ and look the same: one in 10^19."""

_decode = msgspec.json.decode
_encode = msgspec.json.Encoder(order="sorted").encode


class Stamp(NamedTuple):
    """Of one state."""

    version: int
    digest: int


def digest_of(content: bytes) -> int:
    """Digest of what is said; never 0."""
    return int.from_bytes(blake2b(content, digest_size=DIGEST_BITS // 8).digest(), "big") or 1


def digest_of_blob(blob: bytes) -> int:
    """Digest of an encoded group: of what is packed in it, for releases may pack otherwise. A
    blob that is none has one, too."""
    try:
        return digest_of(payload_of(blob))
    except ValueError:
        return digest_of(blob)


def digest_of_profile(value: bytes) -> int:
    """Digest of a profile or redirect without `change`, which is a courtesy and not of the
    state; whatever the order of its fields. What is no JSON has one, too."""
    try:
        document = _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return digest_of(value)
    if isinstance(document, dict):
        document.pop("change", None)
    return digest_of(_encode(document))
