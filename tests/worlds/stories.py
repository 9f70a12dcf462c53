"""Stories: what a small world of people tells, drawn from a source of randomness.

The same story-teller serves seeded searches (`random.Random`) and Hypothesis, whose own
`Random` remembers what was drawn and makes failing stories smaller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies
from msgspec.structs import astuple, replace

from icustomer.core.blocking import Blocked
from icustomer.core.model import RawName
from icustomer.core.observation import Item, Observation, UnshareCommand
from icustomer.core.rules import DEFAULT_RULES, KindRule, Match, Rules
from worlds.observations import (
    DAWN,
    KEYRING,
    NAMELESS,
    NOWHERE,
    SECOND,
    Claimed,
    observation,
    order,
    ticket,
    under,
)
from worlds.rule_files import draw_rules

SPAN = 40
"""Seconds within which all of a world happens: few enough that some fall together."""
SHOUTED = 0.2
"""Share of events that are written in capitals: the same claim in another form."""
GIVEN = ("Anna", "Peter", "Ines", "Omar", "Yuki", "Bruno", "Greta", "Zeno")
"""No two of them compatible."""
ANNAS = (
    RawName("Anna", "Berg"),
    RawName("A.", "Berg"),
    RawName(full="Anna Berg"),
    RawName("Anna", "Holt"),
    RawName(full="Berg"),
)
"""What one person may be called; some go with others of the family too."""
STATUSES = ("placed", "paid", "shipped", "delivered", "cancelled", "refunded")
TICKET_STATUSES = ("opened", "pending", "solved", "closed", "reopened")

TIGHT_RULES = Rules(
    kinds={
        "account": KindRule(max_linked=4),
        "email": KindRule(max_names=2, max_linked=3),
        "phone": KindRule(veto=True, max_names=2, max_linked=3),
    },
    max_distinct_names=5,
    max_facets=8,
    max_contested=1,
)
"""Limits that small worlds reach."""
OTHER_RULES = Rules(
    kinds={
        "account": KindRule(),
        "email": KindRule(match=Match.VERIFIED),
        "phone": KindRule(veto=True, max_linked=3),
        "booking": KindRule(transactional=True),
        "device": KindRule(match=Match.NEVER),
    },
    blocked=frozenset({Blocked("phone", value="+4990000")}),
)
"""Each rule of its own once: verified only, never, transactional, blocked."""


@dataclass(frozen=True)
class Story:
    """A set of observations (in no order that matters) and the rules to judge them by."""

    rules: Rules
    told: tuple[Observation, ...]
    unshared: tuple[UnshareCommand, ...] = ()
    """What people said of identifiers of this world, at any time."""

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.told, *self.unshared)


def shouted(told: Observation) -> Observation:
    """The same claim, written in capitals."""
    name = RawName(*(part and part.upper() for part in astuple(told.raw_name)))
    identifiers = tuple(replace(one, raw=one.raw.upper()) for one in told.identifiers)
    return replace(told, raw_name=name, identifiers=identifiers)


@dataclass
class Teller:
    """Tells events; numbers them, and draws what the story leaves open."""

    random: Random
    told: list[Observation] = field(default_factory=list)

    def tell(self, *claimed: Claimed, name: RawName = NAMELESS, **said: Any) -> None:
        number = len(self.told)
        said.setdefault("at", self.random.randrange(SPAN))
        said.setdefault("source", self.random.choice(("shop", "app", "till")))
        said.setdefault("event_id", f"e{number:03}")
        told = observation(claimed=claimed, name=name, **said)
        self.told.append(shouted(told) if self.random.random() < SHOUTED else told)

    def person(self) -> RawName:
        return RawName(self.random.choice(GIVEN), self.random.choice(("Berg", "Holt")))

    def several(self, most: int) -> range:
        return range(self.random.randint(1, most))


def family(teller: Teller) -> None:
    """Two to four people on one phone, each with an e-mail; one order without a name."""
    for place, given in enumerate(GIVEN[: teller.random.randint(2, 4)]):
        name = RawName(given, "Berg")
        for _ in teller.several(2):
            teller.tell(("email", f"{place}@berg.example"), ("phone", "+491"), name=name)
    teller.tell(("phone", "+491"), topic="orders", order=order("O1", "paid", "10.10"))


def namesakes(teller: Teller) -> None:
    """Two of one name who have nothing else in common."""
    for place in range(2):
        teller.tell(
            ("email", f"anna{place}@x.example"), name=ANNAS[0], birth_date=f"199{place}-01-01"
        )
        teller.tell(("email", f"anna{place}@x.example"), ("phone", f"+492{place}"), name=ANNAS[1])


def hub(teller: Teller) -> None:
    """A number of a shop: more people than can be one household."""
    for place in range(teller.random.randint(3, 7)):
        name = RawName(GIVEN[place], "Berg")
        teller.tell(("phone", "+493"), ("email", f"h{place}@x.example"), name=name)
        if teller.random.random() < 0.3:
            teller.tell(("phone", "+493"), ("phone", f"+494{place}"), name=teller.person())


def chain(teller: Teller) -> None:
    """Each event shares one identifier with the next."""
    name = teller.random.choice((ANNAS[0], NAMELESS))
    for place in range(teller.random.randint(2, 5)):
        kinds = ("email", "phone") if place % 2 else ("phone", "email")
        values = {"email": "c{}@x.example", "phone": "+48{}"}
        claimed = [(kind, values[kind].format(place + n)) for n, kind in enumerate(kinds)]
        teller.tell(*claimed, name=name)


def bridge(teller: Teller) -> None:
    """A nameless event that carries the identifiers of two people."""
    teller.tell(("email", "b0@x.example"), ("phone", "+4950"), name=RawName("Anna", "Berg"))
    teller.tell(("email", "b1@x.example"), ("phone", "+4951"), name=RawName("Peter", "Berg"))
    kind, value = teller.random.choice((("email", "b0@x.example"), ("phone", "+4950")))
    teller.tell((kind, value), ("phone", "+4951"), topic="orders", order=order("O2", "placed"))


def late_verification(teller: Teller) -> None:
    """The same claim, verified later on."""
    for place in range(2):
        name = RawName(GIVEN[place], "Berg")
        teller.tell(("email", "v@x.example"), ("phone", f"+496{place}"), name=name, at=place)
    given = teller.random.choice(GIVEN[:2])
    phone = ("phone", f"+496{GIVEN.index(given)}")
    teller.tell(("email", "v@x.example", True), phone, name=RawName(given, "Berg"), at=SPAN)


def guests(teller: Teller) -> None:
    """Guest orders, some of them claimed by a signup."""
    for place in teller.several(3):
        amount = teller.random.choice((None, "0.10", "19.99"))
        teller.tell(
            ("email", f"g{place}@x.example"),
            topic="orders",
            known=False,
            order=order(f"G{place}", teller.random.choice(STATUSES), amount),
        )
    if teller.random.random() < 0.5:
        teller.tell(("email", "g0@x.example"), name=ANNAS[0], cells={"locale": "de"})


def orders(teller: Teller) -> None:
    """Orders and tickets told several times, by several sources, in any state."""
    for _ in range(teller.random.randint(2, 6)):
        amount = teller.random.choice((None, "0.10", "19.99", "7.0001"))
        update = order(f"O{teller.random.randrange(3)}", teller.random.choice(STATUSES), amount)
        email = f"o{teller.random.randrange(2)}@x.example"
        teller.tell(("email", email), ("phone", "+497"), topic="orders", order=update)
    update = ticket("T1", teller.random.choice(TICKET_STATUSES))
    teller.tell(("phone", "+497"), topic="support", ticket=update)


def changed_email(teller: Teller) -> None:
    """One account through three addresses, with attributes that change."""
    for place in range(3):
        cells = {
            "locale": teller.random.choice(("de", "en")),
            "preference:colour": place,
            "consent:news": teller.random.random() < 0.5,
            "loyalty:gold": {"tier": "A", "points": place},
        }
        teller.tell(
            ("account", "shop/1"), ("email", f"m{place}@x.example"), name=ANNAS[0], cells=cells
        )


def lent_account(teller: Teller) -> None:
    """An account that several people use, and somebody who gives no name."""
    for place in range(teller.random.randint(2, 5)):
        name = RawName(GIVEN[place], "Berg")
        teller.tell(("account", "shop/2"), ("phone", f"+498{place}"), name=name)
    teller.tell(("account", "shop/2"), topic="orders", order=order("O4", "paid", "4"))


def office(teller: Teller) -> None:
    """One name, and about as many identifiers of another kind as a limit allows."""
    kind = teller.random.choice(("account", "email", "phone"))
    other = teller.random.choice(("account", "email", "phone", "booking", "device"))
    for place in range(1, teller.random.randint(4, 7)):
        at = "@x.example" if kind == "email" else ""
        beside = "@x.example" if other == "email" else ""
        teller.tell((kind, f"office/0{at}"), (other, f"office/{place}{beside}"), name=ANNAS[0])


def torn(teller: Teller) -> None:
    """Nameless events whose only identifiers lead to several people, and friends of theirs."""
    for place in range(2):
        teller.tell(
            ("phone", "+499"), ("email", f"t{place}@x.example"), name=RawName(GIVEN[place], "B")
        )
    teller.tell(("phone", "+499"), topic="orders", order=order("O9", "paid", "5"))
    teller.tell(("phone", "+499"), ("phone", f"+499{teller.random.randrange(2)}"))
    if teller.random.random() < 0.5:
        teller.tell(("phone", "+4990"), name=RawName(teller.random.choice(GIVEN[:3]), "B"))


def registry(teller: Teller) -> None:
    """People of whom nothing but a name and a birth date is known, twins among them."""
    born = ("1990-01-01", "1990-01-02", "1970-01-01")
    for _ in teller.several(5):
        name = teller.random.choice((*ANNAS, RawName("Anne", "Berg"), RawName("Peter", "Berg")))
        claimed = [("email", f"r{teller.random.randrange(2)}@x.example")]
        few = claimed if teller.random.random() < 0.3 else []
        teller.tell(*few, name=name, birth_date=teller.random.choice(born))


def notices(teller: Teller) -> None:
    """Orders of people who are known, and notices that tell no more than an order's number."""
    for place in teller.several(3):
        email = ("email", f"n{teller.random.randrange(2)}@x.example")
        name = teller.random.choice((NAMELESS, ANNAS[0], RawName("Peter", "Berg")))
        told = order(f"N{place}", teller.random.choice(STATUSES))
        teller.tell(email, ("order", f"N{place}"), topic="orders", order=told, name=name)
        told = order(f"N{place}", teller.random.choice(STATUSES))
        teller.tell(("order", f"N{place}"), topic="orders", order=told)


