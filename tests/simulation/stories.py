"""What the upstream sends: events of a small town, drawn one by one, as bytes.

People share phones within a household, some give the number of their office, change their
e-mail address, call without a name, order and have their orders change; the sender repeats
itself, sends rubbish, and now and then a person gives a command.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from icustomer.contracts.topics import Topic

GIVEN = ("Anna", "Bruno", "Cleo", "Dieter", "Ines", "Omar", "Yuki", "Zeno")
"""No two of them compatible."""
FAMILIES = ("Berg", "Holt", "Klein", "Moser", "Rossi", "Sato")
HOUSEHOLDS = 8
BUSY = 3
SHARE_OF_BUSY = 0.4
"""Of all events so many are about a few people: workers get into each other's way."""
SHARE_OF_VISITS = 0.5
"""Of all events so many come right after another of the same person, on any topic: one who
is not known yet is met by several workers at once."""
SHARES_OF_COMMANDS = (0.2, 0.15, 0.15, 0.25, 0.25)
"""That forget, suppress, unshare, merge, split."""
SHARE_OF_ALL = 0.3
"""Of what is split."""
SHARE_OF_OFFICE = 0.3
"""Of what is suppressed: then it is shared, and its carriers stand in many groups."""
OFFICE = "+4930555000"
"""More people give it than can be one household."""
STATUSES = ("placed", "paid", "shipped", "delivered", "cancelled", "refunded")
TICKET_STATUSES = ("opened", "pending", "solved", "closed", "reopened")
DAWN = datetime(2026, 1, 1, tzinfo=UTC)
"""When virtual time begins."""
EARLIER_SECONDS = 7200
"""How long before it is sent an event may have happened: order of arrival tells nothing."""
SHARE_OF_WRONG_CLOCKS = 0.03
WRONG_TIMES = ("1970-01-01T00:00:00Z", "2107-05-04T03:02:01Z", "9999-12-31T23:59:59Z")
WRONG_TIMESTAMPS = (0, 4_334_000_000_000)
"""Milliseconds: 1970, and the year 2107."""
SHARE_OF_OTHER_CLOCKS = 0.2
OTHER_CLOCK_SECONDS = 600.0
JUNK = (b"", b"{", b"\xff\xfe", b"[]", b'{"event_id": "x"}', b'{"event_id": NaN}', None)

Document = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """What goes to an input topic."""

    topic: Topic
    key: bytes
    value: bytes | None
    timestamp: int | None = None
    """Milliseconds, as the sender has it; None: the broker's."""


@dataclass
class Person:
    given: str
    family: str
    phone: str
    emails: tuple[str, ...]
    account: str
    commutes: bool
    """Whether they may give the number of the office."""


