"""One identifier on everything, chains and busy customers: bounded, and nobody else's matter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from random import Random
from typing import Any

import networkx
import pytest
from benchmarks.overload_core import Core, ordinary, portions
from benchmarks.overload_events import CASES, overload
from benchmarks.people import Event
from msgspec.structs import replace

from icustomer.core.change import Outcome
from icustomer.core.facets import founded
from icustomer.core.fitting import Fitting
from icustomer.core.model import Facet, RawName
from icustomer.core.names import largest_incompatible
from icustomer.core.rules import DEFAULT_RULES
from icustomer.core.sharing import Marks
from icustomer.store.codec import decode
from worlds.observations import KEYRING, observation

SOON = replace(DEFAULT_RULES, max_facets=40, max_group=60)
"""Limits that a few hundred events reach."""
BATCH = 50
HUBS = 300
ORDINARY = 60
WINDOWS = 3
ONE_PERSON = {"hot orders", "hot tickets", "repeated"}
TWO_TIMES = 2.0
"""More than the unevenness of batches, less than anything that grows with what came before."""


def strewn(name: str) -> list[Event]:
    """A case with ordinary events among it, one to five."""
    others = list(overload(name, HUBS))
    mixed = []
    for number, event in enumerate(ordinary(ORDINARY)):
        mixed += [event, *others[number * 5 : number * 5 + 5]]
    return mixed


def handled(events: Sequence[Event]) -> Core:
    core = Core(SOON)
    for batch in portions(events, BATCH):
        core.handle(batch)
    return core


def calls(core: Core, batch: Sequence[Event]) -> int:
    """Functions called for a batch: work that does not depend on the machine."""
    counted = 0

    def count(_: Any, what: str, __: Any) -> None:
        nonlocal counted
        counted += what == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        core.handle(batch)
    finally:
        sys.setprofile(before)
    return counted


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, bytes]:
    """The ordinary customers as they are without anything else, one event at a time."""
    core = Core(SOON)
    for event in ordinary(ORDINARY):
        core.handle([event])
    return core.profiles


@pytest.mark.parametrize("name", CASES)
def test_groups_are_bounded_and_each_event_has_its_outcome(name: str) -> None:
    core = handled(strewn(name))
    groups = [decode(blob) for blob in core.groups.values()]
    assert max(len(group.facets) for group in groups) <= SOON.max_group
    assert core.outcomes.total() == HUBS + ORDINARY
    assert core.outcomes.keys() <= set(Outcome) - {Outcome.DEAD_LETTERED}
    assert (core.shared == 0) == (name in ONE_PERSON)
    owned = [facet.key for group in groups for facet in group.facets]
    assert len(owned) == len(set(owned))


@pytest.mark.parametrize("name", CASES)
def test_ordinary_customers_are_what_they_are_without_the_others(
    name: str, undisturbed: dict[str, bytes]
) -> None:
    """Their profiles to the last byte, but for how the events fell into batches."""
    disturbed = handled(strewn(name)).profiles
    without = handled(list(ordinary(ORDINARY))).profiles
    assert undisturbed.keys() == without.keys() <= disturbed.keys()
    for customer_id in undisturbed:
        assert shown(disturbed[customer_id]) == shown(undisturbed[customer_id])


def shown(profile: bytes) -> dict[str, Any]:
    """A profile without version and story: they tell of batches too."""
    import msgspec

    told = msgspec.json.decode(profile)
    return {name: value for name, value in told.items() if name not in {"version", "change"}}


@pytest.mark.parametrize("name", CASES)
def test_an_event_costs_no_more_the_more_there_were(name: str) -> None:
    core = Core(SOON)
    batches = list(portions(overload(name, 2 * HUBS), BATCH))
    costs = [calls(core, batch) for batch in batches]
    size = len(costs) // WINDOWS
    middle, last = costs[size : 2 * size], costs[2 * size :]
    assert sum(last) < TWO_TIMES * sum(middle), costs


def mesh(random: Random) -> dict[bytes, Facet]:
    """Facets of few people that carry e-mails and phones of one another."""
    names = [RawName(given, "Berg") for given in ("Anna", "Peter", "Ines", "Omar")]
    facets = {}
    people = random.randint(1, 4)
    for number in range(random.randint(4, 40)):
        claimed = [("email", f"m{random.randrange(12)}"), ("phone", f"+49{random.randrange(12)}")]
        told = observation(f"e{number}", claimed, name=random.choice(names[:people]))
        facets[told.facet_key] = founded(told, told.facet_key)
    return facets


def marked_step_by_step(facets: dict[bytes, Facet], limit: int) -> set[bytes]:
    """The rule as it is told: while a group is too large, mark its most contested identifier,
    and all that follows from that, and look at everything anew. The groups by networkx."""
    rules = replace(DEFAULT_RULES, max_group=limit)
    marks = Marks((), (), rules, KEYRING)
    marks.update(facets.values())
    while large := [each for each in groups_of(facets, marks.shared) if len(each) > limit]:
        seen: dict[bytes, list[Facet]] = {}
        for key in large[-1]:
            for one in facets[key].identifiers:
                seen.setdefault(KEYRING.identifier(one.kind, one.value), []).append(facets[key])
        free = {digest: each for digest, each in seen.items() if digest not in marks.shared}
        digest = max(free, key=lambda each: (contested(free[each]), len(free[each]), each))
        marks.shared.add(digest)
        marks.update(facets.values())
    return marks.shared


def contested(carriers: Sequence[Facet]) -> int:
    names = {facet.name for facet in carriers}
    return largest_incompatible(names, len(names))


def groups_of(facets: dict[bytes, Facet], shared: set[bytes]) -> list[list[bytes]]:
    """In the order of their first facets."""
    graph = networkx.Graph()
    graph.add_nodes_from(facets)
    for key, facet in facets.items():
        for one in facet.identifiers:
            digest = KEYRING.identifier(one.kind, one.value)
            if digest not in shared:
                graph.add_edge(key, ("identifier", digest))
    order = list(facets)
    found = [[n for n in each if n in facets] for each in networkx.connected_components(graph)]
    keys = [sorted(each, key=order.index) for each in found]
    return sorted((each for each in keys if each), key=lambda each: order.index(each[0]))


@pytest.mark.parametrize("seed", range(60))
def test_what_a_large_group_gives_up_is_what_the_rule_says(seed: int) -> None:
    facets = mesh(Random(seed))
    limit = 3 + seed % 10
    rules = replace(DEFAULT_RULES, max_group=limit)
    marks = Marks((), (), rules, KEYRING)
    marks.update(facets.values())
    before = set(marks.shared)
    large = [each for each in groups_of(facets, marks.shared) if len(each) > limit]
    given_up = Fitting(facets, marks, (), rules).fit(large)
    assert marks.shared == marked_step_by_step(facets, limit), f"seed {seed}"
    assert before | given_up.keys() == marks.shared
