"""From problems to what mends them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct, field

from icustomer.core.keys import parse_customer_id
from icustomer.verification.problem import Law, Problem


class Remedy(StrEnum):
    """What mends a broken law."""

    SESSION = "session"
    """A session is opened only under a fence that stands, and brings one about."""
    PUBLISH = "publish"
    """Redis is right: an entry in the outbox, and its publication."""
    ERASE = "erase"
    """Nobody is there: a tombstone, by way of the outbox."""
    SETTLE = "settle"
    """An entry of a worker that is gone is taken over, published and settled."""
    TAKE_OVER = "take over"
    """Likewise, though its worker may live: that one cannot find it."""
    REBUILD = "rebuild"
    """The changelog is right: the working state is made anew from it."""
    NONE = "none"
    """Somebody else wrote there, and has to clear it away; or a worker will, once one runs."""


REMEDIES = {
    Law.FENCE: Remedy.SESSION,
    Law.GROUP_DAMAGED: Remedy.REBUILD,
    Law.GROUP_LOST: Remedy.REBUILD,
    Law.REDIS_BEHIND: Remedy.REBUILD,
    Law.FACETS: Remedy.REBUILD,
    Law.CUSTOMERS: Remedy.REBUILD,
    Law.REDIRECTS: Remedy.REBUILD,
    Law.MARKS: Remedy.REBUILD,
    Law.GUEST_EXPIRED: Remedy.NONE,
    Law.ONE_OWNER: Remedy.REBUILD,
    Law.LINK_MISSING: Remedy.REBUILD,
    Law.LINK_WRONG: Remedy.REBUILD,
    Law.LINK_ORPHAN: Remedy.REBUILD,
    Law.ALIAS_MISSING: Remedy.REBUILD,
    Law.ALIAS_WRONG: Remedy.REBUILD,
    Law.ALIAS_ORPHAN: Remedy.REBUILD,
    Law.INDEX_MISSING: Remedy.REBUILD,
    Law.INDEX_ORPHAN: Remedy.REBUILD,
    Law.KEY_UNKNOWN: Remedy.REBUILD,
    Law.UNPUBLISHED: Remedy.PUBLISH,
    Law.CHANGELOG_STALE: Remedy.PUBLISH,
    Law.CHANGELOG_DIFFERS: Remedy.REBUILD,
    Law.CHANGELOG_FOREIGN: Remedy.NONE,
    Law.PROFILE_MISSING: Remedy.PUBLISH,
    Law.PROFILE_STALE: Remedy.PUBLISH,
    Law.PROFILE_DIFFERS: Remedy.PUBLISH,
    Law.PROFILE_ERASED: Remedy.PUBLISH,
    Law.PROFILE_NOT_ERASED: Remedy.PUBLISH,
    Law.PROFILE_OF_NOBODY: Remedy.ERASE,
    Law.OUTBOX_LEFT: Remedy.SETTLE,
    Law.OUTBOX_INDEX: Remedy.TAKE_OVER,
    Law.OUTBOX_DAMAGED: Remedy.REBUILD,
}


UNFIT = frozenset((Law.FACETS, Law.CUSTOMERS, Law.REDIRECTS, Law.MARKS))
"""A group that breaks one of these is nothing for the changelog, from which no rebuild would
mend it."""


class Plan(Struct, frozen=True):
    """What to do, in this order: a rebuild keeps only what was published, and who is nobody is
    known only when all else is right."""

    session: bool = False
    publish: list[bytes] = field(default_factory=list)
    """Groups."""
    settle: bool = False
    take_over: list[bytes] = field(default_factory=list)
    """IDs of entries."""
    rebuild: bool = False
    erase: list[str] = field(default_factory=list)
    """Customer IDs of nobody; empty if there is something to be rebuilt."""


NOTHING = Plan()


def plan_for(problems: Iterable[Problem]) -> Plan:
    """What mends the problems, as far as anything does."""
    names: dict[Remedy, dict[bytes, None]] = {remedy: {} for remedy in Remedy}
    unfit: set[bytes] = set()
    for each in problems:
        names[REMEDIES[each.law]][each.concern.name] = None
        if each.law in UNFIT:
            unfit.add(each.concern.name)
    rebuild = bool(names[Remedy.REBUILD])
    return Plan(
        session=bool(names[Remedy.SESSION]),
        publish=[each for each in names[Remedy.PUBLISH] if each not in unfit],
        settle=bool(names[Remedy.SETTLE]),
        take_over=list(names[Remedy.TAKE_OVER]),
        rebuild=rebuild,
        erase=[] if rebuild else list(_customer_ids(names[Remedy.ERASE])),
    )


def _customer_ids(keys: Iterable[bytes]) -> Iterator[str]:
    """What is no customer ID was written by somebody else."""
    for key in keys:
        text = key.decode("ascii", "replace")
        if parse_customer_id(text) == text:
            yield text
