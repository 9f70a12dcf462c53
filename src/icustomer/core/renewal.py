"""What is stored of people, read anew under other rules: the same evidence in its new form.

Canonical forms follow from what the latest event of a facet wrote, so a facet gets another key if
one of its values gets another form, and two facets may turn out to be one. All that names facets
follows, and what keeps claims out stays. Marks of shared identifiers are left out where carriers
are left to be judged again. docs/howto/change-the-rules.md tells what cannot be read anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from icustomer.core.burying import base_key
from icustomer.core.canonical import Canonical
from icustomer.core.guests import is_husk
from icustomer.core.identifiers import canonical
from icustomer.core.keys import Keyring
from icustomer.core.model import (
    Customer,
    Decision,
    Facet,
    Grave,
    Group,
    Identifier,
    Override,
    Retired,
)
from icustomer.core.rules import Rules
from icustomer.core.uniting import united

FIXED_FORMS = frozenset({"account", "phone"})
"""Kinds whose canonical form no rule can change; what a phone was written as cannot be read
again without the country of its event."""

Keys = Mapping[bytes, bytes]
"""Key of each facet before to its key after."""


class KeptOut(Struct, frozen=True):
    """What a person's word keeps out, as far as it was found beside what is read anew."""

    graves: Mapping[bytes, int] = field(default_factory=dict)
    """Key of each grave to the `up_to` of it."""
    suppressed: Collection[bytes] = frozenset()
    """Digests of identifiers that are never stored."""


NOTHING = KeptOut()


def renewed_facet(
    facet: Facet, rules: Rules, keyring: Keyring, kept_out: KeptOut = NOTHING
) -> Facet:
    """The facet with its identifiers as the rules read them, under the key that follows. Of a
    claim that was erased it is what was told afterwards, or told in another form."""
    if is_husk(facet):
        return facet
    identifiers = _reread(facet.identifiers, rules, keyring, kept_out.suppressed)
    claim = identifiers, facet.name, facet.birth_date
    unchanged = identifiers == facet.identifiers
    base = facet.key if unchanged and not facet.erased_at else keyring.facet(*claim)
    erased_at = max(facet.erased_at, kept_out.graves.get(base, 0))
    if unchanged and erased_at == facet.erased_at:
        return facet
    key = keyring.facet(*claim, erased_at) if erased_at else base
    return replace(facet, key=key, identifiers=identifiers, erased_at=erased_at)


def _reread(
    identifiers: tuple[Identifier, ...],
    rules: Rules,
    keyring: Keyring,
    suppressed: Collection[bytes],
) -> tuple[Identifier, ...]:
    """Sorted by kind and value, each once. What the rules refuse goes, and what becomes one that
    is suppressed; but not all of it, or the evidence would be nobody's: then all stay as they
    were."""
    found: dict[tuple[str, str], Identifier] = {}
    for identifier in identifiers:
        again = _again(identifier, rules)
        if again is not None and not (
            suppressed and keyring.identifier(again.kind, again.value) in suppressed
        ):
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


def renewed(group: Group, rules: Rules, keyring: Keyring, kept_out: KeptOut = NOTHING) -> Group:
    """The group as it would be read under the rules: its clusters, its marks and its ID are
    still to be worked out, and its version is the old one."""
    facets: dict[bytes, Facet] = {}
    keys: dict[bytes, bytes] = {}
    for facet in group.facets:
        after = renewed_facet(facet, rules, keyring, kept_out)
        keys[facet.key] = after.key
        if facet.erased_at:
            keys[base_key(facet, keyring)] = base_key(after, keyring)
        known = facets.get(after.key)
        facets[after.key] = after if known is None else united(known, after)
    return replace(
        group,
        facets=[facets[key] for key in sorted(facets)],
        customers=[_customer(each, keys) for each in group.customers],
        retired=[_retired(each, keys) for each in group.retired],
        overrides=[_override(each, keys) for each in group.overrides],
        shared=_outlasting(group),
        unshared=_unshared(group, rules, keyring),
        decisions=[_decision(each, keys) for each in group.decisions],
        graves=one_of_each(_grave(each, keys) for each in group.graves),
        erased=[replace(each, anchor=keys.get(each.anchor, each.anchor)) for each in group.erased],
    )


def _grave(grave: Grave, keys: Keys) -> Grave:
    """A grave holds no data: it follows the facet of its claim that came after it, and without
    one it stays as it is."""
    return replace(grave, key=keys.get(grave.key, grave.key))


def one_of_each(graves: Iterable[Grave]) -> list[Grave]:
    """Sorted by key; those of one claim are one."""
    found: dict[bytes, Grave] = {}
    for grave in graves:
        known = found.get(grave.key, grave)
        marks = tuple(sorted({*known.marks, *grave.marks}))
        found[grave.key] = Grave(grave.key, max(known.up_to, grave.up_to), marks)
    return [found[key] for key in sorted(found)]


def _outlasting(group: Group) -> list[bytes]:
    """Marks of which carriers were erased: nobody can judge those again."""
    outlasting = {digest for grave in group.graves for digest in grave.marks}
    return [digest for digest in group.shared if digest in outlasting]


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
