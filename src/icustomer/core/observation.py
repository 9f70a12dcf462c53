"""What one accepted record says, in canonical form: the input of `resolve`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from icustomer.core.model import Identifier, NormalName, RawName


class Origin(Struct, frozen=True, gc=False):
    """Where a record came from and when the log received it."""

    partition: str
    """Input partition as facets remember it: `<short topic>+<generation>/<partition>`
    (`orders+k3Zx9/7`), another one if the topic is deleted and made again; `orders/7` where the
    broker tells no IDs of topics."""
    offset: int
    recorded_at: int
    """Kafka timestamp of the record, microseconds."""


class RecordUpdate(Struct, frozen=True, gc=False):
    """What an event says of one order or ticket: its number and the fields it states."""

    number: str
    fields: dict[str, Any]


class Observation(Struct, frozen=True, gc=False):
    """A signup, order or support event, normalised."""

    topic: str
    """`signups`, `orders` or `support`."""
    event_id: str
    source: str
    occurred_at: int
    """Clamped to the record's timestamp if it was more than 24 h later."""
    origin: Origin
    identifiers: tuple[Identifier, ...]
    """Sorted by (kind, value), no two with the same (kind, value). Kinds that the rules do
    not know are among them."""
    digests: tuple[bytes, ...]
    """`Keyring.identifier` of each, same order; then those of the composite identifiers that
    the rules make of the claim (see `composites`)."""
    name: NormalName
    raw_name: RawName
    birth_date: str | None
    facet_key: bytes
    """`Keyring.facet` of the above with `erased_at` 0."""
    known: bool
    """False for guest orders only."""
    cells: dict[str, Any]
    """Attribute (names as in `Facet.cells`) to value."""
    order: RecordUpdate | None = None
    ticket: RecordUpdate | None = None
    tally: bytes = b""
    """A hash of the event ID where the rules count the events of a facet; else empty."""
    former_keys: tuple[bytes, ...] = ()
    """Of an event that lost suppressed identifiers: the keys that its claim had, or may have
    had, before it lost them (see `suppressing`). Only graves are asked for by these."""


class MergeCommand(Struct, frozen=True, gc=False):
    """These customers are one."""

    event_id: str
    occurred_at: int
    origin: Origin
    customer_ids: tuple[str, ...]


class SplitCommand(Struct, frozen=True, gc=False):
    """This customer is several.

    `identifiers` (digests): what parts; `everything`: each facet alone; neither: undo the
    merge of a retired ID, or the latest merge of a current one.
    """

    event_id: str
    occurred_at: int
    origin: Origin
    customer_id: str
    identifiers: tuple[bytes, ...] = ()
    everything: bool = False


class ForgetCommand(Struct, frozen=True, gc=False):
    """Nothing is to be left of this customer."""

    event_id: str
    occurred_at: int
    origin: Origin
    customer_id: str


class SuppressCommand(Struct, frozen=True, gc=False):
    """This identifier is never to be matched nor stored again.

    What follows the digest is added once it is known who carries it (see `suppressing`).
    """

    event_id: str
    occurred_at: int
    origin: Origin
    digest: bytes
    carriers: tuple[bytes, ...] = ()
    """IDs of groups that links do not lead to, and that must be looked at."""
    claims: tuple[bytes, ...] = ()
    """Keys, with `erased_at` 0, that the carriers' facets will have without it."""
    refusal: str = ""
    """Why it cannot be carried out; empty if it can."""


class UnshareCommand(Struct, frozen=True, gc=False):
    """This identifier is never to be treated as shared, whatever is seen with it."""

    event_id: str
    occurred_at: int
    origin: Origin
    kind: str
    digest: bytes


Command = MergeCommand | SplitCommand | ForgetCommand | SuppressCommand | UnshareCommand
Item = Observation | Command
