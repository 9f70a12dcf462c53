"""From a part at work to what must be written: groups, links, index and aliases."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from icustomer.core.carrying import digests
from icustomer.core.change import Change
from icustomer.core.grouping import group_ids, places_of
from icustomer.core.model import Customer, Decision, Facet, Group
from icustomer.core.part import Part, overrides_of

DECISIONS_KEPT = 100
"""Decisions that a group remembers; those of its latest version are always kept."""


def write(part: Part, change: Change) -> None:
    """Put into the change all that the part wants written."""
    if not part.reclustered:
        change.groups = _renewed(part)
        _tell(part, change)
        return
    groups = _groups(part)
    change.groups = groups
    kept = {group.id for group in groups}
    change.deleted = [group.id for group in part.former if group.id not in kept]
    for group in groups:
        change.read_groups.setdefault(group.id, 0)
    _point(part, change)
    _tell(part, change)


def _tell(part: Part, change: Change) -> None:
    change.touched = sorted(part.touched)
    change.notes = part.history.notes


def _renewed(part: Part) -> list[Group]:
    """The groups whose facets got new data, where nobody joined and nobody parted."""
    groups = []
    for group in part.former:
        facets = [part.facets[facet.key] for facet in group.facets]
        if facets != group.facets:
            customers = [_current(part, customer) for customer in group.customers]
            groups.append(replace(group, version=part.version, facets=facets, customers=customers))
    return groups


def _groups(part: Part) -> list[Group]:
    keys_by_group = [sorted(keys) for keys in part.components()]
    facets_by_group = [[part.facets[key] for key in keys] for keys in keys_by_group]
    ids = group_ids(facets_by_group, part.former)
    groups = [
        Group(group_id, part.version, facets)
        for group_id, facets in zip(ids, facets_by_group, strict=True)
    ]
    _distribute(part, groups)
    return groups


def _distribute(part: Part, groups: list[Group]) -> None:
    """Everything goes with its facets; a decision with the customer that it is about."""
    place = {facet.key: group for group in groups for facet in group.facets}
    home: dict[str, Group] = {}
    for customer in part.named.customers:
        home[customer.id] = place[customer.facets[0]]
        place[customer.facets[0]].customers.append(_current(part, customer))
    for retired in part.named.retired:
        home[retired.id] = place[retired.anchor]
        place[retired.anchor].retired.append(retired)
    for group in groups:
        digests = _digests(part, group.facets)
        group.shared = sorted(digests & part.marks.shared)
        group.unshared = sorted(digests & part.marks.unshared)
        keys = [facet.key for facet in group.facets]
        group.overrides = sorted(overrides_of(part.overrides, keys), key=lambda each: each.stamp)
    _distribute_unplaced(part, home, groups)
    groups += _without_carriers(part, groups)
    for decision in part.history.decisions:
        _home_of(decision, home, groups).decisions.append(decision)
    for group in groups:
        group.decisions = _newest(group.decisions, part.version)


def _distribute_unplaced(part: Part, home: dict[str, Group], groups: list[Group]) -> None:
    """An override without facets (void) stays with the customers that it named."""
    for override in part.overrides:
        if not override.sides:
            where = {id(home[each]): home[each] for each in override.customer_ids if each in home}
            for group in where.values() or [groups[0]]:
                group.overrides = sorted([*group.overrides, override], key=lambda each: each.stamp)


def _without_carriers(part: Part, groups: Sequence[Group]) -> list[Group]:
    """What a person freed and nobody carries waits for an event that does: in a group without
    facets, whose ID is the digest."""
    carried = {digest for group in groups for digest in group.unshared}
    return [
        Group(digest, part.version, [], unshared=[digest])
        for digest in sorted(part.marks.unshared - carried)
    ]


def _current(part: Part, customer: Customer) -> Customer:
    if customer.id not in part.touched or customer.version == part.version:
        return customer
    return replace(customer, version=part.version, updated_at=max(part.at, customer.updated_at))


def _digests(part: Part, facets: Sequence[Facet]) -> set[bytes]:
    return {digest for facet in facets for digest in digests(facet, part.rules, part.keyring)}


def _home_of(decision: Decision, home: dict[str, Group], groups: list[Group]) -> Group:
    for customer_id in (decision.customer_id, *decision.others):
        if customer_id in home:
            return home[customer_id]
    carrying = (
        group
        for group in groups
        if decision.digest in group.shared or decision.digest in group.unshared
    )
    return next(carrying, groups[0])


def _newest(decisions: list[Decision], version: int) -> list[Decision]:
    ordered = sorted(decisions, key=lambda each: each.version)
    latest = sum(1 for each in ordered if each.version == version)
    return ordered[-max(DECISIONS_KEPT, latest) :]


def _point(part: Part, change: Change) -> None:
    """Links, index and aliases that differ from what the groups read had."""
    before = places_of(part.former, part.rules, part.keyring)
    after = places_of(change.groups, part.rules, part.keyring)
    change.links = {
        digest: after.links.get(digest)
        for digest in before.links.keys() | after.links.keys()
        if before.links.get(digest) != after.links.get(digest)
    }
    change.index_added = sorted(after.index - before.index)
    change.index_removed = sorted(before.index - after.index)
    former = _aliases(part.former)
    current = _aliases(change.groups)
    change.aliases = {
        customer_id: current.get(customer_id)
        for customer_id in former.keys() | current.keys()
        if former.get(customer_id) != current.get(customer_id)
    }


def _aliases(groups: Sequence[Group]) -> dict[str, bytes]:
    return {customer_id: group.id for group in groups for customer_id in ids_of([group])}


def ids_of(groups: Sequence[Group]) -> list[str]:
    """All customer IDs of the groups, current ones first."""
    current = [customer.id for group in groups for customer in group.customers]
    return current + [retired.id for group in groups for retired in group.retired]
