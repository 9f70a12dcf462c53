"""A validated command to what the core carries out, or to the reason why it will not be."""

from __future__ import annotations

from collections.abc import Sequence

from icustomer.contracts.commands import CommandModel, Forget, Merge, Split, Suppress, Unshare
from icustomer.contracts.common import Claim
from icustomer.contracts.rejection import Reason, Rejection
from icustomer.core.identifiers import Rejected, canonical
from icustomer.core.keys import Keyring, parse_customer_id
from icustomer.core.observation import (
    Command,
    ForgetCommand,
    MergeCommand,
    Origin,
    SplitCommand,
    SuppressCommand,
    UnshareCommand,
)
from icustomer.core.rules import Rules


def instruct(
    model: CommandModel, occurred_at: int, origin: Origin, rules: Rules, keyring: Keyring
) -> Command | Rejection:
    """The command with customer IDs in their published form and identifiers as digests."""
    match model:
        case Merge():
            return _merge(model, occurred_at, origin)
        case Split():
            digests = _digests(model.identifiers or (), rules, keyring)
            return _split(model, occurred_at, origin, digests)
        case Forget():
            return _forget(model, occurred_at, origin)
        case Suppress():
            return _suppress(model, occurred_at, origin, rules, keyring)
        case Unshare():
            return _unshare(model, occurred_at, origin, rules, keyring)


def _refused(detail: str) -> Rejection:
    return Rejection(Reason.REFUSED_COMMAND, detail)


def _merge(model: Merge, occurred_at: int, origin: Origin) -> Command | Rejection:
    parsed = [parse_customer_id(text) for text in model.customer_ids]
    if None in parsed:
        return _refused(f"customer_ids.{parsed.index(None)}: no customer ID")
    customer_ids = tuple(dict.fromkeys(filter(None, parsed)))
    if len(customer_ids) == 1:
        return _refused("customer_ids: all the same customer")
    return MergeCommand(model.event_id, occurred_at, origin, customer_ids)


def _split(
    model: Split, occurred_at: int, origin: Origin, digests: tuple[bytes, ...] | Rejection
) -> Command | Rejection:
    customer_id = parse_customer_id(model.customer_id)
    if customer_id is None:
        return _refused("customer_id: no customer ID")
    if isinstance(digests, Rejection):
        return digests
    return SplitCommand(
        model.event_id, occurred_at, origin, customer_id, digests, everything=bool(model.all)
    )


def _forget(model: Forget, occurred_at: int, origin: Origin) -> Command | Rejection:
    customer_id = parse_customer_id(model.customer_id)
    if customer_id is None:
        return _refused("customer_id: no customer ID")
    return ForgetCommand(model.event_id, occurred_at, origin, customer_id)


def _suppress(
    model: Suppress, occurred_at: int, origin: Origin, rules: Rules, keyring: Keyring
) -> Command | Rejection:
    unmatched = "the rules match nobody by it, so that who carries it cannot be found"
    digest = _digest(model.identifier, unmatched, rules, keyring)
    if isinstance(digest, Rejection):
        return digest
    return SuppressCommand(model.event_id, occurred_at, origin, digest)


def _unshare(
    model: Unshare, occurred_at: int, origin: Origin, rules: Rules, keyring: Keyring
) -> Command | Rejection:
    unmatched = "the rules do not match it, so it is not shared either"
    digest = _digest(model.identifier, unmatched, rules, keyring)
    if isinstance(digest, Rejection):
        return digest
    return UnshareCommand(model.event_id, occurred_at, origin, model.identifier.kind, digest)


def _digest(claim: Claim, unmatched: str, rules: Rules, keyring: Keyring) -> bytes | Rejection:
    """Of the one identifier that a command is about. `unmatched`: why it is of no use if nobody
    is matched by it."""
    found = canonical(claim.kind, claim.value, None, rules)
    if isinstance(found, Rejected):
        return _refused(f"identifier: {found.reason}")
    if not rules.connects(claim.kind, found.value):
        return _refused(f"identifier: {unmatched}")
    return keyring.identifier(claim.kind, found.value)


def _digests(
    claims: Sequence[Claim], rules: Rules, keyring: Keyring
) -> tuple[bytes, ...] | Rejection:
    """Each once, in the order named. Phones must be international: no country is told."""
    digests: dict[bytes, None] = {}
    for index, claim in enumerate(claims):
        found = canonical(claim.kind, claim.value, None, rules)
        if isinstance(found, Rejected):
            return _refused(f"identifiers.{index}: {found.reason}")
        digests[keyring.identifier(claim.kind, found.value)] = None
    return tuple(digests)
