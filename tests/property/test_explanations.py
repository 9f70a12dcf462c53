"""What is told of a clustering is what decided: in random worlds, under random words."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis.strategies import randoms
from networkx import Graph, connected_components, number_of_edges

from icustomer.contracts.explanation import CustomerExplanation
from icustomer.core.cluster import cluster, usable_identifiers
from icustomer.core.explaining import By, Refused, Trace, Why
from icustomer.core.model import Facet, Group, Override
from icustomer.core.names import compatible
from icustomer.core.rules import Rules
from icustomer.explanation.customer import explain_customer
from icustomer.explanation.everything import export_customer
from icustomer.explanation.pair import End, explain_pair
from icustomer.explanation.picture import picture
from icustomer.explanation.subject import Evidence
from oracle.clusters import clusters
from property.test_law2_words import facets_of, words
from worlds.observations import KEYRING
from worlds.play import EXAMPLES, Game, play_with_commands, quick
from worlds.stories import Story, stories


def usable(group: Group, rules: Rules) -> dict[bytes, dict[bytes, bool]]:
    """Facet to the digests that may join it, and whether they are verified there."""
    return {
        facet.key: {
            each.digest: each.verified
            for _, each in usable_identifiers(facet, group.shared, rules, KEYRING)
        }
        for facet in group.facets
    }


@quick
@given(stories(), randoms(use_true_random=False))
def test_what_is_told_is_what_the_clustering_does(story: Story, random: Random):
    facets = facets_of(story)
    for number in range(3):
        overrides = words(random, [facet.key for facet in facets]) if number else []
        world = clusters(story.items, story.rules, KEYRING, overrides)
        group = Group(b"", 1, facets, overrides=overrides, shared=sorted(world.shared))
        trace = Trace(group, story.rules, KEYRING)
        expected = cluster(facets, world.shared, overrides, story.rules, KEYRING)
        assert trace.clusters == expected
        check_joins(trace, group, story.rules)
        check_refusals(trace, group, story.rules)
        check_waiting(trace)


def check_joins(trace: Trace, group: Group, rules: Rules) -> None:
    """The joins connect every cluster, none is needless, and each is by something that is so."""
    graph = Graph()
    graph.add_nodes_from(facet.key for facet in group.facets)
    graph.add_edges_from((join.one, join.other) for join in trace.joins)
    assert {frozenset(each) for each in connected_components(graph)} == {
        frozenset(each.facets) for each in trace.clusters
    }
    assert number_of_edges(graph) == len(trace.joins) == len(graph) - len(trace.clusters)
    carried = usable(group, rules)
    facets = {facet.key: facet for facet in group.facets}
    for join in trace.joins:
        if join.by is By.MUST_LINK:
            named = {key for each in group.overrides for side in each.sides for key in side}
            assert {join.one, join.other} <= named
            assert any(each.stamp == join.word and each.kind == "must" for each in group.overrides)
            continue
        mine, yours = carried[join.one], carried[join.other]
        assert join.digest in mine
        assert join.digest in yours
        assert join.verified == (mine[join.digest] and yours[join.digest])
        if join.by is By.NAMELESS:
            assert not facets[join.one].name.parts
            assert not facets[join.other].name.parts


def check_refusals(trace: Trace, group: Group, rules: Rules) -> None:
    """Whatever two customers have in common and is usable is told, with a reason that is so."""
    carried = usable(group, rules)
    people = [each for each in trace.clusters if each.resolved]
    for number, one in enumerate(people):
        for other in people[:number]:
            told = trace.between(one.facets[0], other.facets[0])
            mine = {digest for key in one.facets for digest in carried[key]}
            yours = {digest for key in other.facets for digest in carried[key]}
            assert {each.digest for each in told if each.digest} == mine & yours
            for each in told:
                assert is_so(each, one.facets, other.facets, group)


def is_so(
    refused: Refused, ones: tuple[bytes, ...], others: tuple[bytes, ...], group: Group
) -> bool:
    facets = {facet.key: facet for facet in group.facets}
    if refused.why is Why.NAMES:
        assert refused.names is not None
        mine, yours = refused.names
        named = mine in ones and yours in others
        return named and not compatible(facets[mine].name, facets[yours].name)
    if refused.why is Why.CANNOT_LINK:
        (word,) = (each for each in group.overrides if each.stamp == refused.word)
        return word.kind == "cannot" and holds_both(word, ones, others)
    assert refused.why is Why.NAMELESS, "no world here has another limit"
    return any(
        all(not facets[key].name.parts for key in side if carries(facets[key], refused.digest))
        for side in (ones, others)
    )


def holds_both(word: Override, ones: tuple[bytes, ...], others: tuple[bytes, ...]) -> bool:
    sides = [set(side) for side in word.sides]
    if len(sides) > 1:
        sides[1] |= set(word.rest)
    mine = {number for number, side in enumerate(sides) if side & set(ones)}
    yours = {number for number, side in enumerate(sides) if side & set(others)}
    return any(one != other for one in mine for other in yours)


def carries(facet: Facet, digest: bytes) -> bool:
    return any(KEYRING.identifier(each.kind, each.value) == digest for each in facet.identifiers)


def check_waiting(trace: Trace) -> None:
    """Whoever waits is nobody, and what it leads to is somebody."""
    resolved = {key for each in trace.clusters if each.resolved for key in each.facets}
    for each in trace.waiting():
        assert resolved.isdisjoint(each.facets)
        assert resolved.issuperset(each.leads_to)


@settings(quick, max_examples=EXAMPLES // 3)
@given(stories(), randoms(use_true_random=False))
def test_every_customer_of_any_world_can_be_explained_and_exported(story: Story, random: Random):
    game = play_with_commands(story, random)
    for group in game.state.all_groups():
        evidence = Evidence(group, story.rules, KEYRING)
        assert evidence.current, "a worker leaves what the clustering makes"
        for customer in group.customers:
            if customer.facets:
                told = explain_customer(evidence, customer, customer.id)
                check_told(told)
                export = export_customer(evidence, customer, customer.id, told.created_at)
                assert {each.number for each in export.identity.claims} >= {
                    each.claim for each in export.names
                }
    check_pairs(game, story.rules, random)


def check_told(told: CustomerExplanation) -> None:
    """The told joins connect all its claims, each by what both state."""
    stated = {
        claim.number: {(each.kind, each.value) for each in claim.identifiers}
        for claim in told.claims
        if claim.customer_id == told.customer_id
    }
    graph = Graph()
    graph.add_nodes_from(stated)
    graph.add_edges_from(join.claims for join in told.joins)
    assert set(graph) == set(stated)
    assert len(list(connected_components(graph))) == 1
    for join in told.joins:
        if join.identifier is not None:
            name = join.identifier.kind, join.identifier.value
            assert all(name in stated[number] for number in join.claims)
    assert picture(told).boxes


def check_pairs(game: Game, rules: Rules, random: Random) -> None:
    """Of two facets anywhere: a chain of steps that fit, or something that stands between."""
    ends = [
        End(key.hex(), evidence, customer, (key,))
        for group in game.state.all_groups()
        for evidence in [Evidence(group, rules, KEYRING)]
        for customer in group.customers
        for key in customer.facets
    ]
    for _ in range(min(len(ends), 3)):
        one, other = random.choice(ends), random.choice(ends)
        told = explain_pair(one, other)
        assert told.one == (one.customer.id == other.customer.id)
        assert bool(told.chain) == (told.one and one.facets != other.facets)
        assert bool(told.between) != told.one
        for step, following in pairwise(told.chain):
            assert not set(step.claims).isdisjoint(following.claims)
