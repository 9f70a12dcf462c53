"""Guests whose time is over leave a part: their facets, their IDs, all that was decided on them.

What is left comes to what it would be without them, but for marks: those are final.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from icustomer.core.burying import base_key
from icustomer.core.guests import Guests, Waiting, husk_of, last_act, waiting
from icustomer.core.history import Cause
from icustomer.core.model import Customer, Decision, Facet, Retired
from icustomer.core.naming import Named
from icustomer.core.part import Part

RULE = "guest_retention"
"""By which an ID is erased."""


def expire(part: Part, guests: Guests, clock: int) -> None:
    """Let those go whose time is over at `clock`, and husks that lay long enough."""
    over = [
        each
        for each in waiting(part.facets, part.named.customers)
        if guests.end(each.last_act) <= clock
    ]
    spent = [key for key, husk in part.husks.items() if guests.end(last_act(husk)) <= clock]
    if not over and not spent:
        return
    contested = part.history.standing()
    for key in spent:
        del part.husks[key]
    ends = [guests.end(each.last_act) or clock for each in over]
    for each, end in zip(over, ends, strict=True):
        _erase(part, guests, each, end)
    cause = Cause(max(ends, default=0), "", RULE)
    part.recluster(cause, contested)
    part.annotate(cause, {})


def _erase(part: Part, guests: Guests, gone: Waiting, end: int) -> None:
    """`end`: when its time was over; without retention, when that was found."""
    if guests.retention:
        for key in gone.facets:
            _leave_behind(part, part.facets[key], end)
    left = {key: facet for key, facet in part.facets.items() if key not in gone.facets}
    part.replace_facets(left)
    _erase_ids(part, gone, end)


def _leave_behind(part: Part, facet: Facet, end: int) -> None:
    """A husk; of a claim that had been forgotten before, a deeper grave: by that it is found."""
    if not facet.erased_at:
        part.husks[facet.key] = husk_of(facet, end)
        return
    grave = part.graves[base_key(facet, part.keyring)]
    part.graves[grave.key] = replace(grave, up_to=max(grave.up_to, facet.last_seen))


def _erase_ids(part: Part, gone: Waiting, end: int) -> None:
    """The guest's ID, and those that were merged into it."""
    named = part.named
    customers = [each for each in named.customers if _stays(each.facets, gone)]
    retired = [each for each in named.retired if each.anchor not in gone.facets]
    ids = _ids(named.customers, named.retired) - _ids(customers, retired)
    part.named = Named(customers, retired)
    part.touched -= ids
    history = part.history
    history.decisions = [each for each in history.decisions if each.customer_id not in ids]
    for customer_id in sorted(ids):
        history.notes.pop(customer_id, None)
        history.decisions.append(Decision("erased", part.version, end, customer_id, rule=RULE))


def _ids(customers: Iterable[Customer], retired: Iterable[Retired]) -> set[str]:
    return {each.id for each in customers} | {each.id for each in retired}


def _stays(facets: tuple[bytes, ...], gone: Waiting) -> bool:
    """Whether a customer has facets beside those that go."""
    return not set(facets) <= set(gone.facets) or not facets
