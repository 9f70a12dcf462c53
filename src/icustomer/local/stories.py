"""What the generated people do: they sign up, order and ask for help, event by event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from msgspec import Struct

from icustomer.contracts.topics import Topic
from icustomer.local import writing
from icustomer.local.people import Household, Person, fill

BEGINNING = datetime(2025, 3, 1, tzinfo=UTC)
"""A fixed day in the past, so that the same seed gives the same bytes on any day."""
PERIOD_SECONDS = 60 * 24 * 3600.0
HOUR_SECONDS = 3600.0

ORDERS_EACH = (1, 2)
GUEST_ORDERS = (1, 2)
TICKET_SHARE = 0.62
"""Of people that ask for help at all."""
GUEST_TICKET_SHARE = 0.1
"""Of guests: whoever asks for help is known, and no guest any more."""
NAMELESS_SHARE = 0.3
"""Of tickets that begin with a call: the telephone system knows the number alone."""
APP_SIGNUP_SHARE = 0.35
"""Of members who also sign up in the app."""
ACCOUNT_IN_ORDER_SHARE = 0.6
SECOND_SOURCE_SHARE = 0.05
"""Of order events that the accounting system tells as well, under an event ID of its own."""

PHONELESS_SHARE = 0.3
"""Of forms that were sent with a mailbox and without a telephone number."""
VERIFIED_SHARE = 0.7
"""Of signups whose mailbox was confirmed."""
NEWSLETTER_SHARE = 0.4
LOYALTY_SHARE = 0.3
RATED_SHARE = 0.5
"""Of solved tickets."""

ENDINGS = ("delivered", "delivered", "delivered", "delivered", "cancelled", "refunded", "shipped")
PRODUCTS = (
    *(("KT-1004", "Kettle", 3990), ("MG-2210", "Mug, blue", 1250), ("TW-0077", "Towel", 1875)),
    *(("LP-5512", "Desk lamp", 5400), ("BK-9031", "Notebook", 690), ("CH-3300", "Chair", 12900)),
)
"""SKU, name, price in hundredths."""
CARRIERS = ("DHL", "UPS", "GLS", "DPD")
BRANDS = ("visa", "mastercard", "amex")
SUBJECTS = ("Where is my parcel?", "Wrong colour", "Invoice needed", "Cannot log in", "Return")
CHANNELS = ("email", "phone", "chat", "web", "social")


Told = tuple[float, Topic, str, dict[str, Any]]
"""When it occurred, the topic, the record's key and the body."""


class Draft(Struct):
    """One event before it is sent."""

    at: float
    """When it occurred, seconds after BEGINNING."""
    topic: Topic
    key: str
    body: dict[str, Any]
    truth_id: str
    household: Household


