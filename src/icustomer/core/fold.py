"""From the facets of a customer to one profile: what subscribers and agents read.

The profile is a function of the group alone, so that it comes out the same whoever makes it.
Its fields are explained in docs/reference/messages.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import astuple

from icustomer.core.cluster import usable_identifiers
from icustomer.core.folding import Totals
from icustomer.core.keys import Keyring
from icustomer.core.model import Cell, Customer, Facet, Folded, Group, Identifier, Record
from icustomer.core.naming import merged_from
from icustomer.core.records import (
    CHANNEL,
    DIRECTION,
    PAYMENT,
    PAYMENT_FIELDS,
    SATISFACTION,
    SHIPPING,
    SHIPPING_FIELDS,
    STATUS,
    SUBJECT,
    TOTAL,
    shown,
    together,
)
from icustomer.core.rules import Match, Rules
from icustomer.core.sharing import connectable
from icustomer.core.shown import (
    ShownAccount,
    ShownConsent,
    ShownEmail,
    ShownIdentifier,
    ShownMoney,
    ShownOrder,
    ShownOrders,
    ShownOther,
    ShownPhone,
    ShownProfile,
    ShownSupport,
    ShownTicket,
)

RECENT = 10
"""Orders and tickets that a profile shows in detail."""
MERGED_FROM_SHOWN = 100
"""Retired IDs that a profile names; `merged_from_count` tells how many there are."""
EPOCH = date(1970, 1, 1)
OPEN = ("opened", "pending", "reopened")
"""Ticket states that count as open."""
DAY, HOUR, MINUTE = 86_400, 3_600, 60
"""Seconds."""
DAYS_CACHED = 16_384
"""Days whose date is remembered as text: 45 years."""
_MINUTES = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(DAY // MINUTE))
_SECONDS = tuple(f"{second:02}" for second in range(MINUTE))

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


def rfc3339(at: int) -> str:
    """Microseconds since the epoch as RFC 3339 in UTC; a fraction only where there is one."""
    seconds, fraction = divmod(at, 1_000_000)
    days, second = divmod(seconds, DAY)
    text = _date(days) + _MINUTES[second // MINUTE] + _SECONDS[second % MINUTE]
    return f"{text}.{fraction:06d}Z" if fraction else text + "Z"


@lru_cache(DAYS_CACHED)
def _date(days: int) -> str:
    return (EPOCH + timedelta(days=days)).isoformat()


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
        if len(customer.facets) == 1:
            facet = self._facets[customer.facets[0]]
            facets = [facet]
            first_seen, last_seen = rfc3339(facet.first_seen), rfc3339(facet.last_seen)
            emails, phones, accounts, identifiers = self._of_one(
                customer.id, facet, first_seen, last_seen
            )
        else:
            facets = [self._facets[key] for key in customer.facets]
            first_seen = rfc3339(min([facet.first_seen for facet in facets]))
            last_seen = rfc3339(max([facet.last_seen for facet in facets]))
            emails, phones, accounts, identifiers = self._identifiers(customer.id, facets)
        retired = self._retired.get(customer.id, ())
        cells = _cells(facets)
        attributes = _attributes(cells)
        return ShownProfile(
            customer.id,
            customer.version,
            customer.status,
            rfc3339(customer.founded_at),
            rfc3339(customer.updated_at),
            first_seen,
            last_seen,
            emails=emails,
            phones=phones,
            accounts=accounts,
            identifiers=identifiers,
            name=_name(facets),
            birth_date=_birth_date(facets),
            addresses=_addresses(cells),
            locale=attributes.locale,
            preferences=attributes.preferences,
            consents=attributes.consents,
            loyalty=attributes.loyalty,
            orders=_orders(facets),
            support=_support(facets),
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

    def _of_one(self, customer_id: str, facet: Facet, first_seen: str, last_seen: str) -> _Lists:
        """E-mails, phones, accounts and others of a single facet."""
        lists: _Lists = ([], [], [], [])
        for each in facet.identifiers:
            kind, verified = each.kind, each.verified
            seen = (
                verified,
                first_seen,
                last_seen,
                facet.sources,
                self._use(customer_id, kind, each.value, verified=verified),
            )
            lists[_LIST_OF.get(kind, OTHERS)].append(_shown(kind, each.value, each, seen))
        return _ordered(lists)

    def _identifiers(self, customer_id: str, facets: Sequence[Facet]) -> _Lists:
        """The same of several."""
        found: dict[tuple[str, str], list[tuple[Facet, Identifier]]] = {}
        for facet in facets:
            for identifier in facet.identifiers:
                claim = facet, identifier
                found.setdefault((identifier.kind, identifier.value), []).append(claim)
        lists: _Lists = ([], [], [], [])
        for (kind, value), claims in found.items():
            verified = any(identifier.verified for _, identifier in claims)
            seen = (
                verified,
                rfc3339(min([facet.first_seen for facet, _ in claims])),
                rfc3339(max([facet.last_seen for facet, _ in claims])),
                sorted({source for facet, _ in claims for source in facet.sources}),
                self._use(customer_id, kind, value, verified=verified),
            )
            latest = max(claims, key=_last_written)[1]
            lists[_LIST_OF.get(kind, OTHERS)].append(_shown(kind, value, latest, seen))
        return _ordered(lists)

    def _use(self, customer_id: str, kind: str, value: str, *, verified: bool) -> str:
        digest = self._keyring.identifier(kind, value)
        if not connectable(kind, digest, self._rules):
            return "blocked"
        if digest in self._shared:
            return "shared"
        if not verified and self._rules.kinds[kind].match is Match.VERIFIED:
            return "unverified"
        if self._claimants and self._claimants.get(digest, set()) - {customer_id}:
            return "contested"
        return "match"


def _ordered(lists: _Lists) -> _Lists:
    for each in lists:
        if len(each) > 1:
            each.sort(key=_seen_first)
    return lists


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


def _name(facets: Sequence[Facet]) -> Json | None:
    named = [facet for facet in facets if facet.name.parts]
    if not named:
        return None
    name = named[0].raw_name if len(named) == 1 else max(named, key=_latest).raw_name
    shown_parts = (("given", name.given), ("family", name.family), ("full", name.full))
    return {part: text for part, text in shown_parts if text} or None


def _birth_date(facets: Sequence[Facet]) -> str | None:
    born = [facet for facet in facets if facet.birth_date]
    return max(born, key=_latest).birth_date if born else None


def _latest(facet: Facet) -> tuple[int, str, bytes]:
    return (*facet.stamp, facet.key)


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
    seen: dict[str, tuple[tuple[int, str], Json]] = {}
    for kind in ("home", "shipping"):
        for cell in cells.get(f"address:{kind}", ()):
            entry = {**cell.value, "kind": kind}
            text = repr(sorted(entry.items()))
            if text not in seen or seen[text][0] < cell.stamp:
                seen[text] = cell.stamp, {**entry, "last_seen": rfc3339(cell.at)}
    ordered = sorted(seen.items(), key=lambda item: (item[1][0], item[0]), reverse=True)
    return [entry for _, (_, entry) in ordered]


# -- orders and tickets ----------------------------------------------------------------------


def _together(tellings: Sequence[dict[str, Record]]) -> dict[str, Record]:
    """Each order or ticket once, whichever facets tell of it."""
    if len(tellings) == 1:
        return tellings[0]
    found: dict[str, Record] = {}
    for records in tellings:
        for number, record in records.items():
            known = found.get(number)
            found[number] = together(known, record) if known else record
    return found


def _newest(records: dict[str, Record]) -> list[tuple[str, Record]]:
    """The newest with their numbers, newest first."""
    ordered = sorted([(record.first_at, number) for number, record in records.items()])
    return [(number, records[number]) for _, number in ordered[: -RECENT - 1 : -1]]


def _by_status(records: dict[str, Record], folded: Sequence[Folded]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for record in records.values():
        status = record.fields[STATUS]
        counts[status] = counts.get(status, 0) + 1
    for each in folded:
        for status, number in each.by_status.items():
            counts[status] = counts.get(status, 0) + number
    return {status: counts[status] for status in sorted(counts)} if len(counts) > 1 else counts


def _first_at(records: dict[str, Record], folded: Sequence[Folded]) -> str | None:
    times = [record.first_at for record in records.values()]
    times += [each.first_at for each in folded]
    return rfc3339(min(times)) if times else None


def _last_at(records: dict[str, Record], folded: Sequence[Folded]) -> str | None:
    times = [record.first_at + record.lasted for record in records.values()]
    times += [each.last_at for each in folded]
    return rfc3339(max(times)) if times else None


def _orders(facets: Sequence[Facet]) -> ShownOrders:
    records = _together([facet.orders for facet in facets])
    folded = [facet.folded_orders for facet in facets if facet.folded_orders]
    totals = Totals()
    for record in records.values():
        totals.add(record)
    for each in folded:
        totals.add_all(each.totals)
    return ShownOrders(
        count=len(records) + sum([each.count for each in folded]),
        by_status=_by_status(records, folded),
        first_at=_first_at(records, folded),
        last_at=_last_at(records, folded),
        exact=not folded,
        totals=totals.told(),
        recent=[_order(*each) for each in _newest(records)],
    )


def _order(number: str, order: Record) -> ShownOrder:
    placed_at = rfc3339(order.first_at)
    value = order.value
    total = value(TOTAL)
    return ShownOrder(
        number,
        value(STATUS),
        placed_at,
        rfc3339(order.first_at + order.lasted) if order.lasted else placed_at,
        None if total is None else ShownMoney(*total),
        shown(value(SHIPPING), SHIPPING_FIELDS),
        shown(value(PAYMENT), PAYMENT_FIELDS),
    )


def _support(facets: Sequence[Facet]) -> ShownSupport:
    records = _together([facet.tickets for facet in facets])
    folded = [facet.folded_tickets for facet in facets if facet.folded_tickets]
    counts = _by_status(records, folded)
    return ShownSupport(
        count=len(records) + sum([each.count for each in folded]),
        open=sum([counts.get(status, 0) for status in OPEN]),
        last_at=_last_at(records, folded),
        exact=not folded,
        recent=[_ticket(*each) for each in _newest(records)],
    )


def _ticket(number: str, ticket: Record) -> ShownTicket:
    opened_at = rfc3339(ticket.first_at)
    value = ticket.value
    return ShownTicket(
        number,
        value(STATUS),
        value(CHANNEL),
        value(DIRECTION),
        value(SUBJECT),
        value(SATISFACTION),
        opened_at,
        rfc3339(ticket.first_at + ticket.lasted) if ticket.lasted else opened_at,
    )