def cards(teller: Teller) -> None:
    """One address beside more numbers than one person has."""
    for place in range(teller.random.randint(2, 4)):
        card = ("passport", f"X{place}", teller.random.random() < 0.5)
        name = teller.random.choice((NAMELESS, ANNAS[0], ANNAS[3]))
        teller.tell(("email", "k@x.example"), card, name=name)
        teller.tell(card, name=teller.random.choice((NAMELESS, ANNAS[0])))
    teller.tell(("passport", "X0"), ("passport", "X1"), ("passport", "X2"))


def forged(teller: Teller) -> None:
    """Identifiers of kinds that only the rules make."""
    for place in teller.several(3):
        forgery = ("person", "anna berg 1990-01-01")
        teller.tell(forgery, ("email", f"f{place}@x.example"), name=teller.person())
    teller.tell(("person", "anna berg 1990-01-01"), name=ANNAS[0], birth_date="1990-01-01")


def moves(teller: Teller) -> None:
    """What several sources say of one person, some of it beside a proof."""
    for place in range(teller.random.randint(2, 5)):
        street = f"{teller.random.randrange(3)} High Street"
        cells = {
            f"address:{teller.random.choice(('home', 'shipping'))}": {"street": street},
            "locale": teller.random.choice(("de", "en", "fr")),
            "consent:news": teller.random.random() < 0.5,
            "preference:colour": place,
            "loyalty:gold": {"points": place},
        }
        kept = {name: cells[name] for name in cells if teller.random.random() < 0.7}
        teller.tell(
            ("email", "w@x.example", teller.random.random() < 0.4),
            *([("phone", "+4777")] if teller.random.random() < 0.5 else []),
            name=teller.random.choice((*ANNAS, NAMELESS)),
            birth_date=teller.random.choice((None, "1990-01-01", "1990-01-02")),
            cells=kept,
        )


