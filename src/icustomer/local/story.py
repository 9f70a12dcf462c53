"""The story of one customer whom several sources knew as several people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

STEPS_TOLD = 6
"""Identity changes of the story; more would not be read."""


class Story(Struct, frozen=True):
    """Plain values of one merged customer."""

    customer_id: str
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    accounts: tuple[str, ...]
    orders: int
    totals: tuple[str, ...]
    """Amount and currency, such as `254.40 EUR`."""
    tickets: int
    merged_from: tuple[str, ...]
    steps: tuple[str, ...]
    """What happened to its identity, oldest first."""


def tell(profiles: Iterable[Mapping[str, Any]], changes: Iterable[dict[str, Any]]) -> Story | None:
    """The story of the customer with the most to tell; None if nobody was merged."""
    merged = [profile for profile in profiles if profile.get("merged_from")]
    if not merged:
        return None
    profile = max(merged, key=_interest)
    return Story(
        customer_id=profile["customer_id"],
        name=_name(profile.get("name") or {}),
        emails=_values(profile, "emails"),
        phones=_values(profile, "phones"),
        accounts=tuple(
            f"{each['service']} {each['number']}" for each in profile.get("accounts") or ()
        ),
        orders=_figure(profile, "orders"),
        totals=_totals(profile),
        tickets=_figure(profile, "support"),
        merged_from=tuple(profile["merged_from"]),
        steps=_steps(profile["customer_id"], changes),
    )


def _interest(profile: Mapping[str, Any]) -> tuple[bool, int, int, str]:
    """Best is a person with several mailboxes, few former IDs that fit a page, and orders."""
    mailboxes = len(profile.get("emails") or ())
    former = len(profile["merged_from"])
    return mailboxes > 1, -abs(former - 2), _figure(profile, "orders"), profile["customer_id"]


def _name(name: Mapping[str, Any]) -> str:
    parts = (name.get("given"), name.get("family"))
    return " ".join(part.strip() for part in parts if part) or str(name.get("full") or "")


def _values(profile: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return tuple(each["value"].strip() for each in profile.get(field) or ())


def _figure(profile: Mapping[str, Any], field: str) -> int:
    return int((profile.get(field) or {}).get("count", 0))


def _totals(profile: Mapping[str, Any]) -> tuple[str, ...]:
    totals = (profile.get("orders") or {}).get("totals") or {}
    return tuple(f"{amount} {currency}" for currency, amount in sorted(totals.items()))


def _steps(customer_id: str, changes: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    own = [change for change in changes if change.get("customer_id") == customer_id]
    own.sort(key=lambda change: (change["version"], change["type"]))
    return tuple(_step(change) for change in own[:STEPS_TOLD])


def _step(change: Mapping[str, Any]) -> str:
    because = change.get("because") or {}
    told = f", told by event {because['event_id']}" if because.get("event_id") else ""
    if change["type"] == "merged":
        joined = ", ".join(change.get("retired") or ())
        return f"merged with {joined}: same {because.get('kind') or 'claim'}{told}"
    return f"{change['type'].replace('_', ' ')}{told}"
