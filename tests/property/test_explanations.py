"""What is told of a clustering is what decided: in random worlds, under random words."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import get_args

from hypothesis import given, settings
from hypothesis.strategies import randoms
from jsonschema import Draft202012Validator
from networkx import Graph, connected_components, number_of_edges

from icustomer.contracts.customer_export import CustomerExport
from icustomer.contracts.explained_identifiers import ClaimedIdentifier, KnownIdentifier, Unused
from icustomer.contracts.explanation import Claim, CustomerExplanation, PairExplanation
from icustomer.contracts.export import schema
from icustomer.core.carrying import connecting
from icustomer.core.cluster import cluster, usable_identifiers
from icustomer.core.explaining import Trace
from icustomer.core.model import Customer, Facet, Group, Override
from icustomer.core.names import compatible
from icustomer.core.reasons import By, Limit, Refused, Why
from icustomer.core.refusing import RULES
from icustomer.core.rules import Rules
from icustomer.core.sharing import Marks
from icustomer.core.tallies import TALLY, events_of
from icustomer.explanation.customer import explain_customer
from icustomer.explanation.everything import export_customer
from icustomer.explanation.hubs import exceeded, figures, hub_of
from icustomer.explanation.page import page
from icustomer.explanation.pair import End, explain_pair
from icustomer.explanation.picture import picture
from icustomer.explanation.subject import Evidence
from icustomer.explanation.wording import sections
from oracle.clusters import clusters
from property.test_law2_words import facets_of, words
from worlds.observations import KEYRING
from worlds.play import EXAMPLES, Game, play_with_commands, quick
from worlds.stories import Story, stories

EXPORT_SCHEMA = Draft202012Validator(schema("export"))
NOT_USED = get_args(Unused)


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
                assert is_so(each, one.facets, other.facets, group, rules)


def is_so(
    refused: Refused,
    ones: tuple[bytes, ...],
    others: tuple[bytes, ...],
    group: Group,
    rules: Rules,
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
    carried = usable(group, rules)
    if refused.why is Why.LIMIT:
        return exceeds(refused.limit, ones, others, group, rules)
    assert refused.why is Why.NAMELESS
    return any(
        all(not facets[key].name.parts for key in side if refused.digest in carried[key])
        for side in (ones, others)
    )


def exceeds(
    limit: Limit | None,
    ones: tuple[bytes, ...],
    others: tuple[bytes, ...],
    group: Group,
    rules: Rules,
) -> bool:
    """What is told to have met was held on either side, and is more than a customer may have."""
    assert limit is not None
    assert limit.most == rules.kinds[limit.kind].max_per_customer > 0
    held = {
        facet.key: {
            each.digest
            for kind, each in usable_identifiers(facet, group.shared, rules, KEYRING)
            if kind == limit.kind
        }
        for facet in group.facets
    }
    for told, side in ((limit.mine, ones), (limit.yours, others)):
        assert set(told) <= {digest for key in side for digest in held[key]}
    together = len({*limit.mine, *limit.yours})
    return together > max(limit.most, len(limit.mine), len(limit.yours))


def holds_both(word: Override, ones: tuple[bytes, ...], others: tuple[bytes, ...]) -> bool:
    sides = [set(side) for side in word.sides]
    if len(sides) > 1:
        sides[1] |= set(word.rest)
    mine = {number for number, side in enumerate(sides) if side & set(ones)}
    yours = {number for number, side in enumerate(sides) if side & set(others)}
    return any(one != other for one in mine for other in yours)


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
        check_refusals_remembered(evidence)
        for customer in group.customers:
            if customer.facets:
                told = explain_customer(evidence, customer, customer.id)
                check_told(told, evidence)
                check_identifiers(told, evidence)
                export = export_customer(evidence, customer, customer.id, told.created_at)
                check_export(export, evidence, customer)
    check_pairs(game, story.rules, random)


def check_refusals_remembered(evidence: Evidence) -> None:
    """The refusals of the latest version say what the trace of what stands says."""
    group = evidence.group
    anchors = {each.id: each.anchor for each in group.customers}
    for told in group.decisions:
        if told.type == "merge_refused" and told.version == group.version:
            one, other = anchors[told.customer_id], anchors[told.others[0]]
            rules = {each.digest: RULES[each.why] for each in evidence.trace.between(one, other)}
            assert told.rule == rules[told.digest]


def named(identifier: KnownIdentifier | ClaimedIdentifier) -> tuple[str, str]:
    """What an identifier is told apart by: its digest."""
    if isinstance(identifier, ClaimedIdentifier):
        return identifier.kind, KEYRING.identifier(identifier.kind, identifier.value).hex()
    return identifier.kind, identifier.digest


def check_told(told: CustomerExplanation, evidence: Evidence) -> None:
    """The told joins connect all its claims, each by what both state or make."""
    stated = {
        claim.number: {named(each) for each in (*claim.identifiers, *claim.derived)}
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
            assert all(named(join.identifier) in stated[number] for number in join.claims)
            assert_named(join.identifier, evidence.rules)
    assert picture(told).boxes
    assert sections(told)


def assert_named(identifier: KnownIdentifier, rules: Rules) -> None:
    """A value as stated, or the parts that the rules name: nobody can read a digest."""
    assert (identifier.value is None) == bool(identifier.parts)
    if identifier.parts:
        parts = tuple(each.part for each in identifier.parts)
        assert parts == rules.kinds[identifier.kind].parts
        values = tuple(each.value for each in identifier.parts)
        assert KEYRING.derived(identifier.kind, values).hex() == identifier.digest


def check_identifiers(told: CustomerExplanation, evidence: Evidence) -> None:
    """What may join, and only that, is told without a reason why it does not."""
    facets = {facet.key: facet for facet in evidence.group.facets}
    marks = {digest.hex() for digest in evidence.group.shared}
    numbers = {facet_key_of(claim, facets): claim for claim in told.claims}
    for key, claim in numbers.items():
        may_join = {
            (kind, each.digest.hex())
            for kind, each in usable_identifiers(
                facets[key], evidence.group.shared, evidence.rules, KEYRING
            )
        }
        told_to_join = {named(each) for each in claim.identifiers if not each.not_used}
        told_to_join |= {named(each) for each in claim.derived}
        assert may_join == {each for each in told_to_join if each[1] not in marks}
        for each in claim.identifiers:
            assert (each.use in {"blocked", "unverified"}) <= bool(each.not_used)
        for reason in claim.underived:
            assert reason.kind not in {each.kind for each in claim.derived}
    for shared in told.shared:
        assert shared.identifier.digest in marks
        assert_named(shared.identifier, evidence.rules)
        assert shared.figures.claims > 0
    assert {each.identifier.digest for each in told.shared} == {
        digest.hex()
        for facet in facets.values()
        if evidence.customers.get(facet.key) in evidence.group.customers
        and evidence.customers[facet.key].id == told.customer_id
        for _, digest, _ in connecting(facet, evidence.rules, KEYRING)
        if digest.hex() in marks
    }


def facet_key_of(claim: Claim, facets: dict[bytes, Facet]) -> bytes:
    """The facet that a claim was made of: no two hold the same records."""
    (key,) = (key for key, facet in facets.items() if facet.applied == claim.records)
    return key


def check_export(export: CustomerExport, evidence: Evidence, customer: Customer) -> None:
    """It is JSON that its schema describes, and has a claim for all that it tells."""
    document = json.loads(export.model_dump_json())
    EXPORT_SCHEMA.validate(document)
    claims = {each["number"] for each in document["identity"]["claims"]}
    assert len(claims) == len(customer.facets)
    lists = ("names", "birth_dates", "addresses", "locales", "preferences", "consents", "loyalty")
    assert {each["claim"] for name in lists for each in document[name]} <= claims
    facets = [evidence.facets[key] for key in customer.facets]
    assert {(each["kind"], each["value"]) for each in document["identifiers"]} == {
        (each.kind, each.value) for facet in facets for each in facet.identifiers
    }
    assert {each["order_id"] for each in document["orders"]} == {
        number for facet in facets for number in facet.orders
    }
    said = [each for name in lists[2:] for each in document[name]] + document["others"]
    cells = [
        cell
        for facet in facets
        for attribute, each in facet.cells.items()
        if attribute != TALLY
        for cell in each
    ]
    assert len(said) == len(cells)
    counts = {each["claim"]: each["events"] for each in document["event_counts"]}
    tallied = [facet for facet in facets if TALLY in facet.cells]
    assert sorted(counts.values()) == sorted(events_of(each.cells[TALLY]) for each in tallied)
    assert page([export])


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
        check_between(told, one, other)
        for step, following in pairwise(told.chain):
            assert not set(step.claims).isdisjoint(following.claims)


def check_between(told: PairExplanation, one: End, other: End) -> None:
    """Whatever both state has a reason why it did not join them, and one that is so."""
    rules = one.evidence.rules
    reasons = {each.identifier and named(each.identifier): each for each in told.between}
    claimed = [
        {
            (each.kind, KEYRING.identifier(each.kind, each.value).hex())
            for key in end.customer.facets
            for each in end.evidence.facets[key].identifiers
        }
        for end in (one, other)
    ]
    if not told.one:
        assert claimed[0] & claimed[1] <= reasons.keys()
    for each in told.between:
        if each.reason == "shared":
            assert each.mark is not None
        elif each.reason == "limit":
            assert each.limit is not None
        elif each.reason in NOT_USED:
            assert each.not_used is not None
            assert each.not_used.because == each.reason
        elif each.reason == "no_common_identifier":
            assert not any(each.identifier for each in told.between)
        if each.identifier is not None and each.identifier.kind in rules.kinds:
            assert_named(each.identifier, rules)


@settings(quick, max_examples=EXAMPLES // 3)
@given(stories())
def test_the_figures_are_above_the_limit_that_made_an_identifier_shared_and_no_other(story: Story):
    """Of the whole evidence of a world, whatever group it lies in."""
    facets = facets_of(story)
    marks = Marks((), (), story.rules, KEYRING)
    marked = marks.update(facets)
    group = Group(b"", 1, facets)
    kinds = {
        digest: kind
        for facet in facets
        for kind, digest, _ in connecting(facet, story.rules, KEYRING)
    }
    for digest, kind in kinds.items():
        hub = hub_of([group], digest, story.rules, KEYRING, is_all=True)
        found = exceeded(kind, figures(kind, hub, story.rules), story.rules)
        rule = marked[digest][1] if digest in marked else None
        if rule != "contested":
            assert found == rule