def soup(teller: Teller) -> None:
    """Anything with anything, from few values."""
    pool: tuple[Claimed, ...] = (
        *(("email", f"s{n}@x.example") for n in range(3)),
        *(("phone", f"+49{n}0000") for n in range(8, 11)),
        *(("account", f"shop/{n}") for n in range(8, 10)),
        ("passport", "X1"),
        ("booking", "B1"),
        ("device", "D1"),
        ("order", "O1"),
    )
    names = (NAMELESS, NAMELESS, *ANNAS, *(RawName(given, "Berg") for given in GIVEN[1:5]))
    for _ in range(teller.random.randint(2, 12)):
        claimed = teller.random.sample(pool, teller.random.choice((1, 1, 2, 2, 3)))
        flagged = [(kind, value, teller.random.random() < 0.3) for kind, value, *_ in claimed]
        teller.tell(
            *flagged,
            name=teller.random.choice(names),
            birth_date=teller.random.choice((None, None, "1990-01-02", "1991-01-02")),
            known=teller.random.random() < 0.8,
        )


Scenario = Callable[[Teller], None]
SCENARIOS: tuple[Scenario, ...] = (
    family,
    namesakes,
    hub,
    chain,
    bridge,
    late_verification,
    guests,
    orders,
    changed_email,
    lent_account,
    office,
    torn,
    registry,
    registry,
    notices,
    cards,
    forged,
    moves,
    moves,
    soup,
    soup,
)


