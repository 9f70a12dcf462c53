"""A small story with everything in it that explanations tell of."""

from __future__ import annotations

from icustomer.core.model import RawName
from icustomer.core.observation import MergeCommand, RecordUpdate, SplitCommand
from icustomer.core.rules import DEFAULT_RULES
from icustomer.explanation.hubs import hub_of
from icustomer.explanation.pair import End
from icustomer.explanation.subject import Evidence
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation, order, ticket
from worlds.play import Game

ANA_MAIL = ("email", "ana@example.org", True)
HOME = ("phone", "+41446681800")
OFFICE = ("email", "info@office.example")
HOSTILE = '<script>alert("x")</script> & \x1b[31m'


def item_order(number, status):
    told = order(number, status, "59.80")
    items = [
        {"sku": "A-1", "name": "Lamp", "quantity": 2, "price": "19.90"},
        {"sku": HOSTILE, "price": {"amount": "20.00", "currency": "EUR"}},
    ]
    shipping = {"carrier": "Post", "tracking_number": "T1"}
    payment = {"brand": "visa", "last4": "4242"}
    return RecordUpdate(
        number, told.fields | {"items": items, "shipping": shipping, "payment": payment}
    )


def anas():
    """Ana signs up, calls without a name, orders under another address, and gives a nickname."""
    cells = {
        "locale": "de-CH",
        "address:home": {"street": f"Gasse 1 {HOSTILE}", "city": "Bern"},
        "preference:colour": "blue",
        "consent:news": True,
        "loyalty:gold": {"tier": "A", "points": 7},
    }
    lima = RawName("Ana", "Lima")
    yield observation("a1", [ANA_MAIL, HOME], name=lima, cells=cells, birth_date="1984-02-29")
    yield observation("a2", [HOME], topic="support", ticket=ticket("T1", "opened"), at=60)
    yield observation(
        *("a3", [ANA_MAIL, ("account", "shop/7")]),
        name=RawName("Ana", "Roth"),
        topic="orders",
        at=120,
        order=item_order("O1", "placed"),
    )
    yield observation(
        "a4",
        [ANA_MAIL, ("account", "shop/7")],
        name=RawName("Ana", "Roth"),
        at=180,
        topic="orders",
        source="stock",
        order=order("O1", "shipped", "61.00"),
        cells={"consent:news": False},
    )


def others():
    """Ben shares the phone; five people write from one office; somebody calls Ben's number too."""
    ben = RawName("Ben", f"Lima {HOSTILE}")
    yield observation("b1", [("email", "ben@example.org"), HOME], name=ben, at=240)
    for number, given in enumerate(("Ana", "Peter", "Ines", "Omar", "Yuki")):
        mail = ("email", f"{given.lower()}@office.example")
        claims = [mail, OFFICE] if number else [ANA_MAIL, OFFICE]
        yield observation(f"o{number}", claims, name=RawName(given, "Holt"), at=300 + number)


def lived():
    """The story as a worker that has no server works it."""
    game = Game(DEFAULT_RULES)
    for told in (*anas(), *others()):
        game.send(told)
    return game


def holder(game, value):
    """(evidence, customer) of whom a value leads to, the oldest."""
    found = [
        (customer.founded_at, customer.id, group, customer)
        for group in game.state.all_groups()
        for customer in group.customers
        for facet in group.facets
        if facet.key in customer.facets and any(each.value == value for each in facet.identifiers)
    ]
    _, _, group, customer = min(found, key=lambda each: each[:2])
    return evidence_of(game, group), customer


def evidence_of(game, group):
    """A group, and who states its shared identifiers anywhere."""
    groups = list(game.state.all_groups())
    hubs = {
        digest: hub_of(groups, digest, game.rules, KEYRING, is_all=True) for digest in group.shared
    }
    return Evidence(group, game.rules, KEYRING, hubs)


def merge(*ids, at=1000):
    return MergeCommand(f"merge-{at}", DAWN + at * SECOND, NOWHERE, ids)


def split(customer_id, at=2000, **way):
    return SplitCommand(f"split-{at}", DAWN + at * SECOND, NOWHERE, customer_id, **way)


def end(game, value):
    """Whoever a value leads to, as one of two."""
    evidence, customer = holder(game, value)
    carrying = tuple(
        key
        for key in customer.facets
        if any(each.value == value for each in evidence.facets[key].identifiers)
    )
    return End(value, evidence, customer, carrying)


def corrected():
    """The story, and after it persons who join Ana and Yuki, and Ana and Ben for a while."""
    game = lived()
    yuki = holder(game, "yuki@office.example")[1].id
    ana = holder(game, "ana@example.org")[1].id
    ben = holder(game, "ben@example.org")[1].id
    game.send(merge(ana, yuki, at=1000))
    game.send(merge(ana, ben, at=1001))
    game.send(split(ben, at=1002))
    return game


def parted():
    """The story, and after it a person who takes Ana's account away from her."""
    game = lived()
    ana = holder(game, "ana@example.org")[1].id
    account = KEYRING.identifier("account", "shop/7")
    game.send(split(ana, at=1003, identifiers=(account,)))
    return game
