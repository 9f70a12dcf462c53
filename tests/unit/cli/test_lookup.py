"""Finding customers by ID and by identifier, and what people are shown of them."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from icustomer.commands.card import print_card
from icustomer.commands.finding import Carrying, Named, find, find_by_facets, parse_target
from icustomer.commands.lookup import look_up
from icustomer.commands.usage import UsageError
from icustomer.contracts.rules_reading import read_rules
from icustomer.core.change import SHARED
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Facet, Group, Identifier, NormalName, RawName, Retired
from icustomer.core.rules import DEFAULT_RULES
from icustomer.store.codec import encode
from icustomer.store.port import Loaded

KEYRING = Keyring(bytes(32))
ANA, BEN, OLD = (KEYRING.customer_id(bytes([n]) * 16, "shop", str(n), 0) for n in range(3))
HOME = Identifier("phone", "+41446681800", "044 668 18 00")


def facet(number, given, *identifiers):
    return Facet(
        key=bytes([number]) * 16,
        identifiers=identifiers,
        name=NormalName(given=(given.lower(),)),
        raw_name=RawName(given=given),
        birth_date=None,
        first_seen=number * 1_000_000,
        last_seen=number * 2_000_000,
        last_event_id=str(number),
        founded_at=number,
        founded_by=("shop", str(number)),
        applied={},
        sources=("shop",),
        known=True,
    )


def customer(customer_id, *facets):
    keys = tuple(each.key for each in facets)
    return Customer(customer_id, keys[0], facets[0].founded_at, 1, 1, keys)


ANAS = facet(
    1, "Ana", Identifier("email", "ana@example.org", "Ana@example.org", verified=True), HOME
)
BENS = facet(2, "Ben", HOME)
HOUSEHOLD = Group(
    b"g" * 16,
    version=1,
    facets=[ANAS, BENS],
    customers=[customer(BEN, BENS), customer(ANA, ANAS)],
    retired=[Retired(OLD, ANAS.key, 0, ANA, 1)],
)


class Shelf:
    """The reading side of a store that holds one group."""

    def __init__(self, group, shared=(), links=()):
        self._blob, self._id = encode(group), group.id
        self._shared = {KEYRING.identifier(each.kind, each.value) for each in shared}
        self._aliases = {each.id for each in (*group.customers, *group.retired)}
        self._links = set(links) or {
            KEYRING.identifier(each.kind, each.value)
            for facet in group.facets
            for each in facet.identifiers
        }

    async def load(self, links, aliases):
        named = {link: self._link(link) for link in links}
        known = {alias: self._id if alias in self._aliases else None for alias in aliases}
        found = self._id in (*named.values(), *known.values())
        return Loaded(b"", named, known, {self._id: self._blob} if found else {})

    def _link(self, digest):
        if digest in self._shared:
            return SHARED
        return self._id if digest in self._links else None

    async def index(self, digest):
        return {self._id} if digest in self._shared else set()

    async def groups(self, group_ids):
        return [self._blob for _ in group_ids]


async def ids(target, shelf=None):
    shelf = shelf or Shelf(HOUSEHOLD)
    return [found.customer.id for found in await find(shelf, shelf.groups, KEYRING, target)]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (ANA, Named(ANA)),
        (ANA.lower().replace("-", " "), Named(ANA)),
        ("email: Ana@Example.org", Carrying("email", "ana@example.org")),
        ("PHONE:+41 44 668 18 00", Carrying("phone", "+41446681800")),
        ("account:shop/77", Carrying("account", "shop/77")),
        ("booking:X1", Carrying("booking", "X1")),
    ],
)
def test_what_can_be_looked_up(text, target):
    assert parse_target(text) == target


def test_a_country_makes_local_numbers_readable():
    assert parse_target("phone:044 668 18 00", "CH") == Carrying("phone", "+41446681800")
    with pytest.raises(UsageError):
        parse_target("phone:044 668 18 00")


async def test_an_id_leads_to_its_customer():
    assert await ids(Named(BEN)) == [BEN]


async def test_a_retired_id_leads_to_who_holds_it_now():
    assert await ids(Named(OLD)) == [ANA]


async def test_an_identifier_leads_to_all_who_carry_it_the_oldest_first():
    assert await ids(Carrying("phone", "+41446681800")) == [ANA, BEN]
    assert await ids(Carrying("email", "ana@example.org")) == [ANA]


async def test_a_shared_identifier_leads_to_its_carriers_too():
    shelf = Shelf(HOUSEHOLD, shared=[HOME])
    assert await ids(Carrying("phone", "+41446681800"), shelf) == [ANA, BEN]


@pytest.mark.parametrize("target", [Carrying("email", "no@example.org"), Named("ic_X")])
async def test_who_is_not_there_is_not_found(target):
    assert await ids(target) == []


async def test_an_id_that_sleeps_is_not_found():
    asleep = Group(b"g" * 16, 1, [BENS], [Customer(ANA, ANAS.key, 1, 1, 1), customer(BEN, BENS)])
    assert await ids(Named(ANA), Shelf(asleep)) == []


async def test_customers_are_found_again_by_what_they_were_made_of():
    shelf = Shelf(HOUSEHOLD)
    found = await find_by_facets(shelf, DEFAULT_RULES, KEYRING, [BENS], [])
    assert [each.customer.id for each in found] == [BEN]


async def test_who_hangs_on_a_composite_alone_is_found_again_too():
    rules = read_rules(
        "[kinds.phone]\nmatch = 'never'\n[composites.person]\nparts = ['given', 'birth_date']"
    ).rules()
    born = replace(BENS, birth_date="1984-02-29")
    group = Group(b"g" * 16, 1, [born], [customer(BEN, born)])
    shelf = Shelf(group, links={KEYRING.derived("person", ("ben", "1984-02-29"))})
    found = await find_by_facets(shelf, rules, KEYRING, [born], [])
    assert [each.customer.id for each in found] == [BEN]


async def test_a_card_fits_80_columns_and_shows_who_it_is():
    shelf = Shelf(HOUSEHOLD)
    (profile,) = await look_up(shelf, shelf.groups, KEYRING, DEFAULT_RULES, Named(ANA))
    profile["preferences"] = {"note": "[bold]" + "x" * 200}
    console = Console(file=io.StringIO(), width=80)
    print_card(profile, console)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) == 80
    shown = (ANA, "Ana@example.org (verified)", "+41446681800 (contested)", OLD, "[bold]xxx")
    assert [part for part in shown if part not in text] == []
