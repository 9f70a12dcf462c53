"""Taking an identifier out of the evidence: its facets become those of the claim without it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from icustomer.core.burying import without_mark
from icustomer.core.carrying import digests
from icustomer.core.erasing import erase_ids
from icustomer.core.history import Cause
from icustomer.core.model import Customer, Facet, Identifier, Suppressed
from icustomer.core.naming import oldest
from icustomer.core.observation import SuppressCommand
from icustomer.core.overriding import renamed, renamed_sides
from icustomer.core.part import Part
from icustomer.core.suppressing import remaining
from icustomer.core.uniting import united


def take_out(part: Part, command: SuppressCommand) -> bool:
    """Suppress the identifier and rewrite all in the part that carries it; False if it was
    suppressed before and nothing in the part carries it."""
    digest = command.digest
    rewritten = {
        key: _without(part, facet, left)
        for key, facet in part.facets.items()
        if (left := remaining(facet, digest, part.keyring)) != facet.identifiers
    }
    unmarked = without_mark(part.graves, digest)
    if digest in part.suppressed and not rewritten and not unmarked:
        return False
    part.graves |= unmarked
    contested = part.history.standing()
    part.suppressed.setdefault(digest, Suppressed(digest, command.occurred_at, command.event_id))
    cause = Cause(command.origin.recorded_at, command.event_id, "suppress")
    _rewrite(part, command, rewritten, cause)
    part.marks.shared.discard(digest)
    part.marks.unshared.discard(digest)
    part.recluster(cause, contested)
    part.annotate(cause, {})
    return True


def _without(part: Part, facet: Facet, left: tuple[Identifier, ...]) -> Facet | None:
    """The facet of the claim without the identifier; None if that tells of nobody, or was erased
    after all that is known of the facet had happened: told again, it would be kept out."""
    base = part.keyring.facet(left, facet.name, facet.birth_date)
    grave = part.graves.get(base)
    if grave and facet.last_seen <= grave.up_to:
        return None
    erased_at = grave.up_to if grave else 0
    key = part.keyring.facet(left, facet.name, facet.birth_date, erased_at)
    made = replace(facet, key=key, identifiers=left, erased_at=erased_at)
    return made if digests(made, part.rules, part.keyring) else None


def _rewrite(
    part: Part,
    command: SuppressCommand,
    rewritten: Mapping[bytes, Facet | None],
    cause: Cause,
) -> None:
    """Put the facets in place of the former ones, wherever anything names those."""
    moved = {key: facet.key for key, facet in rewritten.items() if facet}
    nothing = {key: command.digest for key, facet in rewritten.items() if facet is None}
    # Those, too, whose facet is one with a rewritten one from now on.
    changed = {*moved, *moved.values()}
    part.touched |= {one.id for one in part.named.customers if not changed.isdisjoint(one.facets)}
    _leave(part, nothing)
    erase_ids(part, nothing, command, cause)
    part.replace_facets(_with_rewritten(part.facets, rewritten))
    named = part.named
    named.customers = [_moved(one, moved, nothing) for one in named.customers]
    named.retired = [
        replace(one, anchor=moved.get(one.anchor, one.anchor)) for one in named.retired
    ]
    part.overrides = [renamed(each, moved) for each in part.overrides]
    part.history.decisions = [
        replace(each, sides=renamed_sides(each.sides, moved)) if each.sides else each
        for each in part.history.decisions
    ]


def _leave(part: Part, nothing: Mapping[bytes, bytes]) -> None:
    """IDs that hang on facets of which nothing is left move to the oldest other facet of their
    customer, if it has one."""
    named = part.named
    place: dict[bytes, bytes] = {}
    for one in named.customers:
        others = [part.facets[key] for key in one.facets if key not in nothing]
        if others:
            place |= dict.fromkeys(one.facets, oldest(others).key)
    stay = {key: place[key] for key in nothing if key in place}
    named.customers = [
        replace(one, anchor=stay.get(one.anchor, one.anchor)) for one in named.customers
    ]
    named.retired = [replace(one, anchor=stay.get(one.anchor, one.anchor)) for one in named.retired]
    part.touched |= {one.id for one in named.customers if not stay.keys().isdisjoint(one.facets)}


def _with_rewritten(
    facets: Mapping[bytes, Facet], rewritten: Mapping[bytes, Facet | None]
) -> dict[bytes, Facet]:
    kept = {key: facet for key, facet in facets.items() if key not in rewritten}
    for facet in rewritten.values():
        if facet is not None:
            there = kept.get(facet.key)
            kept[facet.key] = united(there, facet) if there else facet
    return kept


def _moved(
    customer: Customer, moved: Mapping[bytes, bytes], nothing: Mapping[bytes, bytes]
) -> Customer:
    keys = {moved.get(key, key) for key in customer.facets if key not in nothing}
    return replace(
        customer,
        anchor=moved.get(customer.anchor, customer.anchor),
        facets=tuple(sorted(keys)),
    )
