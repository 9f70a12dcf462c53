"""A profile as a card for people: who it is, how to reach them, what they did lately."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from icustomer.commands.output import COLUMNS

Json = dict[str, Any]
SHOWN = 5
"""Orders and tickets on a card; `--json` tells the ten that the profile has."""
MINUTE = 16
"""Characters of `2026-11-27T09:30`, the part of a time that people read."""


def print_card(profile: Json, console: Console) -> None:
    """Print one profile in a frame of 80 columns."""
    parts: list[RenderableType] = [_facts(profile)]
    parts += [part for part in (_orders(profile), _tickets(profile)) if part is not None]
    console.print(
        Panel(
            Group(*parts),
            title=Text(f"{profile['customer_id']} ({profile['status']})", style="bold"),
            title_align="left",
            box=box.ROUNDED,
            width=COLUMNS,
        )
    )


def _facts(profile: Json) -> Table:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, lines in _labelled(profile):
        text = "\n".join(lines)
        if text:
            facts.add_row(label, Text(text))
    return facts


def _labelled(profile: Json) -> Iterator[tuple[str, Iterable[str]]]:
    yield "name", [_name(profile["name"])]
    yield "born", [profile["birth_date"] or ""]
    yield "e-mail", [_claim(entry["value"], entry) for entry in profile["emails"]]
    yield "phone", [_claim(_phone(entry), entry) for entry in profile["phones"]]
    yield "account", [_claim(_account(entry), entry) for entry in profile["accounts"]]
    yield (
        "other",
        [_claim(f"{entry['kind']} {entry['value']}", entry) for entry in profile["identifiers"]],
    )
    yield "address", [_address(entry) for entry in profile["addresses"]]
    yield "locale", [profile["locale"] or ""]
    yield "loyalty", [_loyalty(entry) for entry in profile["loyalty"]]
    yield "consents", [_consent(*entry) for entry in profile["consents"].items()]
    yield "prefers", [f"{name}: {value}" for name, value in profile["preferences"].items()]
    yield "seen", [f"{_time(profile['first_seen'])} to {_time(profile['last_seen'])}"]
    yield "merged from", profile["merged_from"]
    yield "orders", [_order_figures(profile["orders"])]
    yield "support", [_support_figures(profile["support"])]


def _name(name: Json | None) -> str:
    parts = name or {}
    return parts.get("full") or " ".join(filter(None, (parts.get("given"), parts.get("family"))))


def _phone(entry: Json) -> str:
    return f"{entry['value']} ext. {entry['extension']}" if entry["extension"] else entry["value"]


def _account(entry: Json) -> str:
    return f"{entry['service']}/{entry['number']}"


def _claim(value: str, entry: Json) -> str:
    """An identifier and what is remarkable about it."""
    remarks = ["verified"] if entry["verified"] else []
    remarks += [entry["use"]] if entry["use"] != "match" else []
    return f"{value} ({', '.join(remarks)})" if remarks else str(value)


def _address(entry: Json) -> str:
    parts = ("street", "line2", "postal_code", "city", "region", "country")
    return f"{', '.join(entry[part] for part in parts if entry.get(part))} ({entry['kind']})"


def _loyalty(entry: Json) -> str:
    points = "" if entry.get("points") is None else f"{entry['points']} points"
    return ", ".join(filter(None, (entry["program"], entry.get("tier"), points)))


def _consent(purpose: str, consent: Json) -> str:
    word = "yes" if consent["granted"] else "no"
    return f"{purpose}: {word}, said on {_time(consent['at'])} to {consent['source']}"


def _order_figures(orders: Json) -> str:
    sums = [f"{amount} {currency}" for currency, amount in orders["totals"].items()]
    return ", ".join([str(orders["count"]), *sums])


def _support_figures(support: Json) -> str:
    return f"{support['count']}, {support['open']} open"


def _orders(profile: Json) -> Table | None:
    rows = [
        (entry["order_id"], entry["status"], _time(entry["placed_at"]), _money(entry["total"]))
        for entry in profile["orders"]["recent"][:SHOWN]
    ]
    return _recent(("order", "status", "placed", "total"), rows)


def _tickets(profile: Json) -> Table | None:
    rows = [
        (entry["ticket_id"], entry["status"], _time(entry["opened_at"]), entry["subject"] or "")
        for entry in profile["support"]["recent"][:SHOWN]
    ]
    return _recent(("ticket", "status", "opened", "subject"), rows)


def _recent(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table | None:
    if not rows:
        return None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _money(total: Json | None) -> str:
    return f"{total['amount']} {total['currency']}" if total else ""


def _time(text: str) -> str:
    """To the minute, in UTC as it stands in the profile."""
    return text[:MINUTE].replace("T", " ")
