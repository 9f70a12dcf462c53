"""What `resolve` reads and what it answers: snapshots in, changes out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct, field

from icustomer.core.guests import EVERYBODY_STAYS, Guests
from icustomer.core.model import Group

SHARED = b"!"
"""Value of the link of a shared identifier. A group ID has 16 bytes, so it is never this."""

SUPPRESSED = b"-"
"""Value of the link of an identifier that is never matched nor stored."""
MARKS = frozenset((SHARED, SUPPRESSED))
"""Values of links that lead to no group."""


class Groups(Protocol):
    """Groups by their ID."""

    def __getitem__(self, group_id: bytes, /) -> Group: ...


class Snapshot(Struct):
    """What Redis held when it was asked: links, groups and aliases, absent ones included."""

    epoch: int
    links: dict[bytes, bytes | None]
    """Digest (of an identifier, or a facet key for the self-link) to group ID, SHARED or None."""
    groups: Groups
    """Every group that a link or an alias names."""
    aliases: dict[str, bytes | None] = field(default_factory=dict)
    """Customer ID to group ID."""
    guests: Guests = EVERYBODY_STAYS
    indexes: Mapping[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Digest of a shared identifier to all groups that hold its carriers, each of them in
    `groups`: of those that `indexes_needed` names, unless they are too many."""


class Outcome(StrEnum):
    """What became of an event: exactly one, the first that fits."""

    DEAD_LETTERED = "dead_lettered"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    UNRESOLVED = "unresolved"
    MERGED = "merged"
    SPLIT = "split"
    CREATED = "created"
    MATCHED = "matched"


class Verdict(Struct, frozen=True, gc=False):
    """The outcome of one item with its reason, where there is one.

    Reasons: `erased`, `identifier`, `guest_expired` or `guest_not_kept` (suppressed); `applied` or
    `nothing_new` or `too_old` (duplicate); `refused_command`, `internal_error` or `too_large`
    (dead_lettered; `detail` says why).
    """

    outcome: Outcome
    reason: str = ""
    detail: str = ""


class Note(Struct, gc=False):
    """Why a customer's profile changed in this change: the profile's `change`."""

    kind: str
    """created, matched, merged, split, claimed, redirected, republished."""
    events: int = 0
    event_ids: list[str] = field(default_factory=list)
    """The newest 100."""
    fields: list[str] = field(default_factory=list)
    """Top-level profile fields that the events touched, sorted."""


class Change(Struct):
    """All that one connected part of a batch does: committed whole or not at all."""

    items: list[int]
    """Indices, into the batch, of the items that it applies."""
    verdicts: list[Verdict]
    """One for each of `items`."""
    read_groups: dict[bytes, int]
    """Group ID to the version read. Compared by the commit."""
    read_links: dict[bytes, bytes | None]
    """Digest to the link read (None: absent). Compared by the commit."""
    read_indexes: Mapping[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Digest of a shared identifier to all groups that its index named. Compared by the commit."""
    version: int = 0
    """The version that all its writes carry, deletions included."""
    groups: list[Group] = field(default_factory=list)
    """Groups to write; each has `version`."""
    deleted: list[bytes] = field(default_factory=list)
    """Groups to delete (all their facets went elsewhere)."""
    links: dict[bytes, bytes | None] = field(default_factory=dict)
    """Links to set (group ID or SHARED) or to delete (None)."""
    index_added: list[tuple[bytes, bytes]] = field(default_factory=list)
    index_removed: list[tuple[bytes, bytes]] = field(default_factory=list)
    """(digest of a shared identifier, group ID): which groups hold carriers of it."""
    unmarked: list[bytes] = field(default_factory=list)
    """Shared identifiers that nobody here carries any more: the mark goes if no other group
    does either."""
    waiting: dict[bytes, int | None] = field(default_factory=dict)
    """Groups in which the time of guests runs otherwise than before: the earliest last act, or
    None where nobody waits any more."""
    aliases: dict[str, bytes | None] = field(default_factory=dict)
    """Customer IDs whose group changed: to set, or to delete (None)."""
    touched: list[str] = field(default_factory=list)
    """Customer IDs whose records must be published: changed, new, retired, come back."""
    notes: dict[str, Note] = field(default_factory=dict)
    republish: list[bytes] = field(default_factory=list)
    """Groups read but not written whose records were found already applied: they get an
    outbox entry all the same, since the first worker may have died before it published."""

    @property
    def writes(self) -> bool:
        return bool(self.groups or self.deleted or self.links)
