"""From the facets of a customer to one profile: what subscribers and agents read.

The profile is a function of the group alone, so that it comes out the same whoever makes it.
Its fields are explained in docs/reference/messages.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from icustomer.core.cluster import usable_identifiers
from icustomer.core.folding import Totals
from icustomer.core.keys import Keyring
from icustomer.core.model import Cell, Customer, Facet, Folded, Group, Identifier, Record
from icustomer.core.naming import merged_from
from icustomer.core.records import together
from icustomer.core.rules import Match, Rules
from icustomer.core.sharing import connectable

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


def profile(group: Group, customer: Customer, rules: Rules, keyring: Keyring) -> Json:
    """The profile of one customer of a group, without `change`; JSON-like."""
    return Folder(group, rules, keyring).profile(customer)


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

    def profile(self, customer: Customer) -> Json:
        """See the module's function of the same name."""
        facets = [self._facets[key] for key in customer.facets]
        retired = self._retired.get(customer.id, [])
        created_at, updated_at = rfc3339(customer.founded_at), rfc3339(customer.updated_at)
        first_seen = rfc3339(min([facet.first_seen for facet in facets]))
        last_seen = rfc3339(max([facet.last_seen for facet in facets]))
        emails, phones, accounts, identifiers = self._identifiers(customer.id, facets)
        return {
            "customer_id": customer.id,
            "version": customer.version,
            "status": customer.status,
            "created_at": created_at,
            "updated_at": updated_at,
            "first_seen": first_seen,
            "last_seen": last_seen,
            "emails": emails,
            "phones": phones,
            "accounts": accounts,
            "identifiers": identifiers,
            **_person(facets),
            **_attributes(facets),
            "orders": _orders(facets),
            "support": _support(facets),
            "merged_from": [each.id for each in retired[:MERGED_FROM_SHOWN]],
            "merged_from_count": len(retired),
        }

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

    def _identifiers(self, customer_id: str, facets: Sequence[Facet]) -> tuple[list[Json], ...]:
        """E-mails, phones, accounts and others."""
        found: dict[tuple[str, str], list[tuple[Facet, Identifier]]] = {}
        for facet in facets:
            for identifier in facet.identifiers:
                claim = facet, identifier
                found.setdefault((identifier.kind, identifier.value), []).append(claim)
        lists: tuple[list[Json], ...] = ([], [], [], [])
        for (kind, value), claims in found.items():
            entry = _entry(kind, value, claims)
            entry["use"] = self._use(customer_id, kind, value, verified=entry["verified"])
            lists[_LIST_OF.get(kind, OTHERS)].append(entry)
        for entries in lists:
            if len(entries) > 1:
                entries.sort(key=lambda entry: (entry["first_seen"], *map(str, entry.values())))
        return lists

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


def _entry(kind: str, value: str, claims: list[tuple[Facet, Identifier]]) -> Json:
    """An identifier with what all its claims say of it, without `use`."""
    entry = _shown(kind, value, max(claims, key=_last_written)[1])
    if len(claims) == 1:
        facet, identifier = claims[0]
        first_seen, last_seen = facet.first_seen, facet.last_seen
        entry["verified"] = identifier.verified
        sources: Sequence[str] = facet.sources
    else:
        first_seen = min(facet.first_seen for facet, _ in claims)
        last_seen = max(facet.last_seen for facet, _ in claims)
        entry["verified"] = any(identifier.verified for _, identifier in claims)
        sources = sorted({source for facet, _ in claims for source in facet.sources})
    entry["first_seen"] = rfc3339(first_seen)
    entry["last_seen"] = rfc3339(last_seen)
    entry["sources"] = list(sources)
    return entry


def _last_written(claim: tuple[Facet, Identifier]) -> tuple[tuple[int, str], str]:
    return claim[0].stamp, claim[1].raw


def _shown(kind: str, value: str, latest: Identifier) -> Json:
    if kind == "email":
        return {"value": latest.raw, "canonical": value}
    if kind == "phone":
        return {"value": value, "extension": latest.extension or None}
    if kind == "account":
        service, _, number = value.partition("/")
        return {"service": service.replace("%2F", "/").replace("%25", "%"), "number": number}
    return {"kind": kind, "value": value}


# -- who it is ---------------------------------------------------------------------------


