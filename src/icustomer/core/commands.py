"""A person's word on a part: merge what is one, split what is several.

A command adds an override and clusters again. The override bears the command's stamp, so
the same command is recognised when it comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from icustomer.core.change import Outcome, Verdict
from icustomer.core.erasing import forget
from icustomer.core.history import Cause
from icustomer.core.model import Customer, Decision, Facet, Override
from icustomer.core.naming import holder_of
from icustomer.core.observation import (
    Command,
    ForgetCommand,
    MergeCommand,
    SplitCommand,
    SuppressCommand,
    UnshareCommand,
)
from icustomer.core.part import Part
from icustomer.core.rewriting import take_out
from icustomer.core.unsharing import unshare


class Sides(NamedTuple):
    """What a cannot-link keeps apart, and what counts with side two besides."""

    sides: tuple[tuple[bytes, ...], ...]
    rest: tuple[bytes, ...] = ()


class RefusedError(Exception):
    """The command cannot be carried out; the text says why."""


def obey(part: Part, command: Command) -> Verdict:
    """Carry the command out on the part; the verdict for its item."""
    stamp = (command.occurred_at, command.event_id)
    if any(override.stamp == stamp for override in part.overrides):
        part.replayed = True
        return Verdict(Outcome.DUPLICATE, "applied")
    try:
        return _carry_out(part, command)
    except RefusedError as error:
        return Verdict(Outcome.DEAD_LETTERED, "refused_command", str(error))


def _carry_out(part: Part, command: Command) -> Verdict:
    match command:
        case MergeCommand():
            return _merge(part, command)
        case SplitCommand():
            return _split(part, command)
        case ForgetCommand():
            return _forget(part, command)
        case SuppressCommand():
            return _suppress(part, command)
        case UnshareCommand():
            return unshare(part, command)


def _holder(part: Part, customer_id: str) -> Customer:
    holder = holder_of(customer_id, part.named.customers, part.named.retired)
    if any(each.id == customer_id for each in part.erased):
        raise RefusedError(f"{customer_id} was forgotten")
    if holder is None:
        raise RefusedError(f"no customer has the ID {customer_id}")
    return holder


def _add(
    part: Part, command: MergeCommand | SplitCommand, kind: str, sides: Sides, ids: Sequence[str]
) -> None:
    part.overrides.append(
        Override(kind, command.occurred_at, command.event_id, *sides, customer_ids=tuple(ids))
    )


def _recluster(part: Part, command: MergeCommand | SplitCommand, rule: str) -> None:
    cause = Cause(command.origin.recorded_at, command.event_id, rule)
    part.recluster(cause)
    part.annotate(cause, {})


# -- merge -----------------------------------------------------------------------------


def _merge(part: Part, command: MergeCommand) -> Verdict:
    holders = [_holder(part, customer_id) for customer_id in command.customer_ids]
    sides = Sides(tuple(dict.fromkeys(each.facets for each in holders)))
    _forbid_again(part, command, holders)
    _add(part, command, "must", sides, command.customer_ids)
    _recluster(part, command, "must_link")
    joined = {_holder(part, customer_id).id for customer_id in command.customer_ids}
    if len(joined) > 1:
        return Verdict(Outcome.MATCHED, "overruled", "a later command keeps them apart")
    return Verdict(Outcome.MERGED if len(sides.sides) > 1 else Outcome.MATCHED)


def _forbid_again(part: Part, command: MergeCommand, holders: Sequence[Customer]) -> None:
    """A later split that had nothing to forbid, since the merge that it took back was all that
    held its customers together, forbids what this merge says."""
    facets = {each.id: each.facets for each in holders}
    stamp = (command.occurred_at, command.event_id)
    for number, each in enumerate(part.overrides):
        if each.kind == "void" and not each.sides and each.stamp > stamp:
            parted = sorted(_current_ids(part, each.customer_ids) & facets.keys())
            if len(parted) > 1:
                sides = tuple(facets[customer_id] for customer_id in parted)
                part.overrides[number] = replace(each, kind="cannot", sides=sides)


def _current_ids(part: Part, customer_ids: Sequence[str]) -> set[str]:
    holders = (holder_of(each, part.named.customers, part.named.retired) for each in customer_ids)
    return {each.id for each in holders if each is not None}


# -- split -----------------------------------------------------------------------------


def _split(part: Part, command: SplitCommand) -> Verdict:
    holder = _holder(part, command.customer_id)
    if command.identifiers:
        return _part(part, command, _by_identifiers(part, holder, command.identifiers))
    if command.everything:
        if len(holder.facets) < 2:  # noqa: PLR2004 - one cannot be parted
            raise RefusedError("all that is known of the customer is one claim: nothing to part")
        return _part(part, command, Sides(tuple((key,) for key in holder.facets)))
    return _undo(part, command, holder)


def _part(part: Part, command: SplitCommand, sides: Sides) -> Verdict:
    _add(part, command, "cannot", sides, [command.customer_id])
    _recluster(part, command, "cannot_link")
    parted = bool(part.named.splits)
    return Verdict(Outcome.SPLIT) if parted else Verdict(Outcome.MATCHED, "overruled")


def _by_identifiers(part: Part, holder: Customer, wanted: Sequence[bytes]) -> Sides:
    """A facet that names both sides goes where its strongest identifier points."""
    leaving = tuple(
        key for key in holder.facets if _points_away(part, part.facets[key], frozenset(wanted))
    )
    staying = tuple(key for key in holder.facets if key not in leaving)
    if not leaving:
        raise RefusedError(
            "no claim of the customer rests on the identifiers alone: "
            "it has none of them, or a stronger one beside each"
        )
    if not staying:
        raise RefusedError("everything known of the customer carries the identifiers")
    return Sides((leaving, staying))


def _points_away(part: Part, facet: Facet, wanted: frozenset[bytes]) -> bool:
    strength = {kind: rank for rank, kind in enumerate(part.rules.kinds)}
    ranked: dict[int, list[bytes]] = {}
    for identifier in facet.identifiers:
        rank = strength.get(identifier.kind, len(strength))
        digest = part.keyring.identifier(identifier.kind, identifier.value)
        ranked.setdefault(rank, []).append(digest)
    return bool(ranked) and wanted.issuperset(ranked[min(ranked)])


def _undo(part: Part, command: SplitCommand, holder: Customer) -> Verdict:
    """Undo the merge of a retired ID, or the latest merge of a current one."""
    merge = _merge_to_undo(part, command.customer_id, holder)
    side_two = tuple(key for key in merge.sides[1] if key in part.facets)
    side_one = tuple(key for key in merge.sides[0] if key in part.facets)
    if not side_one or not side_two:
        raise RefusedError(f"nothing is left of one side of the merge of {merge.others[0]}")
    if merge.rule == "must_link" and not _is_later(part, merge.event_id, command):
        _void(part, merge.event_id)
        _recluster(part, command, "cannot_link")
        if _apart(part, merge):
            _add(part, command, "void", Sides(()), [merge.others[0], merge.customer_id])
            return Verdict(Outcome.SPLIT)
    rest = tuple(
        key
        for customer in part.named.customers
        for key in customer.facets
        if key not in side_one and key not in side_two
    )
    return _part(part, command, Sides((side_one, side_two), rest))


def _merge_to_undo(part: Part, customer_id: str, holder: Customer) -> Decision:
    retired = {each.id for each in part.named.retired if each.anchor in holder.facets}
    merges = [
        (decision.version, number, decision)
        for number, decision in enumerate(part.history.decisions)
        if decision.type == "merged"
        and decision.others[0] in retired
        and (customer_id == holder.id or customer_id in decision.others)
    ]
    if not merges:
        raise RefusedError(f"no merge of {customer_id} is known that could be undone")
    return max(merges, key=lambda each: each[:2])[2]


def _apart(part: Part, merge: Decision) -> bool:
    place = {key: each.id for each in part.named.customers for key in each.facets}
    one, two = ({place.get(key) for key in side} for side in merge.sides)
    return one.isdisjoint(two)


def _is_later(part: Part, event_id: str, command: SplitCommand) -> bool:
    """Whether the merge that a command made was given after the split, which came late: then it
    stands, and the split holds against what was said and told before."""
    stamp = (command.occurred_at, command.event_id)
    return any(
        each.kind == "must" and each.event_id == event_id and each.stamp > stamp
        for each in part.overrides
    )


def _void(part: Part, event_id: str) -> None:
    part.overrides = [
        replace(each, kind="void") if each.kind == "must" and each.event_id == event_id else each
        for each in part.overrides
    ]


# -- forget and suppress ---------------------------------------------------------------


def _forget(part: Part, command: ForgetCommand) -> Verdict:
    stamp = (command.occurred_at, command.event_id)
    if any((each.id, each.stamp) == (command.customer_id, stamp) for each in part.erased):
        part.replayed = True
        return Verdict(Outcome.DUPLICATE, "applied")
    forget(part, command, _holder(part, command.customer_id))
    return Verdict(Outcome.MATCHED)


def _suppress(part: Part, command: SuppressCommand) -> Verdict:
    if command.refusal:
        raise RefusedError(command.refusal)
    if not take_out(part, command):
        part.replayed = True
        return Verdict(Outcome.DUPLICATE, "applied")
    return Verdict(Outcome.SPLIT if part.named.splits else Outcome.MATCHED)
