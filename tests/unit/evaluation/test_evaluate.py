"""The real matching over labelled events."""

import csv
import random

import pytest
from rich.console import Console

from icustomer.core.blocking import Blocked
from icustomer.core.rules import DEFAULT_RULES, KindRule, Match, Rules
from icustomer.errors import OperatorError
from icustomer.evaluation.evaluate import evaluate, write_assignments
from icustomer.evaluation.figures import figures
from icustomer.evaluation.mistakes import Mistakes
from icustomer.evaluation.reader import read_labelled
from icustomer.evaluation.report import print_evaluation, printable
from icustomer.evaluation.sections import headline, share
from unit.evaluation.samples import FAMILY, KEYRING, PHONE, event, judged

CONTRACT = (
    *("records", "people", "customers", "precision", "recall", "f1"),
    *("true_pairs", "false_pairs", "missed_pairs"),
)
"""Names that programs rely on."""


def test_a_family_on_one_phone_is_told_apart_where_plain_components_fail(tmp_path):
    evaluation = judged(tmp_path, FAMILY)
    told = figures(evaluation)
    assert {name: told[name] for name in CONTRACT} == {
        "records": 4,
        "people": 2,
        "customers": 2,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "true_pairs": 2,
        "false_pairs": 0,
        "missed_pairs": 0,
    }
    assert (evaluation.plain.true_pairs, evaluation.plain.false_pairs) == (2, 4)
    assert evaluation.mistakes == Mistakes([], [], 0, 0)


def test_events_that_name_nobody_are_alone_and_no_customers(tmp_path):
    events = [
        event("a", "Ann Smith", email="no mailbox"),
        event("a", "Ann Smith", email="no mailbox"),
        event("a", "Ann Smith", email="ann@x.example"),
    ]
    evaluation = judged(tmp_path, events)
    assert (evaluation.customers, evaluation.refused) == (1, 2)
    assert evaluation.pairs.missed_pairs == 3
    assert "dead letter, no_usable_identifier" in evaluation.mistakes.misses[0].because


def test_false_merges_name_what_joined_them(tmp_path):
    events = [
        event("a", "Ann Smith", email="we@x.example"),
        event("b", "Bob Smith", email="we@x.example", phone=PHONE),
    ]
    (merge,) = judged(tmp_path, events).mistakes.merges
    assert (merge.people, merge.records, merge.false_pairs) == (2, 2, 1)
    assert merge.names == ("Ann Smith", "Bob Smith")
    assert merge.because == ("email we@x.example (2 people)",)


@pytest.mark.parametrize(
    ("rules", "events", "because"),
    [
        (
            DEFAULT_RULES,
            [event("a", email="a@x.example"), event("a", email="b@x.example")],
            "no identifier in common",
        ),
        (
            DEFAULT_RULES,
            [
                event("a", "Ann Smith", email="a@x.example", phone="no number"),
                event("a", "Ann Smith", email="b@x.example"),
            ],
            "rejected phone",
        ),
        (
            DEFAULT_RULES,
            [
                event("a", "Ann Smith", email="a@x.example", phone=PHONE),
                event("a", "Zoe Smith", email="b@x.example", phone=PHONE),
            ],
            f"phone {PHONE}: the names differ, Ann Smith and Zoe Smith",
        ),
        (
            DEFAULT_RULES,
            [
                event(who, f"{given} Smith", email=f"{given}@x.example", phone=PHONE)
                for who, given in (
                    ("a", "Ann"),
                    ("b", "Bob"),
                    ("c", "Zoe"),
                    ("d", "Uwe"),
                    ("a", "Anne"),
                )
            ],
            "shared by too many people",
        ),
        (
            Rules(kinds={"email": KindRule(match=Match.VERIFIED)}),
            [
                event("a", "Ann Smith", email="a@x.example", email_verified=True),
                event("a", "Anne Smith", email="a@x.example"),
            ],
            "email a@x.example: not verified",
        ),
        (
            Rules(kinds={"email": KindRule()}, blocked=frozenset()),
            [
                event("a", "Ann Smith", email="a@x.example", phone=PHONE),
                event("a", "Ann Smith", email="b@x.example", phone=PHONE),
            ],
            "not matched by the rules",
        ),
        (
            Rules(blocked=frozenset([Blocked("phone", PHONE)])),
            [
                event("a", "Ann Smith", email="a@x.example", phone=PHONE),
                event("a", "Ann Smith", email="b@x.example", phone=PHONE),
            ],
            "blocked by the rules",
        ),
    ],
)
def test_misses_tell_why(tmp_path, rules, events, because):
    (miss,) = judged(tmp_path, events, rules).mistakes.misses
    assert miss.person == "a"
    assert because in miss.because


