"""`icustomer evaluate`: the real matching over a file of labelled events, without servers."""

from __future__ import annotations

from pathlib import Path

from icustomer.commands.output import people_console, print_json
from icustomer.core.keys import Keyring
from icustomer.core.rules import DEFAULT_RULES
from icustomer.evaluation.evaluate import evaluate_file, write_assignments
from icustomer.evaluation.report import print_evaluation

EVALUATION_KEY = b"icustomer evaluate: no secret, so that every run names the same customers"
"""The IDs of an evaluation are labels within it: they need no secret, and a fixed key makes
two runs over one file comparable line by line."""


def evaluate(path: Path, truth: str, assignments: Path | None, *, as_json: bool) -> None:
    """Print how well the matching found the true people."""
    evaluation = evaluate_file(path, truth, DEFAULT_RULES, Keyring(EVALUATION_KEY))
    if assignments is not None:
        write_assignments(evaluation.assignments, assignments)
    if as_json:
        print_json(evaluation.figures)
    else:
        print_evaluation(evaluation, people_console())
