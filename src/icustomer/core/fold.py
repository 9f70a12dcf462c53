"""From the facets of a customer to one profile: what subscribers and agents read.

The profile is a function of the group alone, so that it comes out the same whoever makes it.
Its fields are explained in docs/reference/messages.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import astuple

from icustomer.core.cluster import usable_identifiers
from icustomer.core.fold_records import shown_orders, shown_support
from icustomer.core.keys import Keyring
from icustomer.core.model import (
    Cell,
    Customer,
    Facet,
    Group,
    Identifier,
)
from icustomer.core.naming import merged_from
from icustomer.core.rules import Match, Rules
from icustomer.core.shown import (
    ShownAccount,
    ShownConsent,
    ShownEmail,
    ShownIdentifier,
    ShownOther,
    ShownPhone,
    ShownProfile,
)
from icustomer.core.survivorship import ADDRESS_USES, Survivor, address_text
from icustomer.core.times import rfc3339

MERGED_FROM_SHOWN = 100
"""Retired IDs that a profile names; `merged_from_count` tells how many there are."""
_LIST_OF = {"email": 0, "phone": 1, "account": 2}
OTHERS = 3
"""Place of the list of all other kinds."""

Json = dict[str, Any]
_Entries = list[ShownIdentifier]
_Lists = tuple[_Entries, _Entries, _Entries, _Entries]


def profile(group: Group, customer: Customer, rules: Rules, keyring: Keyring) -> Json:
    """The profile of one customer of a group, without `change`; JSON-like."""
    shown_profile = Folder(group, rules, keyring).profile(customer)
    document: Json = msgspec.to_builtins(shown_profile)
    return document


class Folder:
    """Folds the customers of one group; what they have in common is worked out once."""

    def __init__(self, group: Group, rules: Rules, keyring: Keyring) -> None:
        self._group = group
        self._rules = rules
        self._keyring = keyring
        self._facets = {facet.key: facet for facet in group.facets}
        self._shared = frozenset(group.shared)
        self._retired = merged_from(group.customers, group.retired) if group.retired else {}
        self._claimants = self._claims() if len(group.customers) > 1 else {}

    def profile(self, customer: Customer) -> ShownProfile:
        """The profile of one of the group's customers; its `change` is left to the caller."""
        facets = [self._facets[key] for key in customer.facets]
        emails, phones, accounts, identifiers = self._identifiers(customer.id, facets)
        retired = self._retired.get(customer.id, ())
        survivor = self._rules.survivor
        cells = _cells(facets) if survivor.latest_cells else survivor.cells(facets)
        attributes = _attributes(cells)
        return ShownProfile(
            customer.id,
            customer.version,
            customer.status,
            rfc3339(customer.founded_at),
            rfc3339(customer.updated_at),
            rfc3339(min([facet.first_seen for facet in facets])),
            rfc3339(max([facet.last_seen for facet in facets])),
            emails=emails,
            phones=phones,
            accounts=accounts,
            identifiers=identifiers,
            name=_name(facets, survivor),
            birth_date=_birth_date(facets, survivor),
            addresses=(
                _addresses(cells)
                if survivor.latest_cells
                else [_address(*each) for each in survivor.addresses(facets)]
            ),
            locale=attributes.locale,
            preferences=attributes.preferences,
            consents=attributes.consents,
            loyalty=attributes.loyalty,
            orders=shown_orders(facets),
            support=shown_support(facets),
            merged_from=[each.id for each in retired[:MERGED_FROM_SHOWN]],
            merged_from_count=len(retired),
        )

    # -- identifiers ---------------------------------------------------------------------

    def _claims(self) -> dict[bytes, set[str]]:
        """Usable identifiers by digest: IDs of the resolved customers that claim them."""
        claimants: dict[bytes, set[str]] = {}
        for customer in self._group.customers:
            if customer.status == "unresolved":
                continue
            for key in customer.facets:
                usable = usable_identifiers(
                    self._facets[key], self._shared, self._rules, self._keyring
                )
                for _, identifier in usable:
                    claimants.setdefault(identifier.digest, set()).add(customer.id)
        return claimants

    def _identifiers(self, customer_id: str, facets: Sequence[Facet]) -> _Lists:
        """E-mails, phones, accounts and others."""
        lists: _Lists = ([], [], [], [])
        for (kind, value), claims in _claims_of(facets).items():
            facet, latest = claims[0]
            verified, sources = latest.verified, facet.sources
            first_seen, last_seen = facet.first_seen, facet.last_seen
            if len(claims) > 1:
                latest = max(claims, key=_last_written)[1]
                verified = any(identifier.verified for _, identifier in claims)
                first_seen = min([facet.first_seen for facet, _ in claims])
                last_seen = max([facet.last_seen for facet, _ in claims])
                sources = tuple(sorted({each for facet, _ in claims for each in facet.sources}))
            seen = (
                verified,
                rfc3339(first_seen),
                rfc3339(last_seen),
                sources,
                self._use(customer_id, kind, value, verified=verified),
            )
            lists[_LIST_OF.get(kind, OTHERS)].append(_shown(kind, value, latest, seen))
        for each in lists:
            if len(each) > 1:
                each.sort(key=_seen_first)
        return lists

    def _use(self, customer_id: str, kind: str, value: str, *, verified: bool) -> str:
        rule = self._rules.kinds.get(kind)
        if rule is None or not self._rules.connects(kind, value):
            return "blocked"
        if self._shared or self._claimants:
            digest = self._keyring.identifier(kind, value)
            if digest in self._shared:
                return "shared"
        if not verified and rule.match is Match.VERIFIED:
            return "unverified"
        if self._claimants and self._claimants.get(digest, set()) - {customer_id}:
            return "contested"
        return "match"