def _person(facets: Sequence[Facet]) -> Json:
    named = [facet for facet in facets if facet.name.parts]
    born = [facet for facet in facets if facet.birth_date]
    name = max(named, key=_latest).raw_name if named else None
    shown = {"given": name.given, "family": name.family, "full": name.full} if name else {}
    return {
        "name": {part: text for part, text in shown.items() if text} or None,
        "birth_date": max(born, key=_latest).birth_date if born else None,
    }


def _latest(facet: Facet) -> tuple[int, str, bytes]:
    return (*facet.stamp, facet.key)


# -- attributes ----------------------------------------------------------------------------


def _attributes(facets: Sequence[Facet]) -> Json:
    cells = _cells(facets)
    preferences: Json = {}
    consents: Json = {}
    loyalty: list[Json] = []
    locale = None
    for attribute in sorted(cells):
        cell = _last(cells[attribute])
        what, _, name = attribute.partition(":")
        if what == "preference":
            preferences[name] = cell.value
        elif what == "consent":
            consents[name] = {
                "granted": cell.value,
                "at": rfc3339(cell.at),
                "source": cell.source,
            }
        elif what == "loyalty":
            loyalty.append({"program": name, **cell.value, "updated_at": rfc3339(cell.at)})
        elif what == "locale":
            locale = cell.value
    return {
        "addresses": _addresses(cells),
        "locale": locale,
        "preferences": preferences,
        "consents": consents,
        "loyalty": loyalty,
    }


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


class _Figures:
    """Counts and times of records kept in detail together with those that are not."""

    def __init__(self, records: dict[str, Record], folded: Sequence[Folded]) -> None:
        self.exact = not folded
        self.count = len(records)
        self.by_status: dict[str, int] = {}
        for record in records.values():
            status = record.value("status")
            self.by_status[status] = self.by_status.get(status, 0) + 1
        self._first = min([record.first_at for record in records.values()], default=None)
        self._last = max([record.last_at for record in records.values()], default=None)
        for each in folded:
            self._add(each)

    def _add(self, folded: Folded) -> None:
        self.count += folded.count
        for status, number in folded.by_status.items():
            self.by_status[status] = self.by_status.get(status, 0) + number
        self._first = folded.first_at if self._first is None else min(self._first, folded.first_at)
        self._last = folded.last_at if self._last is None else max(self._last, folded.last_at)

    @property
    def first_at(self) -> str | None:
        return None if self._first is None else rfc3339(self._first)

    @property
    def last_at(self) -> str | None:
        return None if self._last is None else rfc3339(self._last)


def _orders(facets: Sequence[Facet]) -> Json:
    records = _together([facet.orders for facet in facets])
    folded = [facet.folded_orders for facet in facets if facet.folded_orders]
    totals = Totals()
    for record in records.values():
        totals.add(record)
    for each in folded:
        totals.add_all(each.totals)
    figures = _Figures(records, folded)
    return {
        "count": figures.count,
        "by_status": dict(sorted(figures.by_status.items())),
        "first_at": figures.first_at,
        "last_at": figures.last_at,
        "exact": figures.exact,
        "totals": totals.told(),
        "recent": [_order(*each) for each in _newest(records)],
    }


def _order(number: str, order: Record) -> Json:
    placed_at = rfc3339(order.first_at)
    at_once = order.first_at == order.last_at
    value = order.value if order.older else order.fields.get
    return {
        "order_id": number,
        "status": value("status"),
        "placed_at": placed_at,
        "updated_at": placed_at if at_once else rfc3339(order.last_at),
        "total": value("total"),
        "shipping": value("shipping"),
        "payment": value("payment"),
    }


def _support(facets: Sequence[Facet]) -> Json:
    records = _together([facet.tickets for facet in facets])
    folded = [facet.folded_tickets for facet in facets if facet.folded_tickets]
    figures = _Figures(records, folded)
    return {
        "count": figures.count,
        "open": sum([figures.by_status.get(status, 0) for status in OPEN]),
        "last_at": figures.last_at,
        "exact": figures.exact,
        "recent": [_ticket(*each) for each in _newest(records)],
    }


def _ticket(number: str, ticket: Record) -> Json:
    opened_at = rfc3339(ticket.first_at)
    at_once = ticket.first_at == ticket.last_at
    value = ticket.value if ticket.older else ticket.fields.get
    return {
        "ticket_id": number,
        "status": value("status"),
        "channel": value("channel"),
        "direction": value("direction"),
        "subject": value("subject"),
        "satisfaction": value("satisfaction"),
        "opened_at": opened_at,
        "updated_at": opened_at if at_once else rfc3339(ticket.last_at),
    }