def tell_story(random: Random) -> Story:
    """A world of one to three scenarios, sometimes with their identifiers entangled."""
    teller = Teller(random)
    for scenario in random.choices(SCENARIOS, k=random.choice((1, 1, 2, 3))):
        scenario(teller)
    if random.random() < 0.5:
        entangle(teller)
    rules = _rules(random)
    told = tuple(under(rules, told) for told in teller.told if _claims(told))
    return Story(rules, told, unshared_of(random, rules, told))


def _claims(told: Observation) -> bool:
    """What claims nothing at all is refused before it comes to a worker's core."""
    return bool(told.identifiers or told.name.parts or told.birth_date)


def unshared_of(
    random: Random, rules: Rules, told: Sequence[Observation]
) -> tuple[UnshareCommand, ...]:
    """In a third of all worlds somebody says of a few identifiers that they are not shared; of
    one that nobody carries, too."""
    if random.random() > 1 / 3:
        return ()
    told_of = Counter((one.kind, one.value) for each in told for one in each.identifiers)
    told_of["email", "nobody@x.example"] = 0
    able = sorted(each for each in told_of if rules.connects(*each))
    popular = sorted(able, key=lambda each: -told_of[each])[:3]
    draws = range(3 if able else 0)
    chosen = {random.choice(random.choice((popular, popular, able))) for _ in draws}
    return tuple(
        UnshareCommand(
            f"u{number}",
            DAWN + random.randrange(SPAN) * SECOND,
            NOWHERE,
            kind,
            KEYRING.identifier(kind, value),
        )
        for number, (kind, value) in enumerate(sorted(chosen))
    )


def _rules(random: Random) -> Rules:
    """The usual ones, or any: half of all worlds are judged by a rule file drawn for them."""
    if random.random() < 0.5:
        return draw_rules(random)
    return random.choice((DEFAULT_RULES, DEFAULT_RULES, TIGHT_RULES, OTHER_RULES))


def entangle(teller: Teller) -> None:
    """Events that mix the identifiers of what was told so far."""
    seen = sorted({(i.kind, i.value) for told in teller.told for i in told.identifiers})
    for _ in teller.several(4):
        claimed = teller.random.sample(seen, min(len(seen), teller.random.choice((1, 2, 2))))
        name = teller.random.choice((NAMELESS, teller.person(), *ANNAS))
        teller.tell(*claimed, name=name)


def stories() -> strategies.SearchStrategy[Story]:
    """Stories for Hypothesis."""
    return strategies.randoms(use_true_random=False).map(tell_story)
