"""`icustomer evaluate`: the real matching over a file of labelled events, without servers."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.errors import OperatorError
from icustomer.evaluation.assignment import assign, customers_by_facet, labels
from icustomer.evaluation.components import plain_components
from icustomer.evaluation.evidence import Evidence
from icustomer.evaluation.matching import Matching
from icustomer.evaluation.mistakes import FalseMerge, Judged, Miss, worst_merges, worst_misses
from icustomer.evaluation.pairs import Pairs, measure
from icustomer.evaluation.reader import Labelled, read_labelled

ROUNDED = 6
"""Digits after the point of the shares in the figures."""


class Assignment(Struct, frozen=True):
    """One event and the customer that it was given."""

    line: int
    event_id: str
    person: str
    customer_id: str
    """Empty: unresolved, or refused as a dead letter."""


class Evaluation(Struct, frozen=True):
    """How the matching did on one file."""

    records: int
    people: int
    customers: int
    """Customers that the events made; unresolved and refused events make none."""
    refused: int
    """Events that no worker could use."""
    pairs: Pairs
    plain: Pairs
    """The same of plain connected components, for comparison."""
    merges: list[FalseMerge]
    misses: list[Miss]
    assignments: list[Assignment]

    @property
    def figures(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "records": self.records,
            "people": self.people,
            "customers": self.customers,
            "precision": round(self.pairs.precision, ROUNDED),
            "recall": round(self.pairs.recall, ROUNDED),
            "f1": round(self.pairs.f1, ROUNDED),
            "true_pairs": self.pairs.true_pairs,
            "false_pairs": self.pairs.false_pairs,
            "missed_pairs": self.pairs.missed_pairs,
        }


def evaluate_file(path: Path, truth: str, rules: Rules, keyring: Keyring) -> Evaluation:
    """Match all events of the file and compare with the truth in the field `truth`.

    Raises `OperatorError` for a file that cannot be read; the message names the line.
    """
    return evaluate(list(read_labelled(path, truth)), rules, keyring)


def evaluate(events: list[Labelled], rules: Rules, keyring: Keyring) -> Evaluation:
    """Match the events and compare with their truth. An event that ends with no customer,
    unresolved or refused, is alone."""
    matching = Matching(rules, keyring)
    fates = matching.take(events)
    groups = matching.groups.values()
    assigned = assign([fate.facet_key for fate in fates], groups)
    people = [event.truth for event in events]
    judged = [
        Judged(person, customer, fate.facet_key, fate.rejection, fate.rejected)
        for person, customer, fate in zip(people, assigned, fates, strict=True)
    ]
    evidence = Evidence(groups, rules, keyring)
    return Evaluation(
        records=len(events),
        people=len(set(people)),
        customers=len(set(customers_by_facet(groups).values())),
        refused=sum(fate.facet_key is None for fate in fates),
        pairs=measure(people, labels(assigned)),
        plain=measure(people, plain_components(event.body for event in events)),
        merges=worst_merges(judged, evidence),
        misses=worst_misses(judged, evidence),
        assignments=_assignments(events, assigned),
    )


def _assignments(events: list[Labelled], assigned: list[str | None]) -> list[Assignment]:
    return [
        Assignment(event.line, str(event.body["event_id"]), event.truth, customer or "")
        for event, customer in zip(events, assigned, strict=True)
    ]


def write_assignments(assignments: Iterable[Assignment], path: Path) -> None:
    """Write one CSV line an event: line, event_id, truth, customer_id.

    Raises `OperatorError` if the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "event_id", "truth", "customer_id"))
            writer.writerows(
                (each.line, each.event_id, each.person, each.customer_id) for each in assignments
            )
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error}") from error
