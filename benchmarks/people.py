"""Customers of a made-up company by number, and what systems report of them.

The same number gives the same customer on every machine. Nothing but identifiers and IDs
differs between two customers whose numbers differ by a multiple of `TEMPLATES`: so that the
state of hundreds of thousands can be stamped out (see `preload`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import shake_128
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from icustomer.contracts.topics import Topic

PARTITIONS = 12
"""Of every topic; a customer's events go to the partition of the same number in each."""
TEMPLATES = 480
"""Customers whose names, addresses and baskets are their own; a multiple of the partitions."""
HISTORY = 9
"""Events before the measurement: first a signup, then orders and tickets."""
ORDERS = (1, 2, 3, 5, 6, 7)
"""Which of them are orders."""
STREAM_SHARES = {Topic.SIGNUPS: 15, Topic.ORDERS: 65, Topic.SUPPORT: 20}
"""Percent of the measured events."""
NATIONAL_SHARE = 0.1
"""Customers whose telephone number is written without country code."""
BRIEF_SHARE = 0.5
"""Customers whose tickets name the e-mail address alone: a second facet of the same group."""
MOVED_ON_SHARE = 0.4
"""Order events that tell a new status of an order of the past."""
PRESENT = datetime(2025, 12, 1, tzinfo=UTC)
"""When the measured events begin; the past is over by then."""
MOBILE = "151"
"""Prefix of all telephone numbers: a German mobile network."""
SERVICE = "webshop"
"""Where the customers have their accounts."""
CATALOGUE = 2_000
"""Products of the company."""

_SYLLABLES = ("ar", "bel", "do", "fen", "gri", "ho", "ja", "ku", "lin", "mo", "ned", "pra", "si")
_SUBJECTS = (
    "Where is my parcel? The tracking page has not changed since Monday",
    "The box arrived open, and one of the articles in it is broken",
    "Please change the delivery address of my order before it is sent",
    "The invoice shows the wrong amount, the discount code was not applied",
)
_MOVES = ("paid", "shipped", "delivered")


class Event(Struct, frozen=True):
    """One record to be sent."""

    topic: Topic
    partition: int
    key: bytes
    value: bytes
    event_id: str


class Person(Struct, frozen=True):
    """What customers of the same template have in common."""

    given: str
    family: str
    domain: str
    address: dict[str, str]
    national: bool
    brief: bool


class Words:
    """Words, numbers and prices that mean nothing."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def word(self) -> str:
        return "".join(self.random.choices(_SYLLABLES, k=3)).capitalize()

    def money(self) -> dict[str, str]:
        cents = self.random.randrange(100, 30_000)
        return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": "EUR"}

    def address(self) -> dict[str, str]:
        street = f"{self.word()} {self.random.randrange(1, 200)}"
        code = f"{self.random.randrange(10_000, 99_999)}"
        return {"street": street, "postal_code": code, "city": self.word(), "country": "DE"}

    def product(self) -> dict[str, Any]:
        return product(self.random.randrange(CATALOGUE))


@lru_cache(CATALOGUE)
def product(number: int) -> dict[str, Any]:
    """An article of the catalogue, the same for everybody."""
    words = Words(_random("product", number))
    name = f"{words.word()} {words.word()}"
    return {"sku": f"{100_000 + number}", "name": name, "price": words.money()}


@lru_cache(TEMPLATES)
def person(template: int) -> Person:
    """The customers of a template."""
    words = Words(_random("person", template))
    return Person(
        given=words.word(),
        family=words.word(),
        domain=f"{words.word()}.example".lower(),
        address=words.address(),
        national=words.random.random() < NATIONAL_SHARE,
        brief=words.random.random() < BRIEF_SHARE,
    )


class Numbers(Struct, frozen=True):
    """What an event brings into the world besides itself, where it brings it."""

    event: str
    order: str
    ticket: str
    tracking: str


def numbers(customer: int, label: str) -> Numbers:
    """The numbers of a customer's event by its label, always of the same lengths."""
    digest = shake_128(f"{customer}/{label}".encode()).hexdigest(36)
    digits = f"{int(digest[32:], 16):049}"
    return Numbers(
        event=f"{digest[:8]}-{digest[8:12]}-4{digest[12:15]}-a{digest[15:18]}-{digest[18:30]}",
        order=f"7{digits[-11:]}",
        ticket=f"T{digits[-20:-11]}",
        tracking=f"00{digits[-34:-20]}",
    )


def tokens(customer: int) -> tuple[str, ...]:
    """All texts by which the state of a customer differs from another of its template, each
    as long as the other's, and with as much around the number that none is found in another."""
    past = (numbers(customer, past_label(number)) for number in range(HISTORY))
    phone = phone_number(customer)
    return (
        f"{mailbox_number(customer)}@",
        f"{MOBILE}{phone}",
        f"{MOBILE} {phone}",
        f"{SERVICE}/{account_number(customer)}",
        *(text for each in past for text in (each.event, each.order, each.ticket, each.tracking)),
    )


def past_label(number: int) -> str:
    """The label of an event of the past, counted from 0."""
    return f"past/{number}"


