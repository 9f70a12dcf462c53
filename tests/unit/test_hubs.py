"""One identifier on everything, chains and busy customers: bounded, and nobody else's matter."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from random import Random
from typing import Any

import networkx as nx
import pytest
from benchmarks.overload_core import TOLD_OFTEN, Core, ordinary, portions
from benchmarks.overload_events import CASES, overload
from benchmarks.people import Event
from msgspec.structs import replace

from icustomer.core.change import Outcome
from icustomer.core.facets import founded
from icustomer.core.fitting import Fitting
from icustomer.core.model import Facet, RawName
from icustomer.core.names import largest_incompatible
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.core.sharing import Marks
from icustomer.store.codec import decode
from worlds.observations import KEYRING, observation

SOON = replace(DEFAULT_RULES, max_facets=40, max_group=60)
"""Limits that a few hundred events reach."""
UNCAUGHT = replace(SOON, max_group=1_000)
"""The same without the catch behind the others."""
BATCH = 50
HUBS = 200
ORDINARY = 40
LIMITS_REACHED = {
    "hot tickets": 500,
    "names and e-mails on a phone": 50,
    "one account": 50,
    "chain": 150,
    "mesh": 150,
}
"""Case to the events after which the limits hold that matter to it."""
MEASURED = 100
"""Events of each of the two windows that are compared."""
TIED_BY_MANY = {"chain", "nameless chain", "mesh", "mesh of households"}
"""Cases that nothing but `max_group` bounds; in the others the hub is found out."""
FACETS_OF_ONE = 2
"""At most, of anybody else."""
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


def handled(batches: Iterable[Sequence[Event]], rules: Rules = SOON) -> Core:
    core = Core(rules)
    for batch in batches:
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


@lru_cache
def disturbed(name: str) -> Core:
    rules = SOON if name in TIED_BY_MANY else UNCAUGHT
    return handled(portions(strewn(name), BATCH), rules)


@lru_cache
def undisturbed() -> Core:
    """The ordinary customers, their events in the same batches, without anything else."""
    ours = {event.event_id for event in ordinary(ORDINARY)}
    batches = portions(strewn("repeated"), BATCH)
    return handled([event for event in batch if event.event_id in ours] for batch in batches)


@pytest.mark.parametrize("name", CASES)
def test_groups_are_bounded_and_each_event_has_its_outcome(name: str) -> None:
    core = disturbed(name)
    groups = [decode(blob) for blob in core.groups.values()]
    bound = SOON.max_group if name in TIED_BY_MANY else FACETS_OF_ONE
    assert max(len(group.facets) for group in groups) <= bound
    assert core.outcomes.total() == HUBS + ORDINARY
    assert core.outcomes.keys() <= set(Outcome) - {Outcome.DEAD_LETTERED}
    assert (core.shared == 0) == (name in ONE_PERSON)
    owned = [facet.key for group in groups for facet in group.facets]
    assert len(owned) == len(set(owned))


@pytest.mark.parametrize("name", CASES)
def test_ordinary_customers_are_what_they_are_without_the_others(name: str) -> None:
    """To the last byte, versions and stories too."""
    expected = undisturbed().profiles
    assert len(expected) >= ORDINARY // TOLD_OFTEN
    assert disturbed(name).profiles.items() >= expected.items()


@pytest.mark.parametrize("name", LIMITS_REACHED)
def test_an_event_costs_no_more_the_more_there_were(name: str) -> None:
    core = Core(SOON)
    reached = LIMITS_REACHED[name]
    events = list(overload(name, reached + 2 * MEASURED))
    for batch in portions(events[:reached], BATCH):
        core.handle(batch)
    first, last = (
        sum(calls(core, batch) for batch in portions(events[begin : begin + MEASURED], BATCH))
        for begin in (reached, reached + MEASURED)
    )
    assert last < TWO_TIMES * first


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
    graph = nx.Graph()
    graph.add_nodes_from(facets)
    for key, facet in facets.items():
        for one in facet.identifiers:
            digest = KEYRING.identifier(one.kind, one.value)
            if digest not in shared:
                graph.add_edge(key, ("identifier", digest))
    order = list(facets)
    found = [[n for n in each if n in facets] for each in nx.connected_components(graph)]
    keys = [sorted(each, key=order.index) for each in found]
    return sorted((each for each in keys if each), key=lambda each: order.index(each[0]))


@pytest.mark.parametrize("seed", range(40))
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
