"""Forgetting a customer: all that tells of somebody goes, and what keeps it out stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from icustomer.core.burying import base_key, grave_of
from icustomer.core.carrying import digests, linkable
from icustomer.core.history import Cause
from icustomer.core.model import Customer, Erased, Facet
from icustomer.core.observation import ForgetCommand, SuppressCommand
from icustomer.core.part import Part


def forget(part: Part, command: ForgetCommand, holder: Customer) -> None:
    """Erase the customer, the unresolved claims that may be its own, and all IDs of theirs.

    What happened up to the command, or up to the last that was known of any of them, is dropped
    from then on when it is told of the same claims.
    """
    keys = {*holder.facets, *_led_to(part, holder)}
    gone = {key: part.facets[key] for key in keys}
    contested = part.history.standing()
    last = max(facet.last_seen for facet in gone.values())
    anchors = _bury(part, gone, max(command.occurred_at, last))
    cause = Cause(command.origin.recorded_at, command.event_id, "forget")
    erase_ids(part, anchors, command, cause)
    part.replace_facets({key: each for key, each in part.facets.items() if key not in gone})
    part.recluster(cause, contested)
    part.annotate(cause, {})


def _led_to(part: Part, holder: Customer) -> set[bytes]:
    """Unresolved facets with a linkable identifier of the customer, and those that hold an ID
    together with one of them."""
    wanted = {each for key in holder.facets for each in _linkable(part, part.facets[key])}
    customers = part.named.customers
    resolved = {key for one in customers if one.status != "unresolved" for key in one.facets}
    found = {
        key
        for key, facet in part.facets.items()
        if key not in resolved and not wanted.isdisjoint(_linkable(part, facet))
    }
    for one in customers:
        if one.status == "unresolved" and not found.isdisjoint(one.facets):
            found.update(one.facets)
    return found


def _linkable(part: Part, facet: Facet) -> list[bytes]:
    return [digest for _, digest, _ in linkable(facet, part.shared, part.rules, part.keyring)]


def _bury(part: Part, gone: Mapping[bytes, Facet], up_to: int) -> dict[bytes, bytes]:
    """Dig the graves of facets: facet key to the key of its grave."""
    anchors: dict[bytes, bytes] = {}
    for key, facet in gone.items():
        marks = digests(facet, part.rules, part.keyring) & part.marks.shared
        former = part.graves.get(base_key(facet, part.keyring))
        grave = grave_of(facet, up_to, former, marks, part.keyring)
        part.graves[grave.key] = grave
        anchors[key] = grave.key
    return anchors


def erase_ids(
    part: Part,
    anchors: Mapping[bytes, bytes],
    command: ForgetCommand | SuppressCommand,
    cause: Cause,
) -> None:
    """Take away every ID of which nothing is left without these facets, with all that redirect
    to it. `anchors`: the key of each facet that goes, to what the erased IDs hang on."""
    named = part.named
    ids = {one.id: anchors[one.facets[0]] for one in named.customers if _all_in(one, anchors)}
    ids |= {one.id: anchors[one.anchor] for one in named.retired if one.anchor in anchors}
    part.erased += [
        Erased(
            customer_id,
            anchor,
            part.version,
            command.origin.recorded_at,
            command.occurred_at,
            command.event_id,
        )
        for customer_id, anchor in ids.items()
    ]
    named.customers = [one for one in named.customers if one.id not in ids]
    named.retired = [one for one in named.retired if one.id not in ids]
    part.touched |= ids.keys()
    part.history.record_erased(ids, cause)


def _all_in(customer: Customer, keys: Collection[bytes]) -> bool:
    return bool(customer.facets) and all(key in keys for key in customer.facets)