def test_unresolved_events_are_missed_and_said_to_be(tmp_path):
    (miss,) = judged(tmp_path, [*FAMILY, event("mother", phone=PHONE)]).mistakes.misses
    assert miss.missed_pairs == 2
    assert miss.because.startswith("unresolved")


def test_the_order_of_the_lines_does_not_matter(tmp_path):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    events = FAMILY * 3 + [event("aunt", email="ann@x.example"), event("nobody", phone="1")]
    expected = judged(tmp_path, events).pairs
    random.Random(seed).shuffle(events)
    assert judged(tmp_path, events).pairs == expected


def test_assignments_name_the_customer_of_every_event(tmp_path):
    evaluation = judged(tmp_path, [*FAMILY, event("mother", email="no mailbox")])
    write_assignments(evaluation.assignments, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["truth"] for row in rows[:2]] == ["mother", "father"]
    customers = [row["customer_id"] for row in rows]
    assert customers[0] == customers[2] != customers[1] == customers[3]
    assert customers[0].startswith("ic_")
    assert customers[4] == ""


def test_assignments_that_cannot_be_written_are_one_line(tmp_path):
    with pytest.raises(OperatorError, match="cannot be written"):
        write_assignments([], tmp_path / "nowhere" / "out.csv")


def test_an_empty_file_is_no_mistake():
    assert figures(evaluate([], DEFAULT_RULES, KEYRING))["bcubed"]["f1"] == 1


def test_the_report_fits_80_columns_and_tells_reasons(tmp_path):
    events = [
        *FAMILY,
        event("mother", "Ann Smith", email="bob@x.example"),
        event("x" * 90, "A" * 60 + " " + "B" * 60, email="a@x.example"),
        event("x" * 90, phone="nothing"),
    ]
    console = Console(width=80, record=True, file=(tmp_path / "report").open("w"))
    print_evaluation(judged(tmp_path, events), console)
    console.file.close()
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    for expected in ("precision", "Worst false merges", "joined by email bob@x.example"):
        assert expected in text


def test_a_report_obeys_no_escape_sequence_of_an_event():
    assert printable("\x1b[31mAnn\x07") == "\ufffd[31mAnn\ufffd"


def test_only_what_is_whole_is_written_as_one():
    assert (share(1.0), share(0.99999), share(0.5)) == ("1.000", "0.999+", "0.500")


def test_unresolved_and_refused_events_are_counted_apart(tmp_path):
    events = [*FAMILY, event("mother", phone=PHONE), event("mother", email="no mailbox")]
    evaluation = judged(tmp_path, events)
    assert (evaluation.unresolved, evaluation.refused, evaluation.customers) == (1, 1, 2)
    assert "1 unresolved, 1 refused" in headline(evaluation)


def test_the_label_is_no_evidence(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"email":"a@x.example"}\n{"email":"a@x.example"}\n')
    with pytest.raises(OperatorError, match="line 1"):
        evaluate(list(read_labelled(path, "who")), DEFAULT_RULES, KEYRING)
    evaluation = evaluate(list(read_labelled(path, "email")), DEFAULT_RULES, KEYRING)
    assert evaluation.refused == 2
