"""Who lives in the generated world: people with known truth, in households of every kind."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import StrEnum
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from icustomer.local.countries import COUNTRIES, GMAIL_DOMAINS, Country

ADULT_BORN = (1940, 2004)
CHILD_BORN = (2006, 2012)
"""Years of birth, first and last."""
GMAIL_SHARE = 0.35
"""Of all mailboxes."""
HUB_SIZE = (6, 14)
"""People who give the number of one hotel or call centre."""
ROLE_MAILBOX_SIZE = (5, 8)
"""Colleagues who order with the mailbox of their firm."""
SHARED_MAILBOX_SHARE = 0.1
"""Of couples: they use one mailbox, and nobody could tell them apart by it."""


class Household(StrEnum):
    """What is particular about a group of people, and so what can go wrong with them."""

    SINGLE = "single"
    COUPLE = "couple"
    """Two people on one telephone."""
    FAMILY = "family"
    """Mother, father and child on one telephone."""
    NAMESAKES = "namesakes"
    """Two people of the same full name who have nothing else in common."""
    CHANGED_EMAIL = "changed_email"
    LATE_GUEST = "late_guest"
    """Orders as a guest, signs up later."""
    GUEST = "guest"
    """Never signs up."""
    HUB = "hub"
    """Strangers who give the number of the same hotel or call centre."""
    ROLE_MAILBOX = "role_mailbox"
    """Colleagues who order with the mailbox of their firm."""
    JUNK = "junk"
    """Nobody: a broken message."""


SHARES = {
    Household.SINGLE: 48.0,
    Household.COUPLE: 9.0,
    Household.FAMILY: 9.0,
    Household.NAMESAKES: 4.0,
    Household.CHANGED_EMAIL: 8.0,
    Household.LATE_GUEST: 9.0,
    Household.GUEST: 12.0,
    Household.HUB: 0.7,
    Household.ROLE_MAILBOX: 0.7,
}
"""How often each kind is drawn, in percent of households."""


class Person(Struct, frozen=True):
    """One person of the generated world."""

    truth_id: str
    country: Country
    given: str
    family: str
    birth_date: str
    emails: tuple[str, ...]
    """In the order in which they are used; empty for children."""
    phone: str
    """National digits without the trunk prefix."""
    account: str
    """Number in the shop, once signed up."""
    city: str
    street: str
    postal_code: str


class Census:
    """Makes people whose mailboxes, numbers and accounts are nobody else's by accident."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._people = 0
        self._emails: set[str] = set()
        self._phones: set[str] = set()
        self._makers: dict[Household, Callable[[Country], tuple[Person, ...]]] = {
            Household.COUPLE: self._couple,
            Household.FAMILY: self._family,
            Household.NAMESAKES: self._namesakes,
            Household.CHANGED_EMAIL: self._with_another_email,
            Household.HUB: self._callers,
            Household.ROLE_MAILBOX: self._colleagues,
        }

    def household(self) -> tuple[Household, tuple[Person, ...]]:
        """The next household: its kind and its members."""
        kind = self._random.choices(tuple(SHARES), tuple(SHARES.values()))[0]
        country = self._random.choice(COUNTRIES)
        return kind, self._makers.get(kind, self._alone)(country)

    def _alone(self, country: Country) -> tuple[Person, ...]:
        return (self._adult(country),)

    def _with_another_email(self, country: Country) -> tuple[Person, ...]:
        person = self._adult(country)
        another = self._mailbox(country, person.family, person.given[:1])
        return (replace(person, emails=(*person.emails, another)),)

    def _callers(self, country: Country) -> tuple[Person, ...]:
        return self._strangers(country, HUB_SIZE, phone=self._phone(country))

    def _couple(self, country: Country) -> tuple[Person, ...]:
        first = self._adult(country)
        second = self._relative(first, self._random.choice(country.women + country.men))
        if self._random.random() < SHARED_MAILBOX_SHARE:
            second = replace(second, emails=first.emails)
        return first, second

    def _family(self, country: Country) -> tuple[Person, ...]:
        mother = self._adult(country, given=self._random.choice(country.women))
        father = self._relative(mother, self._random.choice(country.men))
        given = self._random.choice(country.women + country.men)
        child = self._relative(mother, given, born=CHILD_BORN)
        return mother, father, replace(child, emails=())

    def _relative(self, person: Person, given: str, born: tuple[int, int] = ADULT_BORN) -> Person:
        """Somebody of the same family name, telephone and address, never of the same name."""
        country = person.country
        if given == person.given:
            given = next(name for name in country.men + country.women if name != given)
        other = self._adult(country, given=given, family=person.family, phone=person.phone)
        return replace(
            other,
            birth_date=self._birth_date(born),
            city=person.city,
            street=person.street,
            postal_code=person.postal_code,
        )

    def _namesakes(self, country: Country) -> tuple[Person, ...]:
        first = self._adult(country)
        return first, self._adult(country, given=first.given, family=first.family)

    def _strangers(
        self, country: Country, size: tuple[int, int], phone: str | None = None
    ) -> tuple[Person, ...]:
        count = self._random.randint(*size)
        return tuple(self._adult(country, phone=phone) for _ in range(count))

    def _colleagues(self, country: Country) -> tuple[Person, ...]:
        mailbox = self._email(f"info.{self._random.choice(country.streets)}", "works.example")
        return tuple(
            replace(person, emails=(mailbox,))
            for person in self._strangers(country, ROLE_MAILBOX_SIZE)
        )

    def _adult(
        self,
        country: Country,
        given: str | None = None,
        family: str | None = None,
        phone: str | None = None,
    ) -> Person:
        random = self._random
        given = given or random.choice(country.women + country.men)
        family = family or random.choice(country.families)
        self._people += 1
        return Person(
            truth_id=f"person-{self._people:06}",
            country=country,
            given=given,
            family=family,
            birth_date=self._birth_date(ADULT_BORN),
            emails=(self._mailbox(country, given, family),),
            phone=phone or self._phone(country),
            account=f"{country.code}{100_000 + self._people}",
            city=random.choice(country.cities),
            street=f"{random.choice(country.streets)} {random.randint(1, 180)}",
            postal_code=fill(random, country.postal_format),
        )

    def _birth_date(self, years: tuple[int, int]) -> str:
        random = self._random
        # 28 days: every month has them.
        year, month, day = random.randint(*years), random.randint(1, 12), random.randint(1, 28)
        return f"{year}-{month:02}-{day:02}"

    def _mailbox(self, country: Country, *names: str) -> str:
        domains = GMAIL_DOMAINS[:1] if self._random.random() < GMAIL_SHARE else country.mail_domains
        return self._email(".".join(names), self._random.choice(domains))

    def _email(self, name: str, domain: str) -> str:
        """A mailbox that nobody has yet: a number is put behind a name that is taken.

        Gmail ignores dots, so a name counts as taken with other dots too.
        """
        local, number = plain(name), 1
        while (key := f"{local.replace('.', '')}@{domain}") in self._emails:
            number += 1
            local = f"{plain(name)}{number}"
        self._emails.add(key)
        return f"{local}@{domain}"

    def _phone(self, country: Country) -> str:
        while True:
            prefix = self._random.choice(country.mobile_prefixes)
            digits = fill(self._random, prefix + "#" * country.mobile_digits)
            if (key := country.calling_code + digits) not in self._phones:
                self._phones.add(key)
                return digits


def fill(random: Random, template: str) -> str:
    """The template with a random digit for each `#`."""
    return "".join(random.choice("0123456789") if char == "#" else char for char in template)


def plain(text: str) -> str:
    """The text as the local part of a mailbox: lower case, no accents, letters and dots."""
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ł", "l")).lower()
    return "".join(char for char in decomposed if "a" <= char <= "z" or char == ".")
