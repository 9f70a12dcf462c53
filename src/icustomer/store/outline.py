"""The part of an encoded group that tells where it belongs: a tenth of the work of decoding it.

Structs are encoded as arrays, so whoever names the first fields only is told of them only.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from icustomer.core.model import Identifier, NormalName
from icustomer.store.codec import payload_of


class FacetOutline(Struct, array_like=True, gc=False):
    """The first fields of `Facet`."""

    key: bytes
    identifiers: tuple[Identifier, ...]
    name: NormalName
    raw_name: msgspec.Raw
    birth_date: str | None


class IdOutline(Struct, array_like=True, frozen=True, gc=False):
    """The first field of `Customer` and of `Retired`."""

    id: str


class Outline(Struct, array_like=True, gc=False):
    """The first fields of `Group`."""

    id: bytes
    version: int
    facets: list[FacetOutline]
    customers: list[IdOutline]
    retired: list[IdOutline]
    overrides: msgspec.Raw
    shared: list[bytes]
    unshared: list[bytes] = field(default_factory=list)


_decode = msgspec.msgpack.Decoder(Outline).decode


def outline_of(blob: bytes) -> Outline:
    """Raises as `codec.decode` does."""
    return _decode(payload_of(blob))
