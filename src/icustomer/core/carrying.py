"""Which identifiers connect a claim to others: those that it states, and those it makes.

One place for it, so that links, marks, groups and clusters mean the same by "carries".
"""

from __future__ import annotations

from collections.abc import Collection

from icustomer.core.composites import Claim, derived
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules

Carried = tuple[str, bytes, bool]
"""An identifier that may connect: kind, digest, and whether the claim has proof of it. A plain
tuple, because millions are made and let go."""


def connecting(claim: Claim, rules: Rules, keyring: Keyring) -> list[Carried]:
    """The identifiers of a claim that the policy lets connect at all, shared or not."""
    connects, digest = rules.connects, keyring.identifier
    found = [
        (each.kind, digest(each.kind, each.value), each.verified)
        for each in claim.identifiers
        if connects(each.kind, each.value)
    ]
    if rules.composites:
        found += [(kind, made, False) for kind, made in derived(claim, rules, keyring)]
    return found


def linkable(
    claim: Claim, shared: Collection[bytes], rules: Rules, keyring: Keyring
) -> list[Carried]:
    """Those that make groups and have a link: connecting and not shared."""
    found = connecting(claim, rules, keyring)
    return [each for each in found if each[1] not in shared] if shared else found


def digests(claim: Claim, rules: Rules, keyring: Keyring) -> set[bytes]:
    """Digests of all identifiers of a claim, of whatever kind, blocked ones included."""
    found = {keyring.identifier(each.kind, each.value) for each in claim.identifiers}
    if rules.composites:
        found.update(made for _, made in derived(claim, rules, keyring))
    return found
