"""How people, clerks and forms write what they know: slips, habits and lazy fields.

Shares are per written event. They are guesses at a shop's average, the same for every kind of
household, and none was chosen by looking at what the matching makes of it.
"""

from __future__ import annotations

from random import Random
from string import ascii_lowercase
from typing import Any

from benchmarks.households.names import NICKNAMES
from icustomer.local.countries import Country
from icustomer.local.people import fill

NICKNAME_SHARE = 0.10
"""Of events by people who have one."""
SLIP_SHARE = 0.02
"""A letter of the given name wrong, missing, doubled or exchanged with its neighbour."""
INITIAL_SHARE = 0.03
SWAPPED_SHARE = 0.01
"""Given and family name in each other's field."""
MIDDLE_SHARE = 0.04
CAPITALS_SHARE = 0.05
SMALL_SHARE = 0.06
FULL_SHARE = 0.25
"""One field for the whole name."""
FAMILY_ONLY_SHARE = 0.02
"""\"Mrs Smith\"."""
EMAIL_SLIP_SHARE = 0.006
"""An address that belongs to nobody."""
PHONE_SLIP_SHARE = 0.004
"""A digit wrong: mostly nobody's number."""
TAG_SHARE = 0.08
"""Of Gmail addresses: a tag or other dots."""


def written_name(random: Random, given: str, family: str, middle: str) -> dict[str, str]:
    """The name as one event has it."""
    if random.random() < NICKNAME_SHARE:
        given = NICKNAMES.get(given, given)
    if random.random() < SLIP_SHARE:
        given = slip(random, given)
    if random.random() < INITIAL_SHARE:
        given = f"{given[0]}."
    if random.random() < MIDDLE_SHARE:
        given = f"{given} {middle}"
    if random.random() < SWAPPED_SHARE:
        given, family = family, given
    return _as_fields(random, _cased(random, given), _cased(random, family))


def _cased(random: Random, name: str) -> str:
    chance = random.random()
    if chance < CAPITALS_SHARE:
        return name.upper()
    return name.lower() if chance < CAPITALS_SHARE + SMALL_SHARE else name


def _as_fields(random: Random, given: str, family: str) -> dict[str, str]:
    chance = random.random()
    if chance < FAMILY_ONLY_SHARE:
        return {"full": f"{random.choice(('Mr', 'Mrs', 'Dr'))} {family}"}
    if chance < FAMILY_ONLY_SHARE + FULL_SHARE:
        return {"full": random.choice((f"{given} {family}", f"{family}, {given}"))}
    return {"given": given, "family": family}


def slip(random: Random, word: str) -> str:
    """The word with one slip of the finger; never at the first letter, where it is seen."""
    place = random.randrange(1, len(word)) if len(word) > 1 else 0
    kind = random.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place] + word[place:]
    if kind == 2:  # noqa: PLR2004 - the third of four slips
        return word[:place] + random.choice(ascii_lowercase) + word[place + 1 :]
    return word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]


def written_email(random: Random, email: str) -> str:
    """The address as typed."""
    local, _, domain = email.partition("@")
    if random.random() < EMAIL_SLIP_SHARE:
        return f"{slip(random, local)}@{domain}"
    if domain == "gmail.com" and random.random() < TAG_SHARE:
        return random.choice((f"{local}+shop@{domain}", f"{local.replace('.', '')}@{domain}"))
    return email.capitalize() if random.random() < CAPITALS_SHARE else email


def written_phone(random: Random, digits: str, country: Country) -> dict[str, Any]:
    """The number as typed, with its country: national digits in one of the country's forms."""
    if random.random() < PHONE_SLIP_SHARE:
        place = random.randrange(len(digits) // 2, len(digits))
        digits = digits[:place] + random.choice("0123456789") + digits[place + 1 :]
    form = random.choice((*country.national_formats, country.international_format))
    return {"phone": formatted(form, digits, country), "country": country.code}


def formatted(form: str, digits: str, country: Country) -> str:
    """The digits in the places of a format; one that has other places is dialled from abroad."""
    if form.count("#") != len(digits):
        return f"+{country.calling_code}{digits}"
    remaining = iter(digits)
    return "".join(next(remaining) if char == "#" else char for char in form)


def number(random: Random, country: Country) -> str:
    """National digits of a mobile number."""
    return fill(random, random.choice(country.mobile_prefixes) + "#" * country.mobile_digits)