class Storyteller:
    """Tells the lives of people as events; numbers of events, orders and tickets are its own."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._events = 0
        self._orders = 0
        self._tickets = 0

    def life(self, kind: Household, person: Person) -> list[Draft]:
        """All that one person does."""
        match kind:
            case Household.GUEST:
                told = self._guest(person)
            case Household.LATE_GUEST:
                told = self._late_guest(person)
            case _:
                told = self._member(person)
        return [Draft(at, topic, key, body, person.truth_id, kind) for at, topic, key, body in told]

    def _member(self, person: Person) -> Iterator[Told]:
        signed_up = self._moment()
        yield self._signup(person, signed_up, "web", person.emails[:1])
        if len(person.emails) > 1:
            yield self._signup(person, self._later(signed_up), "app", person.emails[1:])
        if self._random.random() < APP_SIGNUP_SHARE:
            yield self._signup(person, self._later(signed_up), "app", person.emails[-1:])
        for _ in range(self._random.randint(*ORDERS_EACH)):
            yield from self._order(person, self._later(signed_up), {"guest": False})
        if self._random.random() < TICKET_SHARE:
            yield from self._ticket(person, self._later(signed_up))

    def _guest(self, person: Person) -> Iterator[Told]:
        for _ in range(self._random.randint(*GUEST_ORDERS)):
            yield from self._order(person, self._moment(), {"guest": True})
        if self._random.random() < GUEST_TICKET_SHARE:
            yield from self._ticket(person, self._moment())

    def _late_guest(self, person: Person) -> Iterator[Told]:
        ordered = self._moment()
        yield from self._order(person, ordered, {"guest": True})
        signed_up = self._later(ordered)
        yield self._signup(person, signed_up, "web", person.emails[:1])
        yield from self._order(person, self._later(signed_up), {"guest": False})

    def _signup(self, person: Person, at: float, source: str, emails: tuple[str, ...]) -> Told:
        random = self._random
        body = self._common(at, source, person) | self._contact(person, emails)
        body |= {
            "email_verified": random.random() < VERIFIED_SHARE,
            "account": _account(person, source),
            "birth_date": person.birth_date,
            "address": _address(person),
            "locale": person.country.locale,
            "consents": {"newsletter": random.random() < NEWSLETTER_SHARE},
        }
        if not emails:
            del body["email_verified"]
        if random.random() < LOYALTY_SHARE:
            tier = random.choice(("basic", "silver", "gold"))
            body["loyalty"] = {"program": "club", "tier": tier, "points": random.randint(0, 9000)}
        return at, Topic.SIGNUPS, person.account, body

    def _order(self, person: Person, at: float, marks: dict[str, bool]) -> Iterator[Told]:
        """One order from first to last, told by the shop; some of it by accounting too."""
        self._orders += 1
        number = f"O-{self._orders:07}"
        contact = self._contact(person, person.emails[-1:]) | marks
        if not marks["guest"] and self._random.random() < ACCOUNT_IN_ORDER_SHARE:
            contact["account"] = _account(person, "web")
        total = self._basket(person)
        for status, details in self._statuses(person, total):
            body = self._common(at, "shop", person) | contact
            body |= {"order_id": number, "status": status, **details}
            yield at, Topic.ORDERS, number, body
            if self._random.random() < SECOND_SOURCE_SHARE:
                yield at, Topic.ORDERS, number, body | self._common(at, "accounting", person)
            at = self._soon(at)

    def _basket(self, person: Person) -> dict[str, Any]:
        chosen = self._random.sample(PRODUCTS, self._random.randint(1, 2))
        items = [
            {"sku": sku, "name": name, "quantity": 1, "price": _money(price, person)}
            for sku, name, price in chosen
        ]
        total = _money(sum(price for _, _, price in chosen), person)
        return {"total": total, "items": items, "shipping_address": _address(person)}

    def _statuses(
        self, person: Person, basket: dict[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Status by status with what each one tells: the life cycle of an order."""
        random = self._random
        ending = random.choice(ENDINGS)
        yield "placed", basket
        if ending == "cancelled":
            yield ending, {"total": basket["total"]}
            return
        card = {"brand": random.choice(BRANDS), "last4": fill(random, "####")}
        yield "paid", {"total": basket["total"], "payment": card}
        yield "shipped", {"shipping": self._parcel(), "shipping_address": _address(person)}
        if ending != "shipped":
            yield ending, {"total": basket["total"]}

    def _parcel(self) -> dict[str, str]:
        carrier = self._random.choice(CARRIERS)
        number = fill(self._random, "##########")
        address = f"https://track.example/{carrier.lower()}/{number}"
        return {"carrier": carrier, "tracking_number": number, "tracking_url": address}

    def _ticket(self, person: Person, at: float) -> Iterator[Told]:
        """One ticket from first to last; a caller may be known by the number alone."""
        random = self._random
        self._tickets += 1
        number = f"T-{self._tickets:07}"
        facts = {"subject": random.choice(SUBJECTS), "channel": random.choice(CHANNELS)}
        if random.random() < NAMELESS_SHARE or not person.emails:
            facts["channel"] = "phone"
            contact = {"phone": writing.phone(random, person.country, person.phone)}
        else:
            contact = self._contact(person, person.emails[-1:])
        for status, direction in (("opened", "in"), ("pending", "out"), ("solved", "out")):
            body = self._common(at, "helpdesk", person) | contact | facts
            body |= {"ticket_id": number, "status": status, "direction": direction}
            if status == "solved" and random.random() < RATED_SHARE:
                body["satisfaction"] = random.randint(1, 5)
            yield at, Topic.SUPPORT, number, body
            at = self._soon(at)

    def _common(self, at: float, source: str, person: Person) -> dict[str, Any]:
        self._events += 1
        return {
            "event_id": f"{source}-{self._events:08}",
            "occurred_at": written_time(at, person.country.utc_offset_hours, source),
            "source": source,
            "country": person.country.code,
        }

    def _contact(self, person: Person, emails: tuple[str, ...]) -> dict[str, Any]:
        random = self._random
        contact: dict[str, Any] = {"name": writing.name(random, person)}
        if emails:
            contact["email"] = writing.email(random, emails[0])
        if emails and random.random() < PHONELESS_SHARE:
            return contact
        contact["phone"] = writing.phone(random, person.country, person.phone)
        return contact

    def _moment(self) -> float:
        return self._random.uniform(0, PERIOD_SECONDS)

    def _later(self, at: float) -> float:
        """Any time from then to the end."""
        return self._random.uniform(at, PERIOD_SECONDS)

    def _soon(self, at: float) -> float:
        """Minutes to two days on."""
        return at + self._random.uniform(0.1, 48) * HOUR_SECONDS


def written_time(at: float, utc_offset_hours: int, source: str) -> str:
    """RFC 3339, in UTC from the shop's systems, in local time from the help desk's."""
    zone = timezone(timedelta(hours=utc_offset_hours)) if source == "helpdesk" else UTC
    moment = BEGINNING + timedelta(milliseconds=round(at * 1000))
    return moment.astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _account(person: Person, source: str) -> dict[str, str]:
    """The app keeps accounts of its own: nothing there tells of the shop's number."""
    if source == "app":
        return {"service": "app", "number": f"A-{person.account}"}
    return {"service": "shop", "number": person.account}


def _address(person: Person) -> dict[str, str]:
    return {
        "street": person.street,
        "postal_code": person.postal_code,
        "city": person.city,
        "country": person.country.code,
    }


def _money(hundredths: int, person: Person) -> dict[str, str]:
    amount = f"{hundredths // 100}.{hundredths % 100:02}"
    return {"amount": amount, "currency": person.country.currency}
