"""Plain connected components: the yardstick."""

import random

import networkx as nx

from icustomer.evaluation.components import _e164, _parsed, plain_components


def groups(bodies):
    roots = plain_components(bodies)
    return [[number for number, root in enumerate(roots) if root == each] for each in set(roots)]


def test_letter_case_blanks_and_number_formats_do_not_matter():
    bodies = [
        {"email": " Ann@X.example", "phone": "020 7946 0018", "country": "GB"},
        {"email": "ann@x.example"},
        {"phone": "+442079460018"},
    ]
    assert groups(bodies) == [[0, 1, 2]]


def test_it_knows_nothing_of_dots_names_or_impossible_numbers():
    bodies = [
        {"email": "a.b@gmail.com", "phone": "12", "country": "US"},
        {"email": "ab@gmail.com", "phone": "12", "country": "US"},
    ]
    assert len(groups(bodies)) == 2


def test_events_without_identifier_and_of_wrong_type_are_alone():
    bodies = [
        {},
        {},
        {"email": 42, "phone": ["1"]},
        {"email": "  "},
        {"phone": "+4420794600", "country": 7},
    ]
    assert len(groups(bodies)) == len(bodies)


def test_it_agrees_with_networkx_on_random_graphs():
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    source = random.Random(seed)
    for _ in range(50):
        count = source.randint(1, 40)
        bodies = [
            {
                "email": f"e{source.randrange(count)}@x.example",
                "phone": f"+4479{source.randrange(count):08}",
            }
            for _ in range(count)
        ]
        graph = nx.Graph()
        for number, body in enumerate(bodies):
            graph.add_edges_from((number, value) for value in body.values())
        expected = [
            sorted(node for node in part if isinstance(node, int))
            for part in nx.connected_components(graph)
        ]
        assert sorted(groups(bodies)) == sorted(expected)


def test_numbers_need_no_second_parse_where_both_read_them_alike():
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    source = random.Random(seed)
    for _ in range(1_000):
        country = source.choice((None, "US", "GB", "IT", "DE", "us", "ZZ", ""))
        beginning = source.choice(("", "00", "0 0", "+44 (0)20", "(0)30", "+39(0)6"))
        raw = beginning + "".join(
            source.choices("+0123456789123456789 -().", k=source.randint(3, 12))
        )
        assert _e164(raw, country) == _parsed(raw, country), (raw, country)
