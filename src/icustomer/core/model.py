"""The state: facets of evidence, and the groups that hold them.

Every struct here is encoded as an array, field by field in the order of declaration.
New fields go to the end and carry a default, so that tomorrow's code reads today's data.
None of them can be part of a cycle, so the garbage collector need not look at them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field


class Identifier(Struct, array_like=True, frozen=True, gc=False):
    """One claim "this is me": a kind and its canonical value, as an event made it."""

    kind: str
    value: str
    raw: str
    """The value as the latest event of the facet wrote it."""
    verified: bool = False
    extension: str = ""
    """Digits dialled after the number; phones only, no part of the identity."""


class NormalName(Struct, array_like=True, frozen=True, gc=False):
    """A name cut into comparable parts: accents dropped, case folded (see `names`)."""

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    """Parts of a full name that nobody told apart; last, a mark of the generation ("jr."), which
    ends with a dot as no part does."""

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts, without the mark."""
        return self.given + self.family + (self.undivided if self.other else ())

    @property
    def undivided(self) -> tuple[str, ...]:
        """What nobody told apart, without the mark."""
        return self.other[:-1] if self.generation else self.other

    @property
    def generation(self) -> str:
        """The mark: sr., jr., iii. or iv.; empty if nobody told."""
        return self.other[-1] if self.other and self.other[-1].endswith(".") else ""


class RawName(Struct, array_like=True, frozen=True, gc=False):
    """A name as written."""

    given: str | None = None
    family: str | None = None
    full: str | None = None


class Cell(Struct, array_like=True, frozen=True, gc=False):
    """One value of one attribute with the stamp that ranks it.

    Of two cells the one with the greater `(at, event_id)` holds (last writer wins).
    """

    value: Any
    """JSON-like: text, number, bool, list, dict or None."""
    at: int
    """`occurred_at` of the event."""
    event_id: str
    source: str = ""

    @property
    def stamp(self) -> tuple[int, str]:
        return self.at, self.event_id


class Record(Struct, array_like=True, gc=False):
    """What is known of an order or a ticket: every field as last told.

    Fields go by their place (see `records`). Most records are told once or a few times, so the
    fields of the latest event share its stamp, and only what earlier ones said besides has a
    cell of its own.
    """

    event_id: str
    """Of the latest event: the greatest `(last_at, event_id)`."""
    first_at: datetime
    """The earliest `occurred_at` of any event that told of it, in UTC. (Kept as a time of
    MessagePack, it is read and shown without a step in Python.)"""
    lasted: int
    """Microseconds from there to the latest one: mostly none, and cheaper to keep so."""
    fields: list[Any]
    """What the latest event states; None and what is left out at the end: nothing."""
    older: dict[int, Cell] = field(default_factory=dict)
    """Fields that the latest event does not state, as last told. Without a source."""

    @property
    def last_at(self) -> datetime:
        """The latest `occurred_at` of any event that told of it, in UTC."""
        return self.first_at + timedelta(microseconds=self.lasted) if self.lasted else self.first_at

    def value(self, place: int) -> Any:
        """A field as last told; None if no event states it."""
        fields = self.fields
        if place < len(fields) and fields[place] is not None:
            return fields[place]
        cell = self.older.get(place) if self.older else None
        return cell.value if cell else None

    def values(self, count: int) -> list[Any]:
        """So many fields as last told."""
        if self.older:
            return [self.value(place) for place in range(count)]
        return (self.fields + NOTHING_STATED)[:count]


NOTHING_STATED: list[Any] = [None] * 8
"""More than the fields of an order or a ticket."""


class Folded(Struct, array_like=True, gc=False):
    """Figures of the records that are too old to be kept in detail."""

    count: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    totals: dict[str, str] = field(default_factory=dict)
    """Currency to amount, decimal as text; cancelled and refunded orders left out."""
    first_at: int = 0
    last_at: int = 0
    """The latest `last_at` among the folded: what is new and not later was folded already."""
    numbers: bytes = b""
    """8-byte hashes of the newest folded numbers, so that a late event is recognised."""


