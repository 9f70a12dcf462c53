"""How people write who they are: formats, habits and mistakes."""

from __future__ import annotations

from random import Random

from icustomer.local.countries import GMAIL_DOMAINS, Country
from icustomer.local.people import Person, fill

EMAIL_TYPO_SHARE = 0.01
PHONE_TYPO_SHARE = 0.006
NICKNAME_SHARE = 0.08
"""Of the names that have one."""
FULL_NAME_SHARE = 0.2
"""Names that come in one field, as old systems keep them."""
SHOUTED_SHARE = 0.08
"""Names and mailboxes in capitals or with stray blanks."""
PLUS_TAGS = ("shop", "news", "orders", "spam")


def email(random: Random, address: str) -> str:
    """The mailbox as somebody types it, mostly right."""
    if random.random() < EMAIL_TYPO_SHARE:
        return _mistyped_email(random, address)
    local, domain = address.split("@")
    if domain in GMAIL_DOMAINS:
        address = _as_gmail_ignores(random, local)
    if random.random() < SHOUTED_SHARE:
        return random.choice((address.upper(), f" {address}", address.title()))
    return address


def _as_gmail_ignores(random: Random, local: str) -> str:
    """One of the many spellings under which Gmail delivers to the same mailbox."""
    plain = local.replace(".", "")
    return random.choice(
        (
            f"{local}@gmail.com",
            f"{local}@gmail.com",
            f"{plain}@gmail.com",
            f"{local}+{random.choice(PLUS_TAGS)}@gmail.com",
            f"{plain[:2]}.{plain[2:]}@googlemail.com",
        )
    )


def _mistyped_email(random: Random, address: str) -> str:
    local, domain = address.split("@")
    place = random.randrange(len(local) - 1)
    swapped = local[:place] + local[place + 1] + local[place] + local[place + 2 :]
    return random.choice((f"{swapped}@{domain}", f"{local}{domain}", f"{local[:-1]}@{domain}"))


def phone(random: Random, country: Country, digits: str) -> str:
    """The number as somebody types it: local or international, rarely with a wrong digit."""
    if random.random() < PHONE_TYPO_SHARE:
        place = random.randrange(len(digits) - 4, len(digits))
        digits = digits[:place] + fill(random, "#") + digits[place + 1 :]
    code = country.calling_code
    templates = (*country.national_formats, country.international_format)
    return random.choice(
        (
            _grouped(random.choice(templates), digits),
            f"+{code}{digits}",
            f"{country.exit_prefix}{code}{digits}",
        )
    )


def _grouped(template: str, digits: str) -> str:
    """The digits in the places of the template."""
    remaining = iter(digits)
    return "".join(next(remaining) if char == "#" else char for char in template)


def name(random: Random, person: Person) -> dict[str, str]:
    """The name as an event's `name`: nicknames, capitals, one field or two."""
    given, family = person.given, person.family
    if given in person.country.nicknames and random.random() < NICKNAME_SHARE:
        given = person.country.nicknames[given]
    if random.random() < SHOUTED_SHARE:
        given, family = given.upper(), f" {family.upper()}"
    if random.random() < FULL_NAME_SHARE:
        return {"full": f"{given} {family}"}
    return {"given": given, "family": family}
