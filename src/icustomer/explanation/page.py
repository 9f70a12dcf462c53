"""Exports as a page for people: HTML that needs nothing else, runs nothing, and can be printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from pydantic import BaseModel

from icustomer.contracts.common import Money
from icustomer.contracts.customer_export import (
    CustomerExport,
    EventCount,
    FoldedRecords,
    KeptIdentifier,
    KeptItem,
    KeptOrder,
    KeptTicket,
    Statement,
)
from icustomer.explanation.picture import picture
from icustomer.explanation.printable import printable
from icustomer.explanation.sentences import listed, time, unused
from icustomer.explanation.subject import name_text
from icustomer.explanation.svg import svg
from icustomer.explanation.wording import headline, sections

TITLE = "What is known of a customer"
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid #8886; overflow-wrap: anywhere; }
h2 { margin-top: 2rem; } small, .empty { opacity: .75; } li { overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
@media print {
  :root { color-scheme: light; }
  body { font-size: 10pt; max-width: none; margin: 0; }
  thead { display: table-header-group; } tr, li, svg { break-inside: avoid; }
  article + article { break-before: page; }
}
"""
Cells = Sequence[str]


def page(exports: Sequence[CustomerExport]) -> str:
    """One page; everything that events said is escaped."""
    articles = "".join(map(_article, exports))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{TITLE}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n{articles}</body>\n</html>\n"
    )


def _article(told: CustomerExport) -> str:
    status = told.identity.status
    return (
        f"<article>\n<h1>{TITLE}</h1>\n<p>{_text(told.customer_id)} ({_text(status)}), "
        f"asked for as {_text(told.asked)}, handed out {time(told.exported_at)}. Claims are "
        f"numbered as under <em>Who this is</em>; all times are UTC.</p>\n"
        f"{_about(told)}{_said(told)}{_done(told)}{_identity(told)}</article>\n"
    )


def _about(told: CustomerExport) -> str:
    names = (
        (name_text(each.name), time(each.last_seen), listed(each.sources), str(each.claim))
        for each in told.names
    )
    births = (
        (each.birth_date, time(each.last_seen), listed(each.sources), str(each.claim))
        for each in told.birth_dates
    )
    where = ("last told", "by", "claim")
    return (
        _table("Names", ("name", *where), names)
        + _counts(told.event_counts)
        + _table("Days of birth", ("day", *where), births)
        + _table(
            "Identifiers",
            ("kind", "as written", "compared as", "verified", "use", "seen", "by", "claim"),
            (row for each in told.identifiers for row in _identifier(each)),
        )
    )


def _counts(counts: Sequence[EventCount]) -> str:
    if not counts:
        return ""
    rows = (
        (str(each.claim), f"{each.events:,}" if each.exact else f"about {each.events:,}")
        for each in counts
    )
    return _table("Events of each claim, by which the name is chosen", ("claim", "events"), rows)


def _identifier(each: KeptIdentifier) -> Iterator[Cells]:
    for stated in each.tellings:
        extension = f" ext. {stated.extension}" if stated.extension else ""
        yield (
            each.kind,
            f"{stated.written}{extension}",
            each.value,
            "yes" if stated.verified else "no",
            f"{each.use}: {unused(stated.not_used)}" if stated.not_used else each.use,
            f"{time(stated.first_seen)} to {time(stated.last_seen)}",
            listed(stated.sources),
            str(stated.claim),
        )


def _said(told: CustomerExport) -> str:
    parts = (
        ("Addresses", "use", told.addresses),
        ("Language and region", "", told.locales),
        ("Preferences", "preference", told.preferences),
        ("Consents", "purpose", told.consents),
        ("Loyalty", "program", told.loyalty),
        ("Whatever else is kept", "name", told.others),
    )
    return "".join(
        _table(
            title,
            (name, "value", "said", "to", "event", "claim"),
            map(_statement, statements),
        )
        for title, name, statements in parts
    )


