"""What was seen with a shared identifier, and which limit that exceeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from icustomer.contracts.explained_identifiers import Figures
from icustomer.core.carrying import connecting
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group
from icustomer.core.names import largest_incompatible
from icustomer.core.rules import Rules
from icustomer.core.sharing import distinct_names


class Hub(Struct, frozen=True):
    """All who state a shared identifier, as far as they are known."""

    facets: Sequence[Facet]
    customers: int
    """How many customers they belong to."""
    complete: bool
    """False: there are more."""


Hubs = Mapping[bytes, Hub]
"""By the digest of the identifier."""


def hub_of(
    groups: Iterable[Group], digest: bytes, rules: Rules, keyring: Keyring, *, is_all: bool
) -> Hub:
    """Who states an identifier within some groups; `is_all`: nobody else does."""
    facets: list[Facet] = []
    customers = 0
    for group in groups:
        carrying = {
            facet.key: facet
            for facet in group.facets
            if any(each == digest for _, each, _ in connecting(facet, rules, keyring))
        }
        facets += carrying.values()
        customers += sum(not carrying.keys().isdisjoint(each.facets) for each in group.customers)
    return Hub(facets, customers, is_all)


def figures(kind: str, hub: Hub, rules: Rules) -> Figures:
    """What the limits of a kind are held against."""
    names = distinct_names(hub.facets)
    rule = rules.kinds[kind]
    exact_up_to = len(names) if len(names) <= rules.max_distinct_names else rule.max_names
    return Figures(
        customers=hub.customers,
        claims=len({_claimed(facet, rules) for facet in hub.facets}),
        names=len(names),
        incompatible_names=min(largest_incompatible(names, exact_up_to), len(names)),
        linked=_linked(kind, hub.facets, rules),
        complete=hub.complete,
    )


def _claimed(facet: Facet, rules: Rules) -> object:
    """What a claim says but for booking numbers and the like."""
    stated = tuple(
        (each.kind, each.value)
        for each in facet.identifiers
        if each.kind not in rules.transactional
    )
    return stated, facet.name, facet.birth_date


def _linked(kind: str, facets: Sequence[Facet], rules: Rules) -> dict[str, int]:
    beside = {(each.kind, each.value) for facet in facets for each in facet.identifiers}
    counts = Counter(other for other, _ in beside if other != kind and other in rules.kinds)
    return {other: counts[other] for other in sorted(counts.keys() - rules.transactional)}


def limit_of(rule: str, kind: str, rules: Rules) -> int | None:
    """The number that a rule of sharing has for a kind."""
    own = rules.kinds[kind]
    limits = {
        "max_names": own.max_names,
        "max_linked": own.max_linked,
        "max_distinct_names": rules.max_distinct_names,
        "max_facets": rules.max_facets,
        "contested": rules.max_contested,
        "max_group": rules.max_group,
    }
    return limits.get(rule)


def exceeded(kind: str, seen: Figures, rules: Rules) -> str | None:
    """The first limit that the figures are above, in the order in which marks are made."""
    found = {
        "max_facets": seen.claims,
        "max_distinct_names": seen.names,
        "max_names": seen.incompatible_names,
        "max_linked": max(seen.linked.values(), default=0),
    }
    for rule, figure in found.items():
        limit = limit_of(rule, kind, rules)
        if limit is not None and figure > limit:
            return rule
    return None
