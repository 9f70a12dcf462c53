import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from icustomer.core.model import NormalName, RawName
from icustomer.core.name_sense import sense_of
from icustomer.core.names import _one_person, compatible, largest_incompatible, normalise_name
from icustomer.core.nicknames import full_names
from icustomer.core.similarity import largest_clique

PARTS = st.sampled_from(sorted(full_names())) | st.text("abeilnoru", min_size=1, max_size=5)
WORDS = PARTS | st.sampled_from(["gmbh", "bakery", "van", "王", "юлия", "yulia"])
FIELDS = st.lists(PARTS, max_size=3).map(tuple)
NAMES = st.builds(NormalName, FIELDS, FIELDS, FIELDS)
TEXTS = st.none() | st.text(max_size=20)


@given(TEXTS, TEXTS, TEXTS)
def test_no_name_raises_and_normal_names_are_fixed_points(given_name, family, full):
    normal = normalise_name(RawName(given_name, family, full))
    if normal.given and normal.family:
        again = normalise_name(RawName(" ".join(normal.given), " ".join(normal.family)))
        assert (again.given, again.family) == (normal.given, normal.family)


@given(TEXTS.filter(bool))
def test_a_name_in_a_script_without_case_never_vanishes(text):
    normal = normalise_name(RawName(full=text + " 太郎"))
    assert any("太郎" in part for part in normal.parts)


@given(NAMES, NAMES)
def test_compatibility_is_symmetric_and_reflexive(first, second):
    assert compatible(first, second) == compatible(second, first)
    assert compatible(first, NormalName(*(first.given, first.family, first.other)))


@given(WORDS, WORDS, WORDS, WORDS)
def test_the_short_way_for_plain_names_comes_to_the_same(one, family, other, other_family):
    first, second = NormalName((one,), (family,)), NormalName((other,), (other_family,))
    if first != second:
        assert compatible(first, second) == _one_person(sense_of(first), sense_of(second))


@given(NAMES, NAMES, st.sampled_from(["jr.", "sr.", "iii."]), st.sampled_from(["jr.", "sr."]))
def test_two_generations_are_two_people(first, second, one, other):
    marked = [
        NormalName((*name.given, "ann"), name.family, (*name.other, mark))
        for name, mark in ((first, one), (second, other))
    ]
    assert one == other or not compatible(*marked)


@given(st.lists(NAMES, max_size=10), st.integers(0, 10))
def test_largest_incompatible_is_the_largest_clique(names, more_than):
    distinct = list(dict.fromkeys(names))
    graph = nx.Graph()
    graph.add_nodes_from(range(len(distinct)))
    graph.add_edges_from(
        (one, other)
        for one in graph
        for other in graph
        if one < other and not compatible(distinct[one], distinct[other])
    )
    check(largest_incompatible(names, more_than), graph, more_than)


@given(
    st.integers(0, 24).flatmap(
        lambda nodes: st.tuples(st.just(nodes), st.integers(0, 2 ** (nodes * (nodes - 1) // 2) - 1))
    ),
    st.integers(0, 24),
)
def test_largest_clique_of_any_graph(graph_bits, more_than):
    nodes, bits = graph_bits
    graph = nx.Graph()
    graph.add_nodes_from(range(nodes))
    pairs = [(one, other) for one in range(nodes) for other in range(one)]
    graph.add_edges_from(pair for position, pair in enumerate(pairs) if bits >> position & 1)
    neighbours = [sum(1 << other for other in graph[node]) for node in range(nodes)]
    check(largest_clique(neighbours, more_than), graph, more_than)


def check(found, graph, more_than):
    largest = max(map(len, nx.find_cliques(graph)), default=0)
    if largest <= more_than:
        assert found == largest
    else:
        assert more_than < found <= largest


def test_hardest_graph_of_24_names_is_quick():
    # Moon and Moser 1965: 3 ** 8 maximal cliques, eight groups of three.
    neighbours = [
        sum(1 << other for other in range(24) if other // 3 != node // 3) for node in range(24)
    ]
    assert largest_clique(neighbours, 24) == 8
