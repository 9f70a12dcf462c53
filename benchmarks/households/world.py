"""People and what the systems of a shop tell of them: the ground on which households are built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from msgspec import Struct

from benchmarks.households.names import CULTURES, Names, country_of, ranked
from benchmarks.households.writing import number, written_email, written_name, written_phone
from icustomer.local.countries import Country
from icustomer.local.people import fill, plain

TRUTH_FIELD = "truth_id"
BEGIN = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 1_200
"""From the first to the last event of a world."""
SIGNUP_SHARE, ORDER_SHARE, MAIL_SHARE = 0.15, 0.55, 0.18
"""Of a person's events; the rest are calls."""
GMAIL_SHARE = 0.35
PHONE_ON_ORDER_SHARE = 0.7
ACCOUNT_ON_ORDER_SHARE = 0.6
"""Of the orders by those who have an account."""
BIRTH_DATE_SHARE = 0.4
"""Of signups."""
NAME_ON_MAIL_SHARE, NAME_ON_CALL_SHARE = 0.7, 0.6
VERIFIED_SHARE = 0.5
"""Of signups: the address was confirmed by a link."""
ADULT_BORN = (1940, 2004)
EVENTS_EACH = (3, 8)
"""Events of one person."""

Event = dict[str, Any]
Days = tuple[int, int]


class Person(Struct):
    """One person, and how they can be reached at the time."""

    truth_id: str
    names: Names
    given: str
    middle: str
    family: str
    birth_date: str
    address: dict[str, str]
    emails: list[str]
    phones: list[str]
    """National digits. An empty list: they never give one."""
    account: str = ""
    """Number in the shop; empty: they never sign up."""

    @property
    def country(self) -> Country:
        """Where they live."""
        return country_of(self.names)


