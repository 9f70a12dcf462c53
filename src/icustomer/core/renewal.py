"""What is stored of people, read anew under other rules: the same evidence in its new form.

Canonical forms follow from what the latest event of a facet wrote, so a facet gets another key if
one of its values gets another form, and two facets may turn out to be one. All that names facets
follows. Marks of shared identifiers are left out: the new rules judge all carriers again.
docs/explanation/protocol.md tells what cannot be read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from icustomer.core.canonical import Canonical
from icustomer.core.facet_union import together
from icustomer.core.identifiers import canonical
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Decision, Facet, Group, Identifier, Override, Retired
from icustomer.core.rules import Rules

FIXED_FORMS = frozenset({"account", "phone"})
"""Kinds whose canonical form no rule can change; what a phone was written as cannot be read
again without the country of its event."""

Keys = Mapping[bytes, bytes]
"""Key of each facet before to its key after."""


def renewed_facet(facet: Facet, rules: Rules, keyring: Keyring) -> Facet:
    """The facet with its identifiers as the rules read them, under the key that follows."""
    identifiers = _reread(facet.identifiers, rules)
    if identifiers == facet.identifiers:
        return facet
    key = keyring.facet(identifiers, facet.name, facet.birth_date, facet.erased_at)
    return replace(facet, key=key, identifiers=identifiers)


def _reread(identifiers: tuple[Identifier, ...], rules: Rules) -> tuple[Identifier, ...]:
    """Sorted by kind and value, each once. What the rules refuse goes; but not all of it, or
    the evidence would be nobody's: then all stay as they were."""
    found: dict[tuple[str, str], Identifier] = {}
    for identifier in identifiers:
        again = _again(identifier, rules)
        if again is not None:
            name = again.kind, again.value
            known = found.get(name)
            verified = again.verified or (known is not None and known.verified)
            found[name] = replace(known or again, verified=verified)
    return tuple(found[name] for name in sorted(found)) or identifiers


def _again(identifier: Identifier, rules: Rules) -> Identifier | None:
    kind = identifier.kind
    if kind in FIXED_FORMS:
        return identifier
    form = canonical(kind, identifier.raw, None, rules)
    if isinstance(form, Canonical):
        return replace(identifier, value=form.value)
    # Only a kind of the rules' own can have become stricter.
    return None if kind in rules.own_kinds else identifier


def renewed(group: Group, rules: Rules, keyring: Keyring) -> Group:
    """The group as it would be read under the rules: its clusters, its marks and its ID are
    still to be worked out, and its version is the old one."""
    facets: dict[bytes, Facet] = {}
    keys: dict[bytes, bytes] = {}
    for facet in group.facets:
        after = renewed_facet(facet, rules, keyring)
        keys[facet.key] = after.key
        known = facets.get(after.key)
        facets[after.key] = after if known is None else together(known, after)
    return replace(
        group,
        facets=[facets[key] for key in sorted(facets)],
        customers=[_customer(each, keys) for each in group.customers],
        retired=[_retired(each, keys) for each in group.retired],
        overrides=[_override(each, keys) for each in group.overrides],
        shared=[],
        unshared=_unshared(group, rules, keyring),
        decisions=[_decision(each, keys) for each in group.decisions],
    )


def _renamed(names: Iterable[bytes], keys: Keys) -> tuple[bytes, ...]:
    return tuple(sorted({keys.get(each, each) for each in names}))


def _customer(customer: Customer, keys: Keys) -> Customer:
    anchor = keys.get(customer.anchor, customer.anchor)
    return replace(customer, anchor=anchor, facets=_renamed(customer.facets, keys))


def _retired(retired: Retired, keys: Keys) -> Retired:
    return replace(retired, anchor=keys.get(retired.anchor, retired.anchor))


def _override(override: Override, keys: Keys) -> Override:
    """The word with the facets that it names under their new keys."""
    return replace(
        override,
        sides=tuple(_renamed(side, keys) for side in override.sides),
        rest=_renamed(override.rest, keys),
    )


def _decision(decision: Decision, keys: Keys) -> Decision:
    if not decision.sides:
        return decision
    return replace(decision, sides=tuple(_renamed(side, keys) for side in decision.sides))


def _unshared(group: Group, rules: Rules, keyring: Keyring) -> list[bytes]:
    """A person's word on an identifier holds for the value as it was read, and for what becomes
    of it."""
    found = set(group.unshared)
    if found:
        for identifier in (each for facet in group.facets for each in facet.identifiers):
            after = _again(identifier, rules)
            if after and keyring.identifier(identifier.kind, identifier.value) in found:
                found.add(keyring.identifier(after.kind, after.value))
    return sorted(found)
