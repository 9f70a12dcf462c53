"""A part in which the time of a guest may be over: its items one after the other by their times.

What is told at the end of a guest's time, or later, never joins the guest. A guest's order that
comes too late for that, or for which there is no time at all, is applied for a trial; if it
belongs to nobody who was known in time, all begins anew without it, so that it leaves no trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from heapq import merge

from icustomer.core.burying import claim_of
from icustomer.core.change import Outcome, Verdict
from icustomer.core.commands import obey
from icustomer.core.expiring import expire
from icustomer.core.guests import Guests, act_of, last_act, waiting
from icustomer.core.model import Customer
from icustomer.core.observation import Item, Observation
from icustomer.core.part import EXPIRED, Part

NOT_KEPT = Verdict(Outcome.SUPPRESSED, "guest_not_kept")
NEVER = 1 << 63
"""Later than any end: nobody waits."""


def retained(begin: Callable[[], Part], items: Sequence[Item], guests: Guests) -> Part:
    """The part that `begin` makes, after the items. Those that belong to nobody any more are
    left out; their verdicts say so."""
    left_out: dict[int, Verdict] = {}
    while True:
        part = begin()
        refused = _Play(part, items, guests, left_out).run()
        if not refused:
            part.verdicts |= left_out
            return part
        left_out |= refused


class _Play:
    """One try."""

    def __init__(
        self, part: Part, items: Sequence[Item], guests: Guests, left_out: dict[int, Verdict]
    ) -> None:
        self._part = part
        self._items = items
        self._guests = guests
        self._left_out = left_out
        self._clock = guests.clock
        self._pending: list[tuple[int, Observation]] = []
        self._late = False
        """What is pending came late, each of it."""
        self._next_end = 0
        """When somebody's time is over next, at the earliest."""

    def run(self) -> dict[int, Verdict]:
        """The verdicts of items that must be left out; none: it is done."""
        for number in _in_time(self._items):
            if number not in self._left_out and (refused := self._take(number)):
                return refused
        return self._flush() or self._look()

    def _take(self, number: int) -> dict[int, Verdict]:
        item = self._items[number]
        self._clock = max(self._clock, item.origin.recorded_at)
        late = self._is_late(item)
        if self._next_end <= self._clock or late != self._late:
            if refused := self._flush():
                return refused
            self._look()
        self._late = late
        if isinstance(item, Observation):
            self._pending.append((number, item))
            if not item.known and not late:
                self._next_end = min(self._next_end, self._guests.end(act_of(item)))
            return {}
        refused = self._flush()
        if not refused:
            self._part.verdicts[number] = obey(self._part, item)
            self._look()
        return refused

    def _is_late(self, item: Item) -> bool:
        if not isinstance(item, Observation) or item.known:
            return False
        return self._guests.end(act_of(item)) <= self._clock

    def _look(self) -> dict[int, Verdict]:
        """Let those go whose time is over, and see whose is over next."""
        part, guests = self._part, self._guests
        expire(part, guests, self._clock)
        running = [each.last_act for each in waiting(part.facets, part.named.customers)]
        running += map(last_act, part.husks.values())
        self._next_end = min(map(guests.end, running), default=NEVER)
        return {}

    def _flush(self) -> dict[int, Verdict]:
        pending, self._pending = self._pending, []
        self._part.absorb(pending)
        return {
            number: verdict
            for number, item in pending
            if not item.known and (verdict := self._against(number, item))
        }

    def _against(self, number: int, item: Observation) -> Verdict | None:
        """Why a guest's order is not kept; None if it is, or was nothing new."""
        part, guests = self._part, self._guests
        if part.verdicts[number].outcome in {Outcome.DUPLICATE, Outcome.SUPPRESSED}:
            return None
        key, _ = claim_of(part.graves, item, part.keyring)
        holder = _holder(part, key)
        if not guests.retention:
            return None if holder and holder.status == "active" else NOT_KEPT
        if holder and holder.founded_at >= guests.end(act_of(item)):
            return EXPIRED
        members = [part.facets[key] for key in (holder.facets if holder else (key,))]
        if any(facet.known for facet in members):
            return None
        last = max(map(last_act, members))
        return EXPIRED if guests.end(last) <= self._clock else None


def _holder(part: Part, key: bytes) -> Customer | None:
    return next((each for each in part.named.customers if key in each.facets), None)


def _in_time(items: Sequence[Item]) -> Iterator[int]:
    """Numbers of the items by the times of their records, each partition in its own order:
    that is what marks of what was applied rely on."""
    runs: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        runs[item.origin.partition].append(number)
    return merge(*runs.values(), key=lambda number: items[number].origin.recorded_at)
