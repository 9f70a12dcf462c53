"""Groups as a store holds them, of people who do not exist: to train and to measure with."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from icustomer.core.facets import apply
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Decision, Facet, Group, Identifier, NormalName, RawName
from icustomer.core.observation import Observation, Origin, RecordUpdate
from icustomer.local.generator import Sent, generate

PARTITIONS = 12
ORDER_FIELDS = ("status", "total", "items", "shipping", "payment")
TICKET_FIELDS = ("status", "channel", "direction", "subject", "satisfaction")


def synthetic_groups(seed: int, events: int) -> Iterator[Group]:
    """One group for each person of a generated world, never the same for another seed."""
    random = Random(seed)  # noqa: S311 - the same seed must give the same groups
    keyring = Keyring(random.randbytes(32))
    lives: dict[str, list[Sent]] = defaultdict(list)
    for record in generate(seed, events).records:
        if record.truth and record.event_id:
            lives[record.truth].append(record)
    for records in lives.values():
        yield _group(random, keyring, records)


def _group(random: Random, keyring: Keyring, records: list[Sent]) -> Group:
    facets: dict[bytes, Facet] = {}
    style = random.choice(EVENT_ID_STYLES)
    for record in records:
        body = msgspec.json.decode(record.value)
        body["event_id"] = style(random, body["event_id"])
        observation = _observation(random, keyring, record.topic, body)
        key = observation.facet_key
        facets[key] = apply(facets.get(key), observation, key).facet
    return _grouped(random, keyring, sorted(facets.values(), key=lambda facet: facet.key))


def _grouped(random: Random, keyring: Keyring, facets: list[Facet]) -> Group:
    oldest = min(facets, key=lambda facet: facet.founded_at)
    oldest.minted = 1
    version = (random.randint(1, 3) << 40) | random.randint(1, 40)
    customer_id = keyring.customer_id(oldest.key, *oldest.founded_by, 0)
    keys = tuple(facet.key for facet in facets)
    return Group(
        id=oldest.key,
        version=version,
        facets=facets,
        customers=[
            Customer(customer_id, oldest.key, oldest.founded_at, version, oldest.last_seen, keys)
        ],
        decisions=[
            Decision(
                "created", version, oldest.founded_at, customer_id, event_id=oldest.founded_by[1]
            )
        ],
    )


def _as_it_is(_: Random, event_id: str) -> str:
    return event_id


def _uuid(random: Random, _: str) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _hexadecimal(random: Random, _: str) -> str:
    return random.randbytes(12).hex()


EVENT_ID_STYLES = (_as_it_is, _uuid, _hexadecimal)
"""Companies name their events in many ways; a dictionary must not live by one of them."""


def _observation(random: Random, keyring: Keyring, topic: str, body: dict[str, Any]) -> Observation:
    at = int(datetime.fromisoformat(body["occurred_at"]).timestamp() * 1_000_000)
    identifiers = tuple(sorted(_identifiers(body), key=lambda each: (each.kind, each.value)))
    raw = RawName(**body.get("name", {}))
    name = NormalName(_parts(raw.given), _parts(raw.family), _parts(raw.full))
    birth_date = body.get("birth_date")
    partition = f"{topic}/{random.randrange(PARTITIONS)}"
    return Observation(
        topic=str(topic),
        event_id=body["event_id"],
        source=body["source"],
        occurred_at=at,
        origin=Origin(partition, random.randrange(10**7), at + random.randrange(10**7)),
        identifiers=identifiers,
        digests=tuple(keyring.identifier(each.kind, each.value) for each in identifiers),
        name=name,
        raw_name=raw,
        birth_date=birth_date,
        facet_key=keyring.facet(identifiers, name, birth_date),
        known=not body.get("guest"),
        cells=_cells(body),
        order=_update(body, "order_id", ORDER_FIELDS),
        ticket=_update(body, "ticket_id", TICKET_FIELDS),
    )


def _identifiers(body: dict[str, Any]) -> Iterator[Identifier]:
    if account := body.get("account"):
        value = f"{account['service']}/{account['number']}"
        yield Identifier("account", value, value)
    if email := body.get("email"):
        yield Identifier("email", email.strip().lower(), email, body.get("email_verified", False))
    if phone := body.get("phone"):
        digits = "".join(char for char in phone if char.isdigit()).lstrip("0")
        yield Identifier("phone", f"+{digits}", phone, body.get("phone_verified", False))


def _parts(text: str | None) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", text or "").casefold()
    return tuple("".join(c for c in plain if not unicodedata.combining(c)).split())


def _cells(body: dict[str, Any]) -> dict[str, Any]:
    cells = {"locale": body["locale"]} if body.get("locale") else {}
    for field, kind in (("address", "home"), ("shipping_address", "shipping")):
        if address := body.get(field):
            cells[f"address:{kind}"] = address
    for field, attribute in (("preferences", "preference"), ("consents", "consent")):
        for name, value in body.get(field, {}).items():
            cells[f"{attribute}:{name}"] = value
    if loyalty := body.get("loyalty"):
        cells[f"loyalty:{loyalty['program']}"] = loyalty
    return cells


def _update(body: dict[str, Any], number: str, fields: tuple[str, ...]) -> RecordUpdate | None:
    if number not in body:
        return None
    return RecordUpdate(body[number], {field: body[field] for field in fields if field in body})


SYLLABLES = ("ba", "ken", "lo", "mir", "sa", "tu", "vel", "no", "ri", "dan", "pe", "osh", "qui")
ORDERS, TICKETS = 6, 2
CATALOGUE = 200
"""Products of the made-up company."""


def group_of_events(random: Random, keyring: Keyring) -> Group:
    """A customer of nine events (a signup, six orders with items and shipping, two tickets), one
    facet, three identifiers, at a company that the dictionary knows nothing of: words, numbers
    and event IDs are its own."""
    shop = _Stranger(random)
    facet: Facet | None = None
    for topic, facts in shop.events():
        body = {**shop.contact, **facts, "event_id": _uuid(random, "")}
        observation = _observation(random, keyring, topic, body)
        facet = apply(facet, observation, observation.facet_key).facet
    return _grouped(random, keyring, [facet] if facet else [])


class _Words:
    """Words, numbers and prices that mean nothing."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def digits(self, count: int) -> str:
        return f"{self.random.randrange(10**count):0{count}}"

    def word(self) -> str:
        return "".join(self.random.choices(SYLLABLES, k=3)).capitalize()

    def money(self) -> dict[str, str]:
        cents = self.random.randrange(100, 30_000)
        return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": "EUR"}

    def address(self) -> dict[str, str]:
        street = f"{self.word()} {self.random.randrange(200)}"
        parts = {"street": street, "postal_code": self.digits(5), "city": self.word()}
        return {**parts, "country": "DE"}

    def product(self) -> dict[str, Any]:
        """One of the catalogue, the same for everybody."""
        same = _Words(Random(self.random.randrange(CATALOGUE)))  # noqa: S311 - see above
        name = f"{same.word()} {same.word()}"
        return {"sku": same.digits(6), "name": name, "quantity": 1, "price": same.money()}


