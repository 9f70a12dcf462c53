"""The quick way for what happens nearly always: known customers tell something more.

Where every observation belongs to a facet that is there already, and changes nothing that
decides who is one, clusters and names stay as they are. `Part` would come to the same:
wherever the tests play worlds (tests/worlds/driver.py), the two are compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from icustomer.core import facets as evidence
from icustomer.core.change import Note, Outcome, Verdict
from icustomer.core.history import EVENT_IDS_KEPT
from icustomer.core.model import Customer, Facet, Group
from icustomer.core.observation import Item, Observation

MATCHED = Verdict(Outcome.MATCHED)
UNRESOLVED = Verdict(Outcome.UNRESOLVED)
NOTHING_NEW = Verdict(Outcome.DUPLICATE, "nothing_new")
TOO_OLD = Verdict(Outcome.DUPLICATE, "too_old")


class Quick(Struct, gc=False):
    """What the observations come to."""

    verdicts: list[Verdict]
    group: Group | None
    """None: nothing is new."""
    touched: list[str]
    """Customer IDs, sorted."""
    notes: dict[str, Note]


class _News(Struct, gc=False):
    """What a facet was told in one segment."""

    event_ids: list[tuple[int, str]]
    """(number of the item, event ID)."""
    fields: set[str]


def quick(group: Group, items: Sequence[Item], version: int) -> Quick | None:
    """The observations applied to their group, or None if that takes a closer look: anything
    new to clustering, a command, or a record that was applied before."""
    facets = {facet.key: facet for facet in group.facets}
    verdicts: list[Verdict] = []
    news: dict[bytes, _News] = {}
    at = 0
    for number, item in enumerate(items):
        if not isinstance(item, Observation):
            return None
        before = facets.get(item.facet_key)
        if (
            before is None
            or before.erased_at
            or before.expired_at
            or evidence.already_applied(before, item)
        ):
            return None
        applied = evidence.apply(before, item, item.facet_key)
        after = applied.facet
        if after is before:
            verdicts.append(TOO_OLD if applied.too_old else NOTHING_NEW)
            continue
        if evidence.differs(before, after):
            return None
        facets[item.facet_key] = after
        verdicts.append(MATCHED)
        told = news.get(item.facet_key)
        if told is None:
            news[item.facet_key] = _News([(number, item.event_id)], set(applied.fields))
        else:
            told.event_ids.append((number, item.event_id))
            told.fields |= applied.fields
        at = max(at, item.origin.recorded_at)
    if not news:
        return Quick(verdicts, None, [], {})
    return _told(group, facets, version, verdicts, news, at)


def _told(
    group: Group,
    facets: dict[bytes, Facet],
    version: int,
    verdicts: list[Verdict],
    news: dict[bytes, _News],
    at: int,
) -> Quick:
    customers: list[Customer] = []
    notes: dict[str, Note] = {}
    resolved: set[bytes] = set()
    for customer in group.customers:
        told = [news[key] for key in customer.facets if key in news]
        if not told:
            customers.append(customer)
            continue
        updated_at = max(at, customer.updated_at)
        customers.append(replace(customer, version=version, updated_at=updated_at))
        notes[customer.id] = _note(told)
        if customer.status != "unresolved":
            resolved.update(customer.facets)
    for key, each in news.items():
        if key not in resolved:
            for number, _ in each.event_ids:
                verdicts[number] = UNRESOLVED
    changed = replace(
        group,
        version=version,
        facets=[facets[facet.key] for facet in group.facets],
        customers=customers,
    )
    return Quick(verdicts, changed, sorted(notes), notes)


def _note(told: list[_News]) -> Note:
    if len(told) == 1:
        event_ids = [event_id for _, event_id in told[0].event_ids]
        fields = told[0].fields
    else:
        event_ids = [
            event_id for _, event_id in sorted(each for one in told for each in one.event_ids)
        ]
        fields = set().union(*[one.fields for one in told])
    return Note("matched", len(event_ids), event_ids[-EVENT_IDS_KEPT:], sorted(fields))