class Facet(Struct, array_like=True, gc=False):
    """All events that made the same claim of who somebody is: the unit of evidence."""

    key: bytes
    """16 bytes: keyed digest of identifiers, normalised name, birth date and `erased_at`."""
    identifiers: tuple[Identifier, ...]
    """Sorted by (kind, value)."""
    name: NormalName
    raw_name: RawName
    birth_date: str | None
    first_seen: int
    last_seen: int
    """Smallest and greatest `occurred_at`."""
    last_event_id: str
    """Breaks ties of `last_seen`: the latest event is the greatest (last_seen, last_event_id)."""
    founded_at: int
    """Kafka timestamp of the record that founded the facet."""
    founded_by: tuple[str, str]
    """(source, event_id) of that record."""
    applied: dict[str, int]
    """Input partition (see `Origin.partition`) to the last applied offset."""
    sources: tuple[str, ...] = ()
    known: bool = False
    """True as soon as one event is no guest order: then this is evidence of a customer."""
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    """Attribute to the latest cell of each source, latest first. Attributes: `locale`,
    `address:home`, `address:shipping`, `preference:<name>`, `consent:<purpose>`,
    `loyalty:<program>`. Where the rules count events, also `tally` (see `tallies`)."""
    orders: dict[str, Record] = field(default_factory=dict)
    tickets: dict[str, Record] = field(default_factory=dict)
    folded_orders: Folded | None = None
    folded_tickets: Folded | None = None
    minted: int = 0
    """How many customer IDs were minted from this facet."""
    erased_at: int = 0
    """Non-zero: the same claim was erased before, up to this `occurred_at`."""
    expired_at: int = 0
    """Non-zero: the same claim was a guest's whose time was over, and orders of guests up to
    this `occurred_at` bring nothing back."""

    @property
    def stamp(self) -> tuple[int, str]:
        return self.last_seen, self.last_event_id


class Customer(Struct, array_like=True, gc=False):
    """One cluster of facets under one ID: what subscribers see."""

    id: str
    anchor: bytes
    """Key of the facet that the ID hangs on."""
    founded_at: int
    """Age of the ID: Kafka timestamp of the founding record. The oldest (founded_at, id) wins."""
    version: int
    """Version of the group at which this customer's profile last changed."""
    updated_at: int
    """Greatest Kafka timestamp among the records that changed it."""
    facets: tuple[bytes, ...] = ()
    """Keys of its facets, sorted; empty for an ID that sleeps."""
    status: str = "active"
    """`active`, `guest` or `unresolved`."""


class Retired(Struct, array_like=True, gc=False):
    """An ID that was merged into another; it comes back when the evidence parts again."""

    id: str
    anchor: bytes
    founded_at: int
    merged_into: str
    """As last published. Redirects may chain; the chain ends at the holder of the anchor."""
    version: int
    """Version of the group at which the redirect was last published."""


class Override(Struct, array_like=True, gc=False):
    """A person's word on who is one: ordered by (at, event_id), outlasting the evidence."""

    kind: str
    """`must` (all facets of all sides are one), `cannot` (no cluster holds two sides) or
    `void` (kept so that the command is recognised when it comes again)."""
    at: int
    event_id: str
    sides: tuple[tuple[bytes, ...], ...] = ()
    """Facet keys of each side."""
    rest: tuple[bytes, ...] = ()
    """Facets that count with side two but are not clustered with it first."""
    customer_ids: tuple[str, ...] = ()
    """The customers that the command named."""

    @property
    def stamp(self) -> tuple[int, str]:
        return self.at, self.event_id