class _Stranger:
    """A customer of a made-up company, and what it tells of one."""

    def __init__(self, random: Random) -> None:
        self._words = words = _Words(random)
        self._home = words.address()
        given, family = words.word(), words.word()
        self.contact = {
            "source": "storefront",
            "occurred_at": "2026-03-01T12:30:45.123456Z",
            "name": {"given": given, "family": family},
            "email": f"{given}.{family}{words.digits(3)}@{words.word()}.example".lower(),
            "phone": f"+4915{words.digits(9)}",
            "account": {"service": "storefront", "number": words.digits(10)},
        }

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield (
            "signups",
            {"address": self._home, "locale": "de-DE", "consents": {"newsletter": True}},
        )
        for _ in range(ORDERS):
            yield "orders", self._order()
        for _ in range(TICKETS):
            yield "support", self._ticket()

    def _order(self) -> dict[str, Any]:
        words = self._words
        tracking = words.digits(12)
        return {
            "order_id": words.digits(10),
            "status": words.random.choice(("paid", "shipped", "delivered")),
            "total": words.money(),
            "items": [words.product()],
            "shipping": {
                "carrier": "DHL",
                "tracking_number": tracking,
                "tracking_url": f"https://parcels.example/follow?id={tracking}",
            },
            "shipping_address": self._home,
        }

    def _ticket(self) -> dict[str, Any]:
        subject = " ".join(self._words.word() for _ in range(4))
        facts = {"status": "solved", "channel": "email", "direction": "in", "subject": subject}
        return {"ticket_id": self._words.digits(8), **facts}
