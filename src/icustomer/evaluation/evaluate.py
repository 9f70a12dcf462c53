"""`icustomer evaluate`: the real matching over a file of labelled events, without servers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.errors import OperatorError
from icustomer.evaluation.ablation import Effect, effects, switches
from icustomer.evaluation.bcubed import BCubed, bcubed_of
from icustomer.evaluation.components import Components
from icustomer.evaluation.evidence import Evidence
from icustomer.evaluation.mistakes import Mistakes, worst_mistakes
from icustomer.evaluation.overlap import overlap
from icustomer.evaluation.pairs import Pairs, measure, pairs_of
from icustomer.evaluation.reader import Labelled, read_labelled
from icustomer.evaluation.records import Records, match
from icustomer.evaluation.sources import BySource, by_source


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
    unresolved: int
    """Events that are evidence of nobody in particular."""
    pairs: Pairs
    bcubed: BCubed
    plain: Pairs
    """The pairs of plain connected components, for comparison."""
    plain_bcubed: BCubed
    sources: BySource
    mistakes: Mistakes
    columns: Records
    """What became of each record."""
    effects: list[Effect] = []
    """What each rule does; empty unless it was asked for."""

    @property
    def assignments(self) -> Iterator[Assignment]:
        """The customer of each event, in the order of the file."""
        each = self.columns
        for line, event_id, person, customer in zip(
            each.lines, each.event_ids, each.people, each.customers, strict=True
        ):
            yield Assignment(line, event_id, person, customer or "")


def evaluate_file(path: Path, truth: str, rules: Rules, keyring: Keyring) -> Evaluation:
    """Match all events of the file and compare with the truth in the field `truth`.

    Raises `OperatorError` for a file that cannot be read; the message names the line.
    """
    return evaluate(read_labelled(path, truth), rules, keyring)


def with_effects(
    evaluation: Evaluation, path: Path, truth: str, rules: Rules, keyring: Keyring
) -> Evaluation:
    """The same, with what each rule does. The file is matched again without each of them."""

    def matched(under: Rules) -> Pairs:
        records, _ = match(read_labelled(path, truth), under, keyring)
        return measure(records.people, records.labels)

    return replace(evaluation, effects=effects(switches(rules), evaluation.pairs, matched))


def evaluate(events: Iterable[Labelled], rules: Rules, keyring: Keyring) -> Evaluation:
    """Match the events and compare with their truth. An event that ends with no customer,
    unresolved or refused, is alone. The events are read once and not kept."""
    plain = Components()
    records, matching = match(_counted(events, plain), rules, keyring)
    counted = overlap(records.people, records.labels)
    plainly = overlap(records.people, plain.labels())
    refused = sum(key is None for key in records.facet_keys)
    nobody = sum(customer is None for customer in records.customers)
    return Evaluation(
        records=len(records),
        people=len(counted.people),
        customers=len({customer for customer in records.customers if customer}),
        refused=refused,
        unresolved=nobody - refused,
        pairs=pairs_of(counted),
        bcubed=bcubed_of(counted),
        plain=pairs_of(plainly),
        plain_bcubed=bcubed_of(plainly),
        sources=by_source(records.sources, records.people, records.labels),
        mistakes=worst_mistakes(
            records,
            counted,
            lambda wanted: Evidence(matching.groups.values(), wanted, rules, keyring),
        ),
        columns=records,
    )


def _counted(events: Iterable[Labelled], plain: Components) -> Iterator[Labelled]:
    for event in events:
        plain.add(event.body)
        yield event


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
