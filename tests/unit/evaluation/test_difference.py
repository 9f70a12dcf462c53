"""What other rules would change, counted and shown, on a file and on what is stored."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import product
from random import Random

import pytest
from samples import FAMILY, KEYRING
from typer.testing import CliRunner

from icustomer.cli import app
from icustomer.core.rules import DEFAULT_RULES, KindRule, Rules
from icustomer.evaluation.difference import Units, difference
from icustomer.evaluation.evidence import Evidence
from icustomer.evaluation.examples import cases
from icustomer.evaluation.trial import Stored, of_file
from worlds.observations import observation
from worlds.play import Game

WITHOUT_VETO = Rules(kinds={"account": KindRule(), "email": KindRule(), "phone": KindRule()})


def written(tmp_path, events):
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in events))
    return path


@pytest.mark.parametrize("seed", range(20))
def test_the_counts_are_those_of_comparing_every_customer_with_every_other(seed):
    random = Random(seed)
    before, after = ([random.choice("abcde") for _ in range(12)] for _ in range(2))
    found = difference(Units([*before, None], [*after, "z"], [None] * 13))
    old, new = defaultdict(set), defaultdict(set)
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        old[one].add(number)
        new[other].add(number)
    met = [(a, b) for a, b in product(old, new) if old[a] & new[b]]
    assert found.unchanged == sum(old[a] == new[b] for a, b in met)
    assert {k.customer for k in found.joins} == {
        b for b in new if sum(b == other for _, other in met) > 1
    }
    assert {k.customer for k in found.partings} == {
        a for a in old if sum(a == one for one, _ in met) > 1
    }
    assert (found.found, found.lost) == (1, 0)


def test_a_family_joins_without_the_veto_and_the_case_shows_names_and_the_phone(tmp_path):
    path = written(tmp_path, FAMILY)
    trial = of_file(path, "who", DEFAULT_RULES, WITHOUT_VETO, KEYRING)
    found = difference(trial.units)
    assert (found.customers_before, found.customers_after) == (2, 1)
    assert (len(found.joins), found.joining, len(found.partings)) == (1, 2, 0)
    assert found.accuracy is not None
    assert (found.accuracy.before.precision, found.accuracy.after.precision) == (1, 2 / 6)

    def evidence_of(wanted):
        matching = trial.matching
        return Evidence(matching.groups.values(), wanted, matching.rules, matching.keyring)

    (case,) = cases(trial.units, found, 5, evidence_of).joins
    assert {name for each in case.shown for name in each.names} == {"Ann Smith", "Bob Smith"}
    assert "phone +447723817083 (2 of 2)" in case.because


def test_the_other_way_about_they_part_and_the_veto_is_named(tmp_path):
    path = written(tmp_path, FAMILY)
    trial = of_file(path, None, WITHOUT_VETO, DEFAULT_RULES, KEYRING)
    found = difference(trial.units)
    assert found.accuracy is None
    assert (len(found.joins), len(found.partings)) == (0, 1)

    def evidence_of(wanted):
        matching = trial.matching
        return Evidence(matching.groups.values(), wanted, matching.rules, matching.keyring)

    (case,) = cases(trial.units, found, 1, evidence_of).partings
    assert "the names differ" in case.because


def test_what_is_stored_is_taken_over_group_by_group_and_keeps_its_ids():
    game = Game(WITHOUT_VETO)
    phone = ("phone", "+4930123456")
    game.send(observation("a", [("email", "a@x.example"), phone]))
    game.send(observation("b", [("email", "b@x.example"), phone]))
    (standing,) = game.current()
    apart = Rules(kinds={"account": KindRule(), "email": KindRule()})
    space = Stored(None, apart, game.worker.keyring)
    for group in game.state.all_groups():
        space.add(group)
    units = space.trial().units
    assert units.before == [standing, standing]
    assert standing in units.after
    (parting,) = difference(units).partings
    assert parting.customer == standing


def test_the_command_answers_with_one_document(tmp_path):
    new = tmp_path / "new.toml"
    new.write_text("[kinds.phone]\nveto = false\n")
    path = written(tmp_path, FAMILY)
    words = ["rules", "diff", str(new), "--on", str(path), "--truth", "who"]
    answer = CliRunner().invoke(app, [*words, "--json"])
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["customers"] == {"before": 2, "after": 1}
    assert document["accuracy"]["before"]["precision"] == 1
    told = CliRunner().invoke(app, words)
    assert "2 customers would join and be 1" in told.stdout


def test_a_truth_of_what_is_stored_is_wrong_usage(tmp_path):
    new = tmp_path / "new.toml"
    new.write_text("")
    answer = CliRunner().invoke(app, ["rules", "diff", str(new), "--truth", "who"])
    assert answer.exit_code == 2
