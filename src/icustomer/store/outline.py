"""The part of an encoded group that tells where it belongs: a tenth of the work of decoding it.

Structs are encoded as arrays, so whoever names the first fields only is told of them only.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from icustomer.core.model import Grave, Identifier, NormalName, Suppressed
from icustomer.store.codec import payload_of


class FacetOutline(Struct, array_like=True, gc=False):
    """The first fields of `Facet`."""

    key: bytes
    identifiers: tuple[Identifier, ...]
    name: NormalName
    raw_name: msgspec.Raw
    birth_date: str | None
    first_seen: int
    last_seen: int
    last_event_id: msgspec.Raw
    founded_at: int
    founded_by: msgspec.Raw
    applied: msgspec.Raw
    sources: msgspec.Raw
    known: bool


class CustomerOutline(Struct, array_like=True, frozen=True, gc=False):
    """The first fields of `Customer`: all of them."""

    id: str
    anchor: msgspec.Raw
    founded_at: int
    version: int
    updated_at: int
    facets: tuple[bytes, ...]
    status: str


class IdOutline(Struct, array_like=True, frozen=True, gc=False):
    """The first field of `Customer`, `Retired` and `Erased`."""

    id: str


class Outline(Struct, array_like=True, gc=False):
    """The fields of `Group`; what leads nowhere is left as it is."""

    id: bytes
    version: int
    facets: list[FacetOutline]
    customers: list[CustomerOutline]
    retired: list[IdOutline]
    overrides: msgspec.Raw
    shared: list[bytes]
    unshared: list[bytes]
    decisions: msgspec.Raw
    graves: list[Grave] = field(default_factory=list)
    erased: list[IdOutline] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)


_decode = msgspec.msgpack.Decoder(Outline).decode


def outline_of(blob: bytes) -> Outline:
    """Raises as `codec.decode` does."""
    return _decode(payload_of(blob))
