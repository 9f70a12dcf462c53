"""`icustomer evaluate`: the real matching over a file of labelled events, without servers."""

from __future__ import annotations

import os
from enum import Enum, auto
from pathlib import Path

from icustomer.commands.files import OWNER_ONLY
from icustomer.commands.output import people_console, print_json
from icustomer.commands.usage import UsageError
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.keys import Keyring
from icustomer.errors import OperatorError
from icustomer.evaluation.evaluate import evaluate_file, with_effects, write_assignments
from icustomer.evaluation.figures import figures
from icustomer.evaluation.pages import WRITERS, write_report
from icustomer.evaluation.report import print_evaluation

EVALUATION_KEY = b"icustomer evaluate: no secret, so that every run names the same customers"
"""The IDs of an evaluation are labels within it: they need no secret, and a fixed key makes
two runs over one file comparable line by line."""


class Depth(Enum):
    """How much is measured."""

    AS_IT_IS = auto()
    EACH_RULE = auto()
    """Once more without each rule."""


def evaluate(
    path: Path,
    truth: str,
    depth: Depth,
    assignments: Path | None,
    report: Path | None,
    rules_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print how well the matching found the true people."""
    _require_places(assignments, report)
    rules = load_rules(rules_file)
    keyring = Keyring(EVALUATION_KEY)
    evaluation = evaluate_file(path, truth, rules, keyring)
    if depth is Depth.EACH_RULE:
        evaluation = with_effects(evaluation, path, truth, rules, keyring)
    if assignments is not None:
        write_assignments(evaluation.assignments, assignments)
    if report is not None:
        write_report(evaluation, f"{path.name}, truth in {truth}", report)
    if as_json:
        print_json(figures(evaluation))
    else:
        print_evaluation(evaluation, people_console())


def _require_places(assignments: Path | None, report: Path | None) -> None:
    """Before minutes of work: that its results can be written where they are wanted."""
    if report is not None and report.suffix.lower() not in WRITERS:
        raise UsageError(f"--report {report}: name a file that ends in {' or '.join(WRITERS)}")
    for place in (assignments, report):
        if place is not None:
            _require_writable(place)


def _require_writable(place: Path) -> None:
    """Made here, it is for its owner's eyes: reports and assignments tell of persons."""
    try:
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY))
    except OSError as error:
        raise OperatorError(f"{place} cannot be written: {error}") from error