def _statement(each: Statement) -> Cells:
    return (
        each.name or "",
        _value(each.value),
        time(each.at),
        each.source or "",
        each.event_id,
        str(each.claim),
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items() if each != "")
    return "" if value is None else str(value)


# -- orders and tickets --------------------------------------------------------------------


def _done(told: CustomerExport) -> str:
    return (
        _table(
            "Orders",
            ("order", "status", "placed", "last told", "total", "items", "more", "event", "claims"),
            map(_order, told.orders),
        )
        + _folded("Older orders, which are no longer known one by one", told.folded_orders)
        + _table(
            "Support tickets",
            ("ticket", "status", "opened", "last told", "subject", "more", "event", "claims"),
            map(_ticket, told.tickets),
        )
        + _folded("Older tickets, which are no longer known one by one", told.folded_tickets)
    )


def _order(each: KeptOrder) -> Cells:
    more = (_stated(each.shipping), _stated(each.payment))
    return (
        each.order_id,
        each.status,
        time(each.placed_at),
        time(each.updated_at),
        _money(each.total),
        "; ".join(map(_item, each.items or ())),
        "; ".join(filter(None, more)),
        each.event_id,
        _numbers(each.claims),
    )


def _item(each: KeptItem) -> str:
    price = _money(each.price) if isinstance(each.price, Money) else each.price or ""
    words = [] if each.quantity is None else [f"{each.quantity} x"]
    words += [word for word in (each.name, each.sku and f"({each.sku})", price) if word]
    return " ".join(words)


def _ticket(each: KeptTicket) -> Cells:
    more: list[str | None] = [each.channel, each.direction]
    more += [f"satisfaction {each.satisfaction}"] if each.satisfaction is not None else []
    return (
        each.ticket_id,
        each.status,
        time(each.opened_at),
        time(each.updated_at),
        each.subject or "",
        ", ".join(filter(None, more)),
        each.event_id,
        _numbers(each.claims),
    )


def _folded(title: str, folded: Sequence[FoldedRecords]) -> str:
    if not folded:
        return ""
    return _table(
        title,
        ("how many", "where they stood", "totals", "from", "to", "claim"),
        (
            (
                str(each.count),
                _value(each.by_status),
                _value(each.totals),
                time(each.first_at),
                time(each.last_at),
                str(each.claim),
            )
            for each in folded
        ),
    )


def _money(money: Money | None) -> str:
    return f"{money.amount} {money.currency}" if money else ""


def _stated(part: BaseModel | None) -> str:
    return _value(part.model_dump(exclude_none=True)) if part else ""


def _numbers(claims: Sequence[int]) -> str:
    return ", ".join(map(str, claims))


# -- who it is -----------------------------------------------------------------------------


def _identity(told: CustomerExport) -> str:
    body = "".join(
        f"<h3>{_text(section.title)}</h3>\n<ul>\n"
        + "".join(
            f'<li dir="auto">{_text(entry.headline)}'
            + "".join(f"<br><small>{_text(detail)}</small>" for detail in entry.details)
            + "</li>\n"
            for entry in section.entries
        )
        + "</ul>\n"
        for section in sections(told.identity)
    )
    drawn = svg(picture(told.identity))
    return f"<h2>Who this is</h2>\n<p>{_text(headline(told.identity))}.</p>\n{drawn}{body}"


def _table(title: str, columns: Cells, rows: Iterable[Cells]) -> str:
    """A table under a heading; where there is nothing, that is said."""
    body = "".join(_row("td", row) for row in rows)
    if not body:
        return f'<h2>{title}</h2>\n<p class="empty">Nothing.</p>\n'
    head = f"<thead>\n{_row('th', columns)}</thead>\n"
    return f"<h2>{title}</h2>\n<table>\n{head}<tbody>\n{body}</tbody>\n</table>\n"


def _row(cell: str, texts: Cells) -> str:
    """Each text is written in the direction of its own script."""
    cells = (f'<{cell} dir="auto">{_text(text)}</{cell}>' for text in texts)
    return f"<tr>{''.join(cells)}</tr>\n"


def _text(text: str) -> str:
    return escape(printable(text))
