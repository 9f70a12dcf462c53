"""From a part at work to what must be written: groups, links, index and aliases."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from icustomer.core.burying import lay
from icustomer.core.carrying import digests
from icustomer.core.change import SHARED, Change
from icustomer.core.grouping import Held, Places, group_ids, places_of
from icustomer.core.model import Customer, Decision, Group
from icustomer.core.overriding import overrides_of
from icustomer.core.part import Part

DECISIONS_KEPT = 100
"""Decisions that a group remembers; those of its latest version are always kept."""


def write(part: Part, change: Change) -> None:
    """Put into the change all that the part wants written."""
    if not part.reclustered:
        change.groups = _renewed(part)
        _tell(part, change)
        return
    write_anew(part, change, places_of(part.former, part.rules, part.keyring))


def write_anew(part: Part, change: Change, before: Places) -> None:
    """Likewise with groups and links worked out anew. `before`: what led to the groups read."""
    groups = _groups(part)
    change.groups = groups
    kept = {group.id for group in groups}
    change.deleted = [group.id for group in part.former if group.id not in kept]
    for group in groups:
        change.read_groups.setdefault(group.id, 0)
    _point(part, change, before)
    _tell(part, change)


def _tell(part: Part, change: Change) -> None:
    change.touched = sorted(part.touched)
    change.notes = part.history.notes


def _renewed(part: Part) -> list[Group]:
    """The groups whose facets got new data, where nobody joined and nobody parted."""
    groups = []
    for group in part.former:
        facets = [part.facets.get(each.key) or part.husks[each.key] for each in group.facets]
        if facets != group.facets:
            customers = [_current(part, customer) for customer in group.customers]
            groups.append(replace(group, version=part.version, facets=facets, customers=customers))
    return groups


def _groups(part: Part) -> list[Group]:
    held = _held(part)
    groups = [
        _group(part, group_id, each)
        for group_id, each in zip(group_ids(held, part.former), held, strict=True)
    ]
    groups += _without_carriers(part, groups)
    groups += [
        Group(each.digest, part.version, [], suppressed=[each]) for each in part.suppressed.values()
    ]
    groups += [Group(key, part.version, [part.husks[key]]) for key in sorted(part.husks)]
    if groups:
        _distribute(part, groups)
    return groups


def _held(part: Part) -> list[Held]:
    """The facets of each group to be, with the graves that lie there; then graves alone."""
    facets = [[part.facets[key] for key in sorted(keys)] for keys in part.components()]
    if not part.graves:
        return [Held(each, ()) for each in facets]
    laid, alone = lay([part.graves[key] for key in sorted(part.graves)], facets, part.keyring)
    return [*map(Held, facets, laid), *(Held((), (grave,)) for grave in alone)]


def _group(part: Part, group_id: bytes, held: Held) -> Group:
    """With the marks of what it carries; on graves only what is shared outlasts its carriers."""
    carried = {
        digest for facet in held.facets for digest in digests(facet, part.rules, part.keyring)
    }
    outlasting = {mark for grave in held.graves for mark in grave.marks}
    return Group(
        group_id,
        part.version,
        list(held.facets),
        shared=sorted((carried | outlasting) & part.marks.shared),
        unshared=sorted(carried & part.marks.unshared),
        graves=list(held.graves),
    )


def _without_carriers(part: Part, groups: Sequence[Group]) -> list[Group]:
    """What a person freed and nobody carries waits for an event that does: in a group without
    facets, whose ID is the digest."""
    carried = {digest for group in groups for digest in group.unshared}
    return [
        Group(digest, part.version, [], unshared=[digest])
        for digest in sorted(part.marks.unshared - carried)
    ]


def _distribute(part: Part, groups: list[Group]) -> None:
    """Everything goes with its facets; a decision with the customer that it is about."""
    place = {key: group for group in groups for key in _names(group)}
    home: dict[str, Group] = {}
    for customer in part.named.customers:
        home[customer.id] = place[customer.facets[0]]
        place[customer.facets[0]].customers.append(_current(part, customer))
    for retired in part.named.retired:
        home[retired.id] = place[retired.anchor]
        place[retired.anchor].retired.append(retired)
    for erased in sorted(part.erased, key=lambda each: each.id):
        home[erased.id] = place[erased.anchor]
        place[erased.anchor].erased.append(erased)
    for group in groups:
        concerned = overrides_of(part.overrides, _names(group))
        group.overrides = sorted(concerned, key=lambda each: each.stamp)
    _distribute_unplaced(part, home, groups)
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


def _current(part: Part, customer: Customer) -> Customer:
    if customer.id not in part.touched or customer.version == part.version:
        return customer
    return replace(customer, version=part.version, updated_at=max(part.at, customer.updated_at))


def _names(group: Group) -> list[bytes]:
    """What a customer's ID, an erased one or an override may hang on."""
    keys = [each.key for each in group.facets]
    keys += [each.key for each in group.graves]
    return keys + [each.digest for each in group.suppressed]


def _home_of(decision: Decision, home: dict[str, Group], groups: list[Group]) -> Group:
    for customer_id in (decision.customer_id, *decision.others):
        if customer_id in home:
            return home[customer_id]
    carrying = (
        group
        for group in groups
        if decision.digest in group.shared or decision.digest in group.unshared
    )
    # Of those who are erased husks are left, which stand last.
    return next(carrying, groups[-1 if decision.type == "erased" else 0])


def _newest(decisions: list[Decision], version: int) -> list[Decision]:
    ordered = sorted(decisions, key=lambda each: each.version)
    latest = sum(1 for each in ordered if each.version == version)
    return ordered[-max(DECISIONS_KEPT, latest) :]


def _point(part: Part, change: Change, before: Places) -> None:
    """Links, index and aliases that differ from what the groups read had."""
    after = places_of(change.groups, part.rules, part.keyring)
    gone = before.links.keys() - after.links.keys()
    change.unmarked = sorted(each for each in gone if before.links[each] == SHARED)
    change.links = {
        digest: after.links.get(digest)
        for digest in before.links.keys() | after.links.keys()
        if before.links.get(digest) != after.links.get(digest)
    }
    for digest in change.unmarked:
        del change.links[digest]
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
    """All customer IDs of the groups: current ones, retired ones, erased ones."""
    current = [customer.id for group in groups for customer in group.customers]
    current += [retired.id for group in groups for retired in group.retired]
    return current + [erased.id for group in groups for erased in group.erased]
