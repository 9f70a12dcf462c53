"""Streams that no company should have, and some have: what is meant for one person hangs on all.

Each case makes its events by number, the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.people import PARTITIONS, Event
from icustomer.contracts.topics import Topic

BEGINNING = datetime(2025, 6, 1, tzinfo=UTC)
"""When the first event of every stream happened; the others follow a second apart."""
ONE_PHONE = "+4915112345678"
ONE_EMAIL = "info@hub.example"
PLACEHOLDER = "keine@angabe.example"
ONE_ACCOUNT = {"service": "webshop", "number": "40000000"}
_SYLLABLES = (
    *("ba", "ce", "dri", "fo", "gu", "kla", "mi"),
    *("ne", "pro", "qua", "ru", "ste", "vy", "zo"),
)

MESHED = 100
"""Events after which a mesh reaches further: it hangs together from the beginning."""

Make = Callable[[int], dict[str, Any]]
"""The body of the event of a number, without its head."""


class Case(Struct, frozen=True):
    """A stream, and what it is an example of."""

    topic: Topic
    make: Make
    about: str
    spread: bool = True
    """Over all partitions; else one key has one partition, as a sender would have it."""
    repeats: bool = False
    """Every event has the event ID of the first."""


def word(number: int, length: int = 4) -> str:
    """A made-up word for each number, no two alike."""
    base = len(_SYLLABLES)
    digits = [number // base**place % base for place in range(length)]
    return "".join(_SYLLABLES[digit] for digit in digits).capitalize()


def names(number: int) -> dict[str, str]:
    """A name for each number; hardly any two of them compatible."""
    scattered = number * 7_919 % len(_SYLLABLES) ** 4
    return {"given": word(scattered), "family": word(scattered + 1)}


def _phone(number: int) -> str:
    return f"+4917{number:09}"


def _email(number: int) -> str:
    return f"p{number}@people.example"


def _hot(number: int) -> dict[str, Any]:
    return {
        "email": "busy@hot.example",
        "phone": "+4915200000001",
        "account": {"service": "webshop", "number": "49999999"},
        "name": {"given": "Berta", "family": "Viel"},
        "order_id": f"H{number:09}",
        "status": "placed",
        "total": {"amount": f"{number % 300 + 1}.99", "currency": "EUR"},
        "items": [{"sku": f"{number % 2_000}", "name": "Something", "quantity": 1}],
    }


def _hot_ticket(number: int) -> dict[str, Any]:
    return {
        "email": "busy@hot.example",
        "name": {"given": "Berta", "family": "Viel"},
        "ticket_id": f"T{number:09}",
        "status": "opened",
        "channel": "email",
        "subject": "Where is it?",
    }


def _chain(number: int) -> dict[str, Any]:
    """Number n has the identifiers n and n + 1."""
    return {
        "email": _email(number // 2 + number % 2),
        "phone": _phone(number // 2),
        "name": {"given": "Otto", "family": "Kette"},
    }


def _nameless_chain(number: int) -> dict[str, Any]:
    return {key: value for key, value in _chain(number).items() if key != "name"}


def _mesh(number: int) -> dict[str, Any]:
    """Two identifiers of any two people: each is carried by two on average, all hang together."""
    random = Random(f"mesh/{number}")  # noqa: S311 - the same on every run
    reach = number // MESHED * MESHED + MESHED
    return {
        "email": _email(random.randrange(reach)),
        "phone": _phone(random.randrange(reach)),
        "name": {"given": "Otto", "family": "Netz"},
    }


def _households(number: int) -> dict[str, Any]:
    """The same, with a name of their own for three at a time."""
    return _mesh(number) | {"name": names(number % 3)}


def _born(number: int) -> dict[str, Any]:
    year, month, day = 1930 + number // 336 % 80, number // 28 % 12 + 1, number % 28 + 1
    return {
        "email": ONE_EMAIL,
        "account": ONE_ACCOUNT,
        "name": {"given": "Anna", "family": "Berg"},
        "birth_date": f"{year}-{month:02}-{day:02}",
    }


CASES: dict[str, Case] = {
    "hot orders": Case(Topic.ORDERS, _hot, "one customer, an order each, in all partitions"),
    "hot tickets": Case(Topic.SUPPORT, _hot_ticket, "one customer, a ticket each", spread=False),
    "names and e-mails on a phone": Case(
        Topic.SIGNUPS,
        lambda number: {"phone": ONE_PHONE, "email": _email(number), "name": names(number)},
        "one phone, to each its name and e-mail",
    ),
    "names on a phone": Case(
        Topic.SIGNUPS,
        lambda number: {"phone": ONE_PHONE, "name": names(number)},
        "one phone, to each its name and nothing else",
    ),
    "phones on an e-mail": Case(
        Topic.SIGNUPS,
        lambda number: {"email": ONE_EMAIL, "phone": _phone(number), "name": names(number)},
        "one e-mail, to each its name and phone",
    ),
    "nameless phones on an e-mail": Case(
        Topic.SIGNUPS,
        lambda number: {"email": ONE_EMAIL, "phone": _phone(number)},
        "one e-mail, to each its phone",
    ),
    "placeholder": Case(
        Topic.SIGNUPS,
        lambda number: {"email": PLACEHOLDER, "phone": _phone(number), "name": names(number)},
        "keine@angabe.example, to each its name and phone",
    ),
    "one account": Case(
        Topic.SIGNUPS,
        lambda number: {"account": ONE_ACCOUNT, "email": _email(number), "name": names(number)},
        "one account number, to each its name and e-mail",
    ),
    "chain": Case(Topic.SIGNUPS, _chain, "each shares an identifier with the next, one name"),
    "nameless chain": Case(Topic.SIGNUPS, _nameless_chain, "the same without a name"),
    "mesh": Case(Topic.SIGNUPS, _mesh, "e-mail and phone of any two, one name"),
    "mesh of households": Case(Topic.SIGNUPS, _households, "the same with three names"),
    "repeated": Case(
        Topic.ORDERS, lambda _: _hot(0), "one event, over and over", spread=False, repeats=True
    ),
    "spellings": Case(
        Topic.SIGNUPS,
        lambda number: {
            "email": ONE_EMAIL,
            "account": ONE_ACCOUNT,
            "name": {"given": "Anna", "family": word(number)},
        },
        "one customer, to each event another family name",
    ),
    "birth dates": Case(Topic.SIGNUPS, _born, "one customer, to each event another birth date"),
}


def overload(name: str, count: int) -> Iterator[Event]:
    """The first events of a case."""
    case = CASES[name]
    for number in range(count):
        event_id = f"{name}/{0 if case.repeats else number}"
        happened = BEGINNING + timedelta(seconds=0 if case.repeats else number)
        head = {
            "event_id": event_id,
            "occurred_at": happened.isoformat(),
            "source": "overload",
        }
        partition = number % PARTITIONS if case.spread else 0
        value = msgspec.json.encode(head | case.make(number))
        yield Event(case.topic, partition, str(partition).encode(), value, event_id)
