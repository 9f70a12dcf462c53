"""What keeps people out outlasts a switch: graves, suppressed identifiers, husks of guests."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import pytest
from msgspec.structs import replace

from icustomer import replay
from icustomer.activation import Activation, stamped
from icustomer.core.burying import base_key
from icustomer.core.change import SHARED, SUPPRESSED
from icustomer.core.emails import EmailForm
from icustomer.core.facets import apply
from icustomer.core.guests import husk_of
from icustomer.core.model import (
    Customer,
    Erased,
    Facet,
    Grave,
    Group,
    Identifier,
    Suppressed,
)
from icustomer.core.observation import Observation
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.rebuild import Rebuild
from icustomer.store import memory_rebuild
from icustomer.store.codec import decode, encode
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis, Space
from icustomer.store.port import Claim
from icustomer.store.restore import directions_to
from icustomer.stream.memory import MemoryKafka, MemoryLog
from icustomer.stream.records import RecordMaker
from worlds.observations import KEYRING, observation
from worlds.switching import told_under

NEW = DEFAULT_RULES
OLD = Rules(emails=EmailForm(provider_rules=False))
"""Dots matter to the former rules, and not to the new ones."""
DOTTED, PLAIN = "anna.berg@gmail.com", "annaberg@gmail.com"
VERSION = (1 << 40) | 5
AT = 1_800_000_000_000_000
FORGOTTEN_UP_TO = 77


@pytest.fixture(autouse=True, params=[1, 100])
def portions(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Groups are converted one after the other, or together."""
    monkeypatch.setattr(replay, "CONVERTED_AT_ONCE", request.param)
    monkeypatch.setattr(memory_rebuild, "PORTION", request.param)


def told(email: str, *more: tuple[str, str]) -> Observation:
    one = observation("e1", [("email", email), *more])
    read = told_under(OLD, replace(one, identifiers=tuple(map(as_written, one.identifiers))))
    assert read is not None
    return read


def as_written(one: Identifier) -> Identifier:
    return replace(one, raw=one.value)


def facet(email: str, *more: tuple[str, str], erased_at: int = 0) -> Facet:
    """A claim, perhaps one that was told again after it was erased."""
    one = told(email, *more)
    key = KEYRING.facet(one.identifiers, one.name, one.birth_date, erased_at)
    return apply(None, one, key, erased_at).facet


def digest(email: str) -> bytes:
    return KEYRING.identifier("email", email)


def group_of(made: Facet, **more: object) -> Group:
    """The facet alone, under an ID of its own."""
    name = KEYRING.customer_id(made.key, "", "", 0)
    customer = Customer(name, made.key, made.founded_at, VERSION, 0, (made.key,))
    group = Group(made.key, VERSION, [made], [customer])
    return replace(group, **more)


async def switched(groups: Sequence[Group]) -> Space:
    redis, log = MemoryRedis(lambda: 0.0), MemoryLog(MemoryKafka(), space="kept", group="none")
    await log.write_claim(Claim(1, stamped("key.0", Activation(OLD.fingerprint))))
    await log.initialise(0)
    maker = RecordMaker("kept", OLD, KEYRING)
    await log.publish([maker.changelog(one.id, encode(one), one.version) for one in groups], {})
    await Rebuild(MemoryStore(redis, "kept"), log, NEW, KEYRING).switch("key.1", AT)
    space = redis.space("kept")
    assert_led(space)
    return space


def assert_led(space: Space) -> None:
    """All that leads to groups is what the groups say, and nothing else."""
    links: dict[bytes, bytes] = {}
    aliases: dict[str, bytes] = {}
    index: set[tuple[bytes, bytes]] = set()
    for each in map(decode, space.groups.values()):
        ways = directions_to(each, NEW, KEYRING)
        links |= ways.links
        aliases |= dict.fromkeys(ways.aliases, each.id)
        index |= {(one, each.id) for one in ways.index}
    assert space.links == links
    assert space.aliases == aliases
    assert {(one, each) for one, found in space.indexes.items() for each in found} == index


def groups_in(space: Space) -> list[Group]:
    return [decode(blob) for blob in space.groups.values()]


async def test_two_spellings_in_two_groups_become_one_claim_and_no_group_is_overwritten():
    """The key that the one gets is the ID of the other, to which nothing leads yet."""
    space = await switched([group_of(facet(DOTTED)), group_of(facet(PLAIN))])
    (group,) = groups_in(space)
    (one,) = group.facets
    assert one.identifiers[0].value == PLAIN
    assert len(group.customers) == len(group.retired) == 1


