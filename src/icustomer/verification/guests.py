"""No guest stands longer than it may, by the record clock. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from icustomer.core.guests import FOREVER, Guests, waiting_since
from icustomer.core.model import Group
from icustomer.verification.problem import Broken, Law


def check_guests(group: Group, guests: Guests) -> Iterator[Broken]:
    """Whether the time of anybody in the group is over."""
    if guests.retention == FOREVER:
        return
    since = waiting_since(group)
    if since is not None and guests.end(since) <= guests.clock:
        over = (guests.clock - guests.end(since)) // 1_000_000 if guests.retention else 0
        yield Broken(Law.GUEST_EXPIRED, f"the time of a guest in it was over {over} s ago")
