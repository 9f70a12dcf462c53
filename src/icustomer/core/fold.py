"""From the facets of a customer to one profile: what subscribers and agents read.

The profile is a function of the group alone, so that it comes out the same whoever makes it.
Its fields are explained in docs/reference/messages.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from icustomer.core.cluster import usable_identifiers
from icustomer.core.facets import beats
from icustomer.core.folding import with_total, with_totals
from icustomer.core.keys import Keyring
from icustomer.core.model import Cell, Customer, Facet, Folded, Group, Identifier, Record
from icustomer.core.naming import merged_from
from icustomer.core.rules import Match, Rules
from icustomer.core.sharing import connectable

RECENT = 10
"""Orders and tickets that a profile shows in detail."""
MERGED_FROM_SHOWN = 100
"""Retired IDs that a profile names; `merged_from_count` tells how many there are."""
OPEN = ("opened", "pending", "reopened")
"""Ticket states that count as open."""
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all times are UTC; the Z is put by hand
SECONDS_CACHED = 65_536
"""A time stands several times in a profile, and again in the next version of it."""

Json = dict[str, Any]


def profile(group: Group, customer: Customer, rules: Rules, keyring: Keyring) -> Json:
    """The profile of one customer of a group, without `change`; JSON-like."""
    return Folder(group, rules, keyring).profile(customer)


def rfc3339(at: int) -> str:
    """Microseconds since the epoch as RFC 3339 in UTC; a fraction only where there is one."""
    seconds, fraction = divmod(at, 1_000_000)
    text = _second(seconds)
    return f"{text}.{fraction:06d}Z" if fraction else f"{text}Z"


@lru_cache(SECONDS_CACHED)
def _second(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).isoformat()


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
        return {
            "customer_id": customer.id,
            "version": customer.version,
            "status": customer.status,
            "created_at": rfc3339(customer.founded_at),
            "updated_at": rfc3339(customer.updated_at),
            "first_seen": rfc3339(min(facet.first_seen for facet in facets)),
            "last_seen": rfc3339(max(facet.last_seen for facet in facets)),
            **self._identifiers(customer.id, facets),
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

    def _identifiers(self, customer_id: str, facets: Sequence[Facet]) -> dict[str, list[Json]]:
        found: dict[tuple[str, str], list[tuple[Facet, Identifier]]] = {}
        for facet in facets:
            for identifier in facet.identifiers:
                found.setdefault((identifier.kind, identifier.value), []).append(
                    (facet, identifier)
                )
        lists: dict[str, list[Json]] = {
            "emails": [],
            "phones": [],
            "accounts": [],
            "identifiers": [],
        }
        for (kind, value), claims in found.items():
            name = {"email": "emails", "phone": "phones", "account": "accounts"}.get(kind)
            entry = self._identifier(kind, value, claims)
            entry["use"] = self._use(customer_id, kind, value, verified=entry["verified"])
            lists[name or "identifiers"].append(entry)
        for entries in lists.values():
            entries.sort(key=lambda entry: (entry["first_seen"], *map(str, entry.values())))
        return lists

    @staticmethod
    def _identifier(kind: str, value: str, claims: list[tuple[Facet, Identifier]]) -> Json:
        latest = max(claims, key=lambda claim: (claim[0].stamp, claim[1].raw))[1]
        sources = sorted({source for facet, _ in claims for source in facet.sources})
        verified = any(identifier.verified for _, identifier in claims)
        return {
            **_shown(kind, value, latest),
            "verified": verified,
            "first_seen": rfc3339(min(facet.first_seen for facet, _ in claims)),
            "last_seen": rfc3339(max(facet.last_seen for facet, _ in claims)),
            "sources": sources,
        }

    def _use(self, customer_id: str, kind: str, value: str, *, verified: bool) -> str:
        digest = self._keyring.identifier(kind, value)
        if not connectable(kind, digest, self._rules):
            return "blocked"
        if digest in self._shared:
            return "shared"
        if not verified and self._rules.kinds[kind].match is Match.VERIFIED:
            return "unverified"
        others = self._claimants.get(digest, set()) - {customer_id}
        return "contested" if others else "match"


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
    cells: dict[str, list[Cell]] = {}
    for facet in facets:
        for attribute, values in facet.cells.items():
            cells.setdefault(attribute, []).extend(values)
    latest = {attribute: _last(values) for attribute, values in sorted(cells.items())}
    locale = latest.get("locale")
    return {
        "addresses": _addresses(cells),
        "locale": locale.value if locale else None,
        "preferences": {name: cell.value for name, cell in _named("preference", latest)},
        "consents": {
            name: {"granted": cell.value, "at": rfc3339(cell.at), "source": cell.source}
            for name, cell in _named("consent", latest)
        },
        "loyalty": [
            {"program": name, **cell.value, "updated_at": rfc3339(cell.at)}
            for name, cell in _named("loyalty", latest)
        ],
    }


def _last(cells: Iterable[Cell]) -> Cell:
    return max(cells, key=lambda cell: (*cell.stamp, cell.source, str(cell.value)))


def _named(attribute: str, latest: dict[str, Cell]) -> list[tuple[str, Cell]]:
    prefix = attribute + ":"
    return [
        (name.removeprefix(prefix), cell)
        for name, cell in latest.items()
        if name.startswith(prefix)
    ]


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


def _together(tellings: Iterable[dict[str, Record]]) -> dict[str, Record]:
    """Each order or ticket once, whichever facets tell of it."""
    together: dict[str, Record] = {}
    for records in tellings:
        for number, record in records.items():
            known = together.get(number)
            together[number] = _merged(known, record) if known else record
    return together


def _merged(one: Record, other: Record) -> Record:
    cells = dict(one.cells)
    for name, cell in other.cells.items():
        if name not in cells or beats(cell, cells[name]):
            cells[name] = cell
    return Record(
        one.number, min(one.first_at, other.first_at), max(one.last_at, other.last_at), cells
    )


def _newest(records: Iterable[Record]) -> list[Record]:
    ordered = sorted(records, key=lambda record: (record.first_at, record.number), reverse=True)
    return ordered[:RECENT]


def _value(record: Record, name: str) -> Any:
    cell = record.cells.get(name)
    return cell.value if cell else None


def _figures(records: Iterable[Record], folded: Sequence[Folded]) -> Json:
    """Counts and times of records kept in detail together with those that are not."""
    by_status: dict[str, int] = {}
    first: list[int] = [each.first_at for each in folded]
    last: list[int] = [each.last_at for each in folded]
    count = sum(each.count for each in folded)
    for each in folded:
        for status, number in each.by_status.items():
            by_status[status] = by_status.get(status, 0) + number
    for record in records:
        status = _value(record, "status")
        by_status[status] = by_status.get(status, 0) + 1
        first.append(record.first_at)
        last.append(record.last_at)
        count += 1
    return {
        "count": count,
        "by_status": dict(sorted(by_status.items())),
        "first_at": rfc3339(min(first)) if first else None,
        "last_at": rfc3339(max(last)) if last else None,
        "exact": not folded,
    }


def _orders(facets: Sequence[Facet]) -> Json:
    records = _together(facet.orders for facet in facets)
    folded = [facet.folded_orders for facet in facets if facet.folded_orders]
    totals: dict[str, str] = {}
    for record in records.values():
        totals = with_total(totals, record)
    for each in folded:
        totals = with_totals(totals, each.totals)
    return {
        **_figures(records.values(), folded),
        "totals": dict(sorted(totals.items())),
        "recent": [_order(record) for record in _newest(records.values())],
    }


def _order(record: Record) -> Json:
    return {
        "order_id": record.number,
        "status": _value(record, "status"),
        "placed_at": rfc3339(record.first_at),
        "updated_at": rfc3339(record.last_at),
        "total": _value(record, "total"),
        "shipping": _value(record, "shipping"),
        "payment": _value(record, "payment"),
    }


def _support(facets: Sequence[Facet]) -> Json:
    records = _together(facet.tickets for facet in facets)
    folded = [facet.folded_tickets for facet in facets if facet.folded_tickets]
    figures = _figures(records.values(), folded)
    return {
        "count": figures["count"],
        "open": sum(figures["by_status"].get(status, 0) for status in OPEN),
        "last_at": figures["last_at"],
        "exact": figures["exact"],
        "recent": [_ticket(record) for record in _newest(records.values())],
    }


def _ticket(record: Record) -> Json:
    names = ("status", "channel", "direction", "subject", "satisfaction")
    return {
        "ticket_id": record.number,
        **{name: _value(record, name) for name in names},
        "opened_at": rfc3339(record.first_at),
        "updated_at": rfc3339(record.last_at),
    }
