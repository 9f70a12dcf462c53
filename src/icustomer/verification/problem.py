"""A law that does not hold, and where: what is told of it, and what has to be looked at again."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class Law(StrEnum):
    """The laws, by the short codes that are published (docs/howto/verify.md)."""

    FENCE = "fence"
    GROUP_DAMAGED = "group_damaged"
    GROUP_LOST = "group_lost"
    REDIS_BEHIND = "redis_behind"
    FACETS = "facets"
    CUSTOMERS = "customers"
    REDIRECTS = "redirects"
    MARKS = "marks"
    GUEST_EXPIRED = "guest_expired"
    ONE_OWNER = "one_owner"
    LINK_MISSING = "link_missing"
    LINK_WRONG = "link_wrong"
    LINK_ORPHAN = "link_orphan"
    ALIAS_MISSING = "alias_missing"
    ALIAS_WRONG = "alias_wrong"
    ALIAS_ORPHAN = "alias_orphan"
    INDEX_MISSING = "index_missing"
    INDEX_ORPHAN = "index_orphan"
    KEY_UNKNOWN = "key_unknown"
    UNPUBLISHED = "unpublished"
    CHANGELOG_STALE = "changelog_stale"
    CHANGELOG_DIFFERS = "changelog_differs"
    CHANGELOG_FOREIGN = "changelog_foreign"
    PROFILE_MISSING = "profile_missing"
    PROFILE_STALE = "profile_stale"
    PROFILE_DIFFERS = "profile_differs"
    PROFILE_ERASED = "profile_erased"
    PROFILE_NOT_ERASED = "profile_not_erased"
    PROFILE_OF_NOBODY = "profile_of_nobody"
    OUTBOX_LEFT = "outbox_left"
    OUTBOX_INDEX = "outbox_index"
    OUTBOX_DAMAGED = "outbox_damaged"


class Kind(StrEnum):
    """Of what has to be looked at to see whether a problem is still there."""

    FENCE = "fence"
    GROUP = "group"
    CUSTOMER = "customer"
    LINK = "link"
    ALIAS = "alias"
    INDEX = "index"
    KEY = "key"
    OUTBOX = "outbox"


class Concern(NamedTuple):
    """One thing to be looked at: its kind, and its name as it stands in keys."""

    kind: Kind
    name: bytes = b""


class Problem(Struct, frozen=True):
    """A law that does not hold. Two looks saw the same if all of it is equal, so whatever
    moves on meanwhile (a version) stands in the detail."""

    law: Law
    group: str
    """ID of the group, hexadecimal; empty if it is of none."""
    detail: str
    """Digests in hexadecimal and IDs; nothing of a person."""
    concern: Concern


class Broken(NamedTuple):
    """A law that something breaks, before it is said where."""

    law: Law
    detail: str


def problem(broken: Broken, kind: Kind, name: bytes, group_id: bytes = b"") -> Problem:
    """Where the law is broken: what has to be looked at again, and the group if there is one."""
    return Problem(broken.law, group_id.hex(), broken.detail, Concern(kind, name))
