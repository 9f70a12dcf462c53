"""Which rules hold in a space: written into the claim of each rebuild, and so into the fence.

Every script compares the fence, and a session is opened only under the last claim. So what
stands there holds for everything that is written, and workers with other rules write nothing.
Where a claim landed late, the one with the highest number says which rules hold.
"""

from __future__ import annotations

from msgspec import Struct

from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import OtherRulesError
from icustomer.store.port import Claim

PARTS = 5
"""Of the nonce of a claim, parted by dots: fingerprint of the key, chance, fingerprint of the
rules, number of the claim that made them hold, and when that was."""


class Activation(Struct, frozen=True):
    """Rules that hold, and since when."""

    fingerprint: str
    """`Rules.fingerprint`."""
    since: int = 0
    """Number of the claim from which on they hold; 0: from the beginning of the space. Groups
    whose version is of an older epoch were worked out by former rules."""
    at: int = 0
    """When they were made to hold, microseconds: whoever completes the switch comes to the same."""


def stamped(nonce: str, activation: Activation) -> str:
    """The nonce of a claim that says which rules hold."""
    return f"{nonce}.{activation.fingerprint}.{activation.since}.{activation.at}"


def activation_of(claim: Claim | None) -> Activation | None:
    """What the claim says; the built-in rules if it is of a release that wrote nothing of rules;
    None if there is no claim: whoever makes the first one says which rules hold."""
    if claim is None:
        return None
    parts = claim.nonce.split(".")
    if len(parts) != PARTS or not (parts[-1].isdigit() and parts[-2].isdigit()):
        return Activation(DEFAULT_RULES.fingerprint)
    return Activation(parts[-3], int(parts[-2]), int(parts[-1]))


def check_rules(claim: Claim | None, fingerprint: str) -> None:
    """Raises `OtherRulesError` if other rules hold than those of this process."""
    active = activation_of(claim)
    if active is not None and active.fingerprint != fingerprint:
        raise OtherRulesError(
            f"the rules of ICUSTOMER_RULES have the fingerprint {fingerprint}, but this space is "
            f"matched by rules with {active.fingerprint}: name the file of those "
            "(icustomer rules show FILE tells the fingerprint), switch the space to yours with "
            "icustomer rules activate, or use another ICUSTOMER_SPACE"
        )
