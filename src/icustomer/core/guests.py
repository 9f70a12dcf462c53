"""Guests: whose time is running, until when, and what is left of those whose time is over.

Whoever only ordered as a guest is kept for so long after the last act, or after the first word
of it if that came later. What the time is, is told by the records (docs/explanation/guests.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from icustomer.core.composites import Claim
from icustomer.core.model import Facet, Group, NormalName, RawName
from icustomer.core.observation import Item, Observation

FOREVER = 1 << 62
"""A retention beyond every time: nobody expires."""


class Guests(Struct, frozen=True):
    """How long guests are kept, and what time it is."""

    retention: int
    """Microseconds after the last act; 0: an unmatched guest is not kept at all."""
    clock: int = 0
    """The record clock: all records up to it are known to be applied. Microseconds."""

    def end(self, last_act: int) -> int:
        """When the time of a guest is over; without retention it is before any time."""
        return last_act + self.retention if self.retention else 0


EVERYBODY_STAYS = Guests(FOREVER)


class Claimed(Protocol):
    """A facet, or as much of one."""

    @property
    def key(self) -> bytes: ...

    @property
    def last_seen(self) -> int: ...

    @property
    def founded_at(self) -> int: ...

    @property
    def known(self) -> bool: ...


class Holder(Protocol):
    """A customer, or as much of one."""

    @property
    def facets(self) -> tuple[bytes, ...]: ...

    @property
    def status(self) -> str: ...


class Holding(Protocol):
    """A group, or as much of one."""

    @property
    def facets(self) -> Sequence[Claimed]: ...

    @property
    def customers(self) -> Sequence[Holder]: ...


class Waiting(Struct, frozen=True):
    """Facets of guests that stand and fall together: a customer, or one of nobody yet."""

    last_act: int
    facets: tuple[bytes, ...]


def last_act(facet: Claimed) -> int:
    """When the time of a facet begins: its latest event, or when it was first told of."""
    return max(facet.last_seen, facet.founded_at)


def act_of(observation: Observation) -> int:
    """The same of an observation alone."""
    return max(observation.occurred_at, observation.origin.recorded_at)


def waiting(facets: Mapping[bytes, Claimed], customers: Sequence[Holder]) -> Iterator[Waiting]:
    """Those whose time is running: nothing in them is known but guest orders."""
    alone = dict.fromkeys(facets)
    for customer in customers:
        for key in customer.facets:
            alone.pop(key, None)
        if customer.status != "active" and customer.facets:
            # All of them, but in a group that is damaged: that is looked at, too.
            members = [facets[key] for key in customer.facets if key in facets]
            if members and not any(facet.known for facet in members):
                yield Waiting(max(map(last_act, members)), customer.facets)
    for key in alone:
        if not facets[key].known:
            yield Waiting(last_act(facets[key]), (key,))


def waiting_since(group: Holding) -> int | None:
    """The earliest last act in a group whose time is running; None if there is none."""
    if _all_active(group):
        return None
    facets = {facet.key: facet for facet in group.facets}
    return min((each.last_act for each in waiting(facets, group.customers)), default=None)


def _all_active(group: Holding) -> bool:
    """Whether every facet is a known customer's, as nearly always. Asked several times an event,
    hence the plain loop: half the time of `all` and `sum` over generators."""
    others = len(group.facets)
    for customer in group.customers:
        if customer.status != "active":
            return False
        others -= len(customer.facets)
    return not others


# -- husks ---------------------------------------------------------------------------------


def is_husk(facet: Claim) -> bool:
    """Whether a facet is what is left of one: no event makes a facet that claims nothing."""
    return not (facet.identifiers or facet.name.parts or facet.birth_date)


def husk_of(facet: Facet, at: int) -> Facet:
    """What is left of a guest's facet whose time was over at `at`: its key, and up to which
    `occurred_at` its orders bring nothing back. It waits in its turn, from `at` on."""
    return Facet(
        key=facet.key,
        identifiers=(),
        name=NormalName(),
        raw_name=RawName(),
        birth_date=None,
        first_seen=0,
        last_seen=0,
        last_event_id="",
        founded_at=at,
        founded_by=("", ""),
        applied={},
        minted=facet.minted,
        expired_at=max(facet.last_seen, facet.expired_at),
    )


def brings_nothing_back(facet: Facet | None, observation: Observation) -> bool:
    """Whether a guest's order is told again after the time of the guest was over."""
    return (
        facet is not None
        and facet.expired_at > 0
        and not observation.known
        and observation.occurred_at <= facet.expired_at
    )


# -- what needs no care --------------------------------------------------------------------


def concern(guests: Guests, groups: Sequence[Group], items: Sequence[Item]) -> bool:
    """Whether the time of anybody among them may be over, now or at any of the items."""
    if guests.retention == FOREVER:
        return False
    since = [begun for group in groups if (begun := waiting_since(group)) is not None]
    told = [act_of(item) for item in items if isinstance(item, Observation) and not item.known]
    if not since and not told:
        return False
    now = max([guests.clock, *[item.origin.recorded_at for item in items]])
    if since and guests.end(min(since)) <= now:
        return True
    if not told:
        return False
    latest = max((each.founded_at for group in groups for each in group.customers), default=0)
    return guests.end(min(told)) <= max(now, latest)
