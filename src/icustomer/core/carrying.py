"""Which identifiers connect a claim to others: those that it states, and those it makes.

One place for it, so that links, marks, groups and clusters mean the same by "carries".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from icustomer.core.composites import Claim, derived
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules


class Carried(NamedTuple):
    """An identifier that may connect."""

    kind: str
    digest: bytes
    verified: bool


def connecting(claim: Claim, rules: Rules, keyring: Keyring) -> list[Carried]:
    """The identifiers of a claim that the policy lets connect at all, shared or not."""
    connects, digest = rules.connects, keyring.identifier
    found = [
        Carried(each.kind, digest(each.kind, each.value), each.verified)
        for each in claim.identifiers
        if connects(each.kind, each.value)
    ]
    if rules.composites:
        found += [Carried(kind, made, False) for kind, made in derived(claim, rules, keyring)]  # noqa: FBT003
    return found


def linkable(
    claim: Claim, shared: Collection[bytes], rules: Rules, keyring: Keyring
) -> list[Carried]:
    """Those that make groups and have a link: connecting and not shared."""
    return [each for each in connecting(claim, rules, keyring) if each.digest not in shared]


def digests(claim: Claim, rules: Rules, keyring: Keyring) -> set[bytes]:
    """Digests of all identifiers of a claim, of whatever kind, blocked ones included."""
    found = {keyring.identifier(each.kind, each.value) for each in claim.identifiers}
    if rules.composites:
        found.update(made for _, made in derived(claim, rules, keyring))
    return found