class World:
    """Makes people whose mailboxes and numbers are nobody else's by accident."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)  # noqa: S311 - the same people on every run
        self._events: list[Event] = []
        self._told = 0
        self._prefix = seed
        self._people = 0
        self._taken: set[str] = set()

    # -- people --------------------------------------------------------------------------

    def person(self, like: Person | None = None, given: str = "", family: str = "") -> Person:
        """Somebody with a mailbox and a number of their own; `like`: of the same culture."""
        random = self.random
        names = like.names if like else random.choice(CULTURES)
        given = given or ranked(random, random.choice((names.women, names.men)))
        family = family or ranked(random, names.families)
        self._people += 1
        return Person(
            truth_id=f"{self._prefix}-{self._people}",
            names=names,
            given=given,
            middle=random.choice(names.men + names.women),
            family=family,
            birth_date=self.birth_date(*ADULT_BORN),
            address=self.address(country_of(names)),
            emails=[self.email(names, f"{given}.{family}")],
            phones=[self.phone(country_of(names))],
            account=self._account(),
        )

    def relative(self, person: Person, given: str = "") -> Person:
        """Somebody of the same family at the same address, with another given name."""
        pool = person.names.women + person.names.men
        while not given or given == person.given:
            given = ranked(self.random, pool)
        relative = self.person(person, given, person.family)
        relative.address = person.address
        return relative

    def birth_date(self, first: int, last: int) -> str:
        """A date in these years; 28 days, which every month has."""
        random = self.random
        year, month, day = random.randint(first, last), random.randint(1, 12), random.randint(1, 28)
        return f"{year}-{month:02}-{day:02}"

    def address(self, country: Country) -> dict[str, str]:
        random = self.random
        return {
            "street": f"{random.choice(country.streets)} {random.randint(1, 180)}",
            "postal_code": fill(random, country.postal_format),
            "city": random.choice(country.cities),
            "country": country.code,
        }

    def email(self, names: Names, words: str) -> str:
        """A new mailbox: the words, an initial instead of the first one, or with a year."""
        random = self.random
        domains = country_of(names).mail_domains
        domain = "gmail.com" if random.random() < GMAIL_SHARE else random.choice(domains)
        first, _, rest = words.partition(".")
        local = random.choice((words, f"{first[0]}.{rest}", f"{words}{random.randint(50, 99)}"))
        return self.mailbox(local, domain)

    def mailbox(self, words: str, domain: str) -> str:
        """A mailbox that nobody has, with a number behind the words if need be."""
        local, count = plain(words), 1
        while not self._take(f"{local.replace('.', '')}@{domain}"):
            count += 1
            local = f"{plain(words)}{count}"
        return f"{local}@{domain}"

    def phone(self, country: Country) -> str:
        """National digits that nobody has."""
        while not self._take(country.code + (digits := number(self.random, country))):
            pass
        return digits

    def _account(self) -> str:
        return f"C{self.random.randrange(10**5, 10**6)}{self._people:06}"

    def _take(self, what: str) -> bool:
        free = what not in self._taken
        self._taken.add(what)
        return free

    def drain(self) -> list[Event]:
        """The events since this was asked last."""
        events, self._events = self._events, []
        return events

    # -- what is told of them ------------------------------------------------------------

    def live(self, person: Person, days: Days = (0, DAYS), events: Days = EVENTS_EACH) -> None:
        """Some events of a person within these days, by any channel."""
        count = self.random.randint(*events)
        for day in sorted(self.random.randint(*days) for _ in range(count)):
            self.tell(person, day)

    def tell(self, person: Person, day: int) -> Event:
        """One event of a person. Who gives neither mailbox nor number is told by account."""
        chance = self.random.random()
        if chance < SIGNUP_SHARE and person.account:
            return self.signup(person, day)
        if chance < SIGNUP_SHARE + ORDER_SHARE or not (person.emails and person.phones):
            return self.order(person, day)
        by_mail = chance < SIGNUP_SHARE + ORDER_SHARE + MAIL_SHARE
        return self.mail(person, day) if by_mail else self.call(person, day)

    def signup(self, person: Person, day: int) -> Event:
        """They register, or tell their account something new."""
        random = self.random
        claim = self._account_of(person, 1) | self._email_of(person) | {"address": person.address}
        if "email" in claim:
            claim["email_verified"] = random.random() < VERIFIED_SHARE
        if random.random() < PHONE_ON_ORDER_SHARE:
            claim |= self._phone_of(person)
        if random.random() < BIRTH_DATE_SHARE:
            claim["birth_date"] = person.birth_date
        return self._event(person, day, "web", claim | self._name_of(person, 1))

    def order(self, person: Person, day: int) -> Event:
        """They order, with their account or without."""
        random = self.random
        claim = self._account_of(person, ACCOUNT_ON_ORDER_SHARE) | self._email_of(person)
        if not claim or random.random() < PHONE_ON_ORDER_SHARE:
            claim |= self._phone_of(person)
        order = {
            "order_id": f"{self._prefix}-O{self._told}",
            "status": "placed",
            "guest": "account" not in claim,
            "shipping_address": person.address,
        }
        return self._event(person, day, "shop", claim | self._name_of(person, 1) | order)

    def mail(self, person: Person, day: int) -> Event:
        """They write to support."""
        claim = self._email_of(person) | self._name_of(person, NAME_ON_MAIL_SHARE)
        return self._event(person, day, "mailbox", claim | self._ticket("email"))

    def call(self, person: Person, day: int) -> Event:
        """They call support from their number."""
        claim = self._phone_of(person) | self._name_of(person, NAME_ON_CALL_SHARE)
        return self._event(person, day, "hotline", claim | self._ticket("phone"))

    def _ticket(self, channel: str) -> Event:
        ticket_id = f"{self._prefix}-T{self._told}"
        return {"ticket_id": ticket_id, "status": "opened", "channel": channel}

    def _event(self, person: Person, day: int, source: str, claim: Event) -> Event:
        at = BEGIN + timedelta(days=day, seconds=self.random.randrange(86_400))
        event = {
            "event_id": f"{self._prefix}-{self._told}",
            "occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "source": source,
            **claim,
            TRUTH_FIELD: person.truth_id,
        }
        self._events.append(event)
        self._told += 1
        return event

    def _name_of(self, person: Person, share: float) -> Event:
        if self.random.random() >= share:
            return {}
        name = written_name(self.random, person.given, person.family, person.middle)
        return {"name": name}

    def _account_of(self, person: Person, share: float) -> Event:
        if not person.account or self.random.random() >= share:
            return {}
        return {"account": {"service": "shop", "number": person.account}}

    def _email_of(self, person: Person) -> Event:
        if not person.emails:
            return {}
        return {"email": written_email(self.random, self.random.choice(person.emails))}

    def _phone_of(self, person: Person) -> Event:
        if not person.phones:
            return {}
        return written_phone(self.random, self.random.choice(person.phones), person.country)


Household = Callable[[World], None]
"""Adds the events of one household to a world."""


def pick(random: Random, pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """One of the pairs, in either order."""
    one, other = random.choice(pairs)
    return (one, other) if random.random() < 0.5 else (other, one)  # noqa: PLR2004 - a coin