def mailbox_number(customer: int) -> str:
    """The number in the e-mail address."""
    return _scattered(customer, 7)


def phone_number(customer: int) -> str:
    """The subscriber's part of the telephone number."""
    return _scattered(customer, 8)


def account_number(customer: int) -> str:
    """The number at the company, which is the key of all events too."""
    return f"4{_scattered(customer, 9)}"


def history(customer: int) -> Iterator[Event]:
    """The events of the past, oldest first."""
    words = Words(_random("history", customer % TEMPLATES))
    teller = Teller(customer, words)
    days = sorted(words.random.sample(range(300), HISTORY))
    for number, day in enumerate(days):
        label, at = past_label(number), _moment(day, words.random)
        if number == 0:
            yield teller.signup(label, at)
        elif number in ORDERS:
            yield teller.order(label, at, label, words.random.choice(("placed", *_MOVES)))
        else:
            yield teller.ticket(label, at)


def next_event(random: Random, customer: int, label: str, second: int) -> Event:
    """A measured event: new, and so many seconds after all of the past."""
    teller = Teller(customer, Words(random))
    then = PRESENT + timedelta(seconds=second)
    at = f"{then:%Y-%m-%dT%H:%M:%S}.{random.randrange(1_000):03}Z"
    topic = random.choices(tuple(STREAM_SHARES), tuple(STREAM_SHARES.values()))[0]
    if topic is Topic.SIGNUPS:
        return teller.signup(label, at)
    if topic is Topic.SUPPORT:
        return teller.ticket(label, at)
    if random.random() < MOVED_ON_SHARE:
        return teller.order(label, at, past_label(random.choice(ORDERS)), random.choice(_MOVES))
    return teller.order(label, at, label, "placed")


class Teller:
    """The company's systems, as they report of one customer."""

    def __init__(self, customer: int, words: Words) -> None:
        self.customer = customer
        self.words = words
        self._person = person(customer % TEMPLATES)

    def signup(self, label: str, at: str) -> Event:
        facts = {
            "address": self._person.address,
            "locale": "de-DE",
            "preferences": {"newsletter": self.words.random.choice(("weekly", "monthly"))},
            "consents": {"marketing": self.words.random.choice((True, False))},
        }
        return self._event(Topic.SIGNUPS, label, at, self._whole_claim() | facts)

    def order(self, label: str, at: str, first_label: str, status: str) -> Event:
        """`first_label`: of the event that told of the order first."""
        known = numbers(self.customer, first_label)
        facts: dict[str, Any] = {
            "order_id": known.order,
            "status": status,
            "total": self.words.money(),
        }
        if status == "placed":
            facts["items"] = [self.words.product()]
        else:
            facts["shipping"] = {"carrier": "DHL", "tracking_number": known.tracking}
        return self._event(Topic.ORDERS, label, at, self._whole_claim() | facts)

    def ticket(self, label: str, at: str) -> Event:
        facts = {
            "ticket_id": numbers(self.customer, label).ticket,
            "status": self.words.random.choice(("opened", "pending", "solved")),
            "channel": "email",
            "direction": "in",
            "subject": self.words.random.choice(_SUBJECTS),
        }
        claim = self._brief_claim() if self._person.brief else self._whole_claim()
        return self._event(Topic.SUPPORT, label, at, claim | facts)

    def _brief_claim(self) -> dict[str, Any]:
        known = self._person
        mailbox = f"{known.given}.{known.family}{mailbox_number(self.customer)}".lower()
        name = {"given": known.given, "family": known.family}
        return {"email": f"{mailbox}@{known.domain}", "name": name}

    def _whole_claim(self) -> dict[str, Any]:
        digits = phone_number(self.customer)
        national = {"phone": f"0{MOBILE} {digits}", "country": "DE"}
        phone = national if self._person.national else {"phone": f"+49{MOBILE}{digits}"}
        return (
            self._brief_claim()
            | phone
            | {
                "account": {"service": SERVICE, "number": account_number(self.customer)},
            }
        )

    def _event(self, topic: Topic, label: str, at: str, body: dict[str, Any]) -> Event:
        known_as = numbers(self.customer, label).event
        head = {"event_id": known_as, "occurred_at": at, "source": str(topic)}
        return Event(
            topic=topic,
            partition=self.customer % PARTITIONS,
            key=account_number(self.customer).encode(),
            value=msgspec.json.encode(head | body),
            event_id=known_as,
        )


def _moment(day: int, random: Random) -> str:
    """A time of the year 2025, whose first days are the first of the past."""
    month, of_month = day // 28 + 1, day % 28 + 1
    clock = f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}"
    return f"2025-{month:02}-{of_month:02}T{clock}.{random.randrange(1_000):03}Z"


def _random(what: str, number: int) -> Random:
    return Random(f"{what}/{number}")  # noqa: S311 - the same people on every run


def _scattered(number: int, digits: int) -> str:
    """Another number for each number below 10**digits: 7,654,321 has no factor in common with
    10, so that multiplying by it only changes the order."""
    return f"{(number * 7_654_321 + 1_234_567) % 10**digits:0{digits}}"