@dataclass
class Town:
    """Draws messages. `customer_ids` tells whom a command may name by now."""

    random: Random
    customer_ids: Callable[[], list[str]]
    people: list[Person] = field(init=False)
    sent: list[Message] = field(default_factory=list)

    _visitor: Person | None = None

    def __post_init__(self) -> None:
        self.people = [person for number in range(HOUSEHOLDS) for person in self._household(number)]

    def _household(self, number: int) -> list[Person]:
        family = self.random.choice(FAMILIES)
        members = self.random.sample(GIVEN, self.random.choice((1, 1, 2, 3, 4)))
        commutes = self.random.random() < 0.4
        return [
            Person(
                given,
                family,
                f"+49170{number:07}",
                tuple(f"{given}.{number}.{place}@mail.example".lower() for place in range(3)),
                f"{number}{place}",
                commutes,
            )
            for place, given in enumerate(members)
        ]

    def next(self, now: float) -> Message:
        """The message that is sent at `now`, seconds since dawn."""
        kinds = (self._again, self._junk, self._command, self._event)
        (kind,) = self.random.choices(kinds, weights=(12, 3, 2, 100))
        message = replace(kind(now), timestamp=self._timestamp(now))
        self.sent.append(message)
        return message

    def _timestamp(self, now: float) -> int | None:
        """The sender's clock, where it is none of the broker's: minutes off, or worse."""
        drawn = self.random.random()
        if drawn < SHARE_OF_WRONG_CLOCKS:
            return self.random.choice(WRONG_TIMESTAMPS)
        if drawn < SHARE_OF_OTHER_CLOCKS:
            off = self.random.uniform(-OTHER_CLOCK_SECONDS, OTHER_CLOCK_SECONDS)
            return int((DAWN.timestamp() + now + off) * 1_000)
        return None

    # -- what is no event --------------------------------------------------------------

    def _again(self, now: float) -> Message:
        """Something sent before, byte for byte, perhaps to another partition."""
        if not self.sent:
            return self._event(now)
        message = self.random.choice(self.sent)
        return Message(message.topic, self._key(), message.value)

    def _junk(self, _now: float) -> Message:
        topic = self.random.choice((Topic.SIGNUPS, Topic.ORDERS, Topic.SUPPORT, Topic.COMMANDS))
        return Message(topic, self._key(), self.random.choice(JUNK))

    def _command(self, now: float) -> Message:
        known = self.customer_ids() or ["ic_0000-0000-0000-0000-0"]
        document = self._stamped(now) | {"requested_by": "ann", "reason": "a person said so"}
        tellers = (self._forget, self._suppress, self._unshare, self._merge, self._split)
        (teller,) = self.random.choices(tellers, weights=SHARES_OF_COMMANDS)
        return self._message(Topic.COMMANDS, document | teller(known))

    def _forget(self, known: list[str]) -> Document:
        return {"command": "forget", "customer_id": self.random.choice(known)}

    def _suppress(self, _: list[str]) -> Document:
        email = self.random.choice(self._somebody().emails)
        value = OFFICE if self.random.random() < SHARE_OF_OFFICE else email
        kind = "phone" if value == OFFICE else "email"
        return {"command": "suppress", "identifier": {"kind": kind, "value": value}}

    def _unshare(self, _: list[str]) -> Document:
        kind, value = self._identifier()
        return {"command": "unshare", "identifier": {"kind": kind, "value": value}}

    def _merge(self, known: list[str]) -> Document:
        return {
            "command": "merge",
            "customer_ids": [self.random.choice(known) for _ in range(2)],
        }

    def _split(self, known: list[str]) -> Document:
        word: Document = {"command": "split", "customer_id": self.random.choice(known)}
        return word | ({"all": True} if self.random.random() < SHARE_OF_ALL else {})

    def _identifier(self) -> tuple[str, str]:
        """The number that many share, or what somebody has or may have one day."""
        person = self._somebody()
        told = (("phone", person.phone), ("email", self.random.choice(person.emails)))
        return self.random.choice((("phone", OFFICE), *told))

    # -- events ------------------------------------------------------------------------

    def _event(self, now: float) -> Message:
        if self._visitor is None or self.random.random() > SHARE_OF_VISITS:
            self._visitor = self._somebody()
        person = self._visitor
        tellers = (self._signup, self._order, self._guest_order, self._call, self._nameless_call)
        (teller,) = self.random.choices(tellers, weights=(4, 5, 1, 2, 2))
        topic, said = teller(person)
        return self._message(topic, self._stamped(now) | said)

    def _somebody(self) -> Person:
        at_hand = self.people[:BUSY] if self.random.random() < SHARE_OF_BUSY else self.people
        return self.random.choice(at_hand)

    def _signup(self, person: Person) -> tuple[Topic, Document]:
        said = self._claims(person) | {
            "locale": self.random.choice(("de", "en", "fr")),
            "preferences": {"colour": self.random.randrange(9)},
            "consents": {"news": self.random.random() < 0.5},
        }
        return Topic.SIGNUPS, said

    def _order(self, person: Person) -> tuple[Topic, Document]:
        return Topic.ORDERS, self._claims(person) | self._ordered(person)

    def _guest_order(self, person: Person) -> tuple[Topic, Document]:
        email = {"email": self.random.choice(person.emails)}
        return Topic.ORDERS, email | self._ordered(person) | {"guest": True}

    def _ordered(self, person: Person) -> Document:
        number = f"{person.account}-{self.random.randrange(4)}"
        said: Document = {"order_id": number, "status": self.random.choice(STATUSES)}
        if self.random.random() < 0.7:
            amount = f"{self.random.randrange(1, 200)}.{self.random.randrange(100):02}"
            said["total"] = {"amount": amount, "currency": self.random.choice(("EUR", "CHF"))}
        return said

    def _call(self, person: Person) -> tuple[Topic, Document]:
        return Topic.SUPPORT, self._claims(person) | self._ticket(person)

    def _nameless_call(self, person: Person) -> tuple[Topic, Document]:
        phone = self.random.choice((person.phone, person.phone, OFFICE))
        return Topic.SUPPORT, {"phone": phone} | self._ticket(person)

    def _ticket(self, person: Person) -> Document:
        number = f"t{person.account}-{self.random.randrange(3)}"
        return {"ticket_id": number, "status": self.random.choice(TICKET_STATUSES)}

    def _claims(self, person: Person) -> Document:
        """Some of what a person may tell of who they are, never nothing."""
        said: Document = {}
        if self.random.random() < 0.6:
            at_office = person.commutes and self.random.random() < 0.3
            said["phone"] = OFFICE if at_office else person.phone
        if self.random.random() < 0.4:
            said["account"] = {"service": "shop", "number": person.account}
        if not said or self.random.random() < 0.6:
            said["email"] = self.random.choice(person.emails)
        if self.random.random() < 0.8:
            given = person.given if self.random.random() < 0.8 else f"{person.given[0]}."
            said["name"] = {"given": given, "family": person.family}
        return said

    def _stamped(self, now: float) -> Document:
        happened = now - self.random.choice((0.0, self.random.uniform(0, EARLIER_SECONDS)))
        told = (DAWN + timedelta(seconds=happened)).isoformat()
        if self.random.random() < SHARE_OF_WRONG_CLOCKS:
            told = self.random.choice(WRONG_TIMES)
        return {
            "event_id": f"e{len(self.sent):04}",
            "occurred_at": told,
            "source": self.random.choice(("shop", "app", "till")),
        }

    def _message(self, topic: Topic, document: Document) -> Message:
        return Message(topic, self._key(), json.dumps(document).encode())

    def _key(self) -> bytes:
        return b"%d" % self.random.randrange(50)