class Decision(Struct, array_like=True, gc=False):
    """One entry of a group's bounded history; published as an identity change."""

    type: str
    """created, merged, split, claimed, erased, identifier_shared, identifier_unshared,
    merge_refused, suspicious."""
    version: int
    at: int
    """Kafka timestamp of the record that brought it about."""
    customer_id: str
    """Empty for `identifier_shared` and `identifier_unshared`."""
    others: tuple[str, ...] = ()
    """Retired IDs (merged), parts (split), the second customer (merge_refused)."""
    kind: str = ""
    digest: bytes = b""
    """Kind and digest of the identifier that decided."""
    event_id: str = ""
    rule: str = ""
    sides: tuple[tuple[bytes, ...], ...] = ()
    """merged only: for each of `others`, its facets then; last, the survivor's facets then."""


class Grave(Struct, array_like=True, frozen=True, gc=False):
    """What is left of a facet that was erased: nothing that tells of anybody."""

    key: bytes
    """Of the facet, as it is with `erased_at` 0: what every event of the same claim asks for."""
    up_to: int
    """Events of the claim with an `occurred_at` up to this are dropped."""
    marks: tuple[bytes, ...] = ()
    """Sorted digests of its identifiers that are shared: that outlasts it."""


class Erased(Struct, array_like=True, frozen=True, gc=False):
    """An ID that stands for nobody any more, nor ever will: its record is a tombstone."""

    id: str
    anchor: bytes
    """Key of a grave, or digest of a suppressed identifier, in the same group."""
    version: int
    """Of its tombstone: the version of the group at which it was erased."""
    at: int
    """Kafka timestamp of the command."""
    said_at: int
    event_id: str
    """Stamp of the command, which is recognised by it when it comes again."""

    @property
    def stamp(self) -> tuple[int, str]:
        return self.said_at, self.event_id


class Suppressed(Struct, array_like=True, frozen=True, gc=False):
    """An identifier that is never matched nor stored again: nothing of it but its digest."""

    digest: bytes
    """Also the ID of the group that it stands in, by itself."""
    said_at: int
    event_id: str
    """Stamp of the command."""


class Group(Struct, array_like=True, gc=False):
    """Facets that identifiers connect: the unit of storage and of commit."""

    id: bytes
    """16 bytes: the key of one of its facets or graves, or the digest that it suppresses, or that
    of the unshared identifier that it keeps while nothing carries it."""
    version: int
    """`epoch << 40 | n`; see `version_after`."""
    facets: list[Facet]
    """Sorted by key. None in a group of graves, of what is suppressed, or of what is unshared."""
    customers: list[Customer] = field(default_factory=list)
    retired: list[Retired] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    shared: list[bytes] = field(default_factory=list)
    """Sorted digests of identifiers in it that carry the shared mark."""
    unshared: list[bytes] = field(default_factory=list)
    """Sorted digests of identifiers in it that are never to be marked."""
    decisions: list[Decision] = field(default_factory=list)
    graves: list[Grave] = field(default_factory=list)
    """Sorted by key. A grave lies with the facet of the same claim that came after it, else
    alone."""
    erased: list[Erased] = field(default_factory=list)
    """Sorted by ID."""
    suppressed: list[Suppressed] = field(default_factory=list)


VERSION_EPOCH_SHIFT = 40
"""n has 40 bits, the epoch the rest: versions stay below 2**53, exact in every JSON reader,
for 8,191 epochs of a million million changes each."""


def epoch_of(version: int) -> int:
    """The epoch part of a version: the number of the rebuild after which it was written."""
    return version >> VERSION_EPOCH_SHIFT


def number_of(version: int) -> int:
    """The other part: it grows with every change, whatever the epoch."""
    return version & ((1 << VERSION_EPOCH_SHIFT) - 1)


def version_after(epoch: int, highest_read: int) -> int:
    """The version that a commit writes: (epoch of the fence, highest n read + 1)."""
    return (epoch << VERSION_EPOCH_SHIFT) | (number_of(highest_read) + 1)