def _claims_of(facets: Sequence[Facet]) -> dict[tuple[str, str], list[tuple[Facet, Identifier]]]:
    """Who claims each identifier."""
    found: dict[tuple[str, str], list[tuple[Facet, Identifier]]] = {}
    for facet in facets:
        for identifier in facet.identifiers:
            name = identifier.kind, identifier.value
            if name in found:
                found[name].append((facet, identifier))
            else:
                found[name] = [(facet, identifier)]
    return found


def _last_written(claim: tuple[Facet, Identifier]) -> tuple[tuple[int, str], str]:
    return claim[0].stamp, claim[1].raw


def _seen_first(entry: ShownIdentifier) -> tuple[str, ...]:
    return (entry.first_seen, *map(str, astuple(entry)))


def _shown(
    kind: str, value: str, latest: Identifier, seen: tuple[bool, str, str, Sequence[str], str]
) -> ShownIdentifier:
    """`seen`: verified, first and last seen, sources, use."""
    if kind == "email":
        return ShownEmail(latest.raw, value, *seen)
    if kind == "phone":
        return ShownPhone(value, latest.extension or None, *seen)
    if kind == "account":
        service, _, number = value.partition("/")
        return ShownAccount(service.replace("%2F", "/").replace("%25", "%"), number, *seen)
    return ShownOther(kind, value, *seen)


# -- who it is ---------------------------------------------------------------------------


def _name(facets: Sequence[Facet], survivor: Survivor) -> Json | None:
    named = [facet for facet in facets if facet.name.parts]
    if not named:
        return None
    name = named[0].raw_name if len(named) == 1 else survivor.name(named).raw_name
    shown_parts = (("given", name.given), ("family", name.family), ("full", name.full))
    return {part: text for part, text in shown_parts if text} or None


def _birth_date(facets: Sequence[Facet], survivor: Survivor) -> str | None:
    born = [facet for facet in facets if facet.birth_date]
    return survivor.birth_date(born).birth_date if born else None


# -- attributes ----------------------------------------------------------------------------


class _Attributes(Struct, gc=False):
    locale: str | None = None
    preferences: Json = field(default_factory=dict)
    consents: Json = field(default_factory=dict)
    loyalty: list[Json] = field(default_factory=list)


def _attributes(cells: dict[str, list[Cell]]) -> _Attributes:
    """The latest value of each, whatever the source."""
    found = _Attributes()
    for attribute in sorted(cells):
        cell = _last(cells[attribute])
        what, _, name = attribute.partition(":")
        if what == "preference":
            found.preferences[name] = cell.value
        elif what == "consent":
            found.consents[name] = ShownConsent(cell.value, rfc3339(cell.at), cell.source)
        elif what == "loyalty":
            standing = {"program": name, **cell.value, "updated_at": rfc3339(cell.at)}
            found.loyalty.append(standing)
        elif what == "locale":
            found.locale = cell.value
    return found


def _cells(facets: Sequence[Facet]) -> dict[str, list[Cell]]:
    """Cells by attribute, of all facets."""
    if len(facets) == 1:
        return facets[0].cells
    cells: dict[str, list[Cell]] = {}
    for facet in facets:
        for attribute, values in facet.cells.items():
            cells.setdefault(attribute, []).extend(values)
    return cells


def _last(cells: Sequence[Cell]) -> Cell:
    if len(cells) == 1:
        return cells[0]
    return max(cells, key=lambda cell: (*cell.stamp, cell.source, str(cell.value)))


def _addresses(cells: dict[str, list[Cell]]) -> list[Json]:
    """Each distinct address once for each of its uses, the latest first."""
    told = [(kind, cell) for kind in ADDRESS_USES for cell in cells.get(f"address:{kind}", ())]
    if len(told) <= 1:
        return [_address(*each) for each in told]
    seen: dict[str, tuple[str, Cell]] = {}
    for kind, cell in told:
        text = address_text(kind, cell)
        if text not in seen or seen[text][1].stamp < cell.stamp:
            seen[text] = kind, cell
    ordered = sorted(seen, key=lambda text: (seen[text][1].stamp, text), reverse=True)
    return [_address(*seen[text]) for text in ordered]


def _address(kind: str, cell: Cell) -> Json:
    return {**cell.value, "kind": kind, "last_seen": rfc3339(cell.at)}