async def test_a_grave_follows_the_claim_that_was_told_again_after_it():
    later = facet(DOTTED, erased_at=FORGOTTEN_UP_TO)
    grave = Grave(base_key(later, KEYRING), FORGOTTEN_UP_TO)
    erased = Erased(KEYRING.customer_id(bytes(16), "", "", 1), grave.key, VERSION, 1, 1, "f1")
    space = await switched([group_of(later, graves=[grave], erased=[erased])])
    (group,) = groups_in(space)
    (dug,), (living,) = group.graves, group.facets
    assert dug.key == facet(PLAIN).key
    assert living.erased_at == dug.up_to == FORGOTTEN_UP_TO
    assert group.erased[0].anchor == dug.key
    assert grave.key not in space.links


async def test_a_grave_of_which_no_claim_is_left_stays_as_it_is():
    grave = Grave(facet(DOTTED).key, FORGOTTEN_UP_TO)
    space = await switched([Group(grave.key, VERSION, [], graves=[grave])])
    (group,) = groups_in(space)
    assert group.graves == [grave]
    assert space.links == {grave.key: group.id}


async def test_a_claim_that_becomes_a_forgotten_one_lies_with_its_grave():
    grave = Grave(facet(PLAIN).key, FORGOTTEN_UP_TO)
    buried = Group(grave.key, VERSION, [], graves=[grave])
    space = await switched([group_of(facet(DOTTED)), buried])
    (group,) = groups_in(space)
    (living,) = group.facets
    assert living.erased_at == FORGOTTEN_UP_TO
    assert base_key(living, KEYRING) == grave.key
    assert group.graves == [grave]


async def test_what_becomes_a_suppressed_identifier_is_not_kept():
    phone = ("phone", "+4930123456")
    kept_out = Group(digest(PLAIN), VERSION, [], suppressed=[Suppressed(digest(PLAIN), 1, "s1")])
    space = await switched([group_of(facet(DOTTED, phone)), kept_out])
    facets = [one for group in groups_in(space) for one in group.facets]
    assert [[each.kind for each in one.identifiers] for one in facets] == [["phone"]]
    assert space.links[digest(PLAIN)] == SUPPRESSED
    assert sum(len(group.suppressed) for group in groups_in(space)) == 1


async def test_what_is_left_of_a_guest_is_with_the_claim_that_gets_its_key():
    husk = husk_of(facet(PLAIN), 99)
    space = await switched([group_of(facet(DOTTED)), Group(husk.key, VERSION, [husk])])
    (group,) = groups_in(space)
    (living,) = group.facets
    assert living.identifiers
    assert living.expired_at == husk.expired_at


async def test_a_mark_that_outlasts_its_carriers_stays_for_all():
    mark = digest(PLAIN)
    grave = Grave(facet(DOTTED, ("phone", "+4930123456")).key, FORGOTTEN_UP_TO, (mark,))
    buried = Group(grave.key, VERSION, [], graves=[grave], shared=[mark])
    space = await switched([group_of(facet(DOTTED)), buried])
    assert space.links[mark] == SHARED
    assert all(mark in group.shared for group in groups_in(space))


async def test_what_was_found_from_another_still_has_all_that_leads_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first of four groups, two at a time, leads to the last: when it is that one's turn, it
    is converted already, and nothing changes in it."""
    monkeypatch.setattr(replay, "CONVERTED_AT_ONCE", 2)
    monkeypatch.setattr(memory_rebuild, "PORTION", 100)
    phones = [("phone", f"+49{number}") for number in range(40)]
    first = min((facet(DOTTED, each) for each in phones), key=attrgetter("key"))
    last = max((facet(PLAIN, each) for each in phones), key=attrgetter("key"))
    groups = [
        group_of(first),
        *(group_of(facet(f"{name}@x.example")) for name in ("peter", "omar")),
        group_of(last, unshared=[digest(PLAIN)]),
    ]
    assert (min(groups, key=attrgetter("id")), max(groups, key=attrgetter("id"))) == (
        groups[0],
        groups[-1],
    )
    space = await switched(groups)
    (joined,) = (each for each in groups_in(space) if each.unshared)
    assert len(joined.facets) == len({first.key, last.key})
    assert space.links[digest(PLAIN)] == joined.id
