"""`icustomer rules diff`: what other rules would change, before they are switched on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from icustomer.commands.evaluate import EVALUATION_KEY
from icustomer.commands.output import people_console, print_json, table
from icustomer.commands.stored_groups import as_it_stands, taken_over
from icustomer.commands.usage import UsageError
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.evaluation.difference import Difference, difference
from icustomer.evaluation.evidence import Evidence
from icustomer.evaluation.examples import Case, Cases, cases
from icustomer.evaluation.figures import ROUNDED
from icustomer.evaluation.pairs import Pairs
from icustomer.evaluation.report import pairs_table, printable
from icustomer.evaluation.trial import Trial, of_file
from icustomer.settings import Settings

LIVE = "live"
"""In the place of a file: what is stored in the space."""
FILE_UNITS, LIVE_UNITS = "events", "claims"
"""What is counted: events of a file, or facets that are stored."""


class Compared(Struct, frozen=True):
    """What the command answers."""

    old: str
    """Fingerprint."""
    new: str
    unit: str
    difference: Difference
    cases: Cases


def diff_file(
    files: tuple[Path | None, Path], on: Path, truth: str | None, examples: int, *, as_json: bool
) -> None:
    """Print what the new rules would change in a file of events. `files`: the old rules (None:
    the built-in ones) and the new ones."""
    if not on.is_file():
        raise UsageError(f"--on {on}: there is no such file; for what is stored write: --on {LIVE}")
    old, new = (load_rules(each) for each in files)
    trial = of_file(on, truth, old, new, Keyring(EVALUATION_KEY))
    _answer(_compared(trial, (old, new), FILE_UNITS, examples), as_json=as_json)


async def diff_live(
    settings: Settings, old: Path | None, new: Path, examples: int, *, as_json: bool
) -> None:
    """Print what the new rules would change in what is stored. Without a file of old rules the
    customers as they stand are compared; `OtherRulesError` if they do not stand by the rules of
    this process."""
    rules = load_rules(new)
    if old:
        former = load_rules(old)
        trial = await taken_over(settings, former, rules)
    else:
        former = load_rules(settings.rules)
        trial = await as_it_stands(settings, former, rules)
    _answer(_compared(trial, (former, rules), LIVE_UNITS, examples), as_json=as_json)


def _compared(trial: Trial, rules: tuple[Rules, Rules], unit: str, examples: int) -> Compared:
    found, matching = difference(trial.units), trial.matching

    def evidence_of(wanted: Collection[bytes]) -> Evidence:
        groups = matching.groups.values() if wanted else ()
        return Evidence(groups, wanted, matching.rules, matching.keyring)

    old, new = (each.fingerprint for each in rules)
    return Compared(old, new, unit, found, cases(trial.units, found, examples, evidence_of))


def _answer(compared: Compared, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(compared))
    else:
        _print(compared, people_console())


def _document(compared: Compared) -> dict[str, Any]:
    found = compared.difference
    accuracy = found.accuracy
    return {
        "old": compared.old,
        "new": compared.new,
        "unit": compared.unit,
        "units": found.units,
        "customers": {"before": found.customers_before, "after": found.customers_after},
        "unchanged": found.unchanged,
        "joins": len(found.joins),
        "customers_that_join": found.joining,
        "partings": len(found.partings),
        "found": found.found,
        "lost": found.lost,
        "refused": {"before": found.refused_before, "after": found.refused_after},
        "largest": {"before": found.largest_before, "after": found.largest_after},
        "accuracy": accuracy
        and {"before": _shares(accuracy.before), "after": _shares(accuracy.after)},
        "examples": to_builtins(compared.cases),
    }


def _shares(pairs: Pairs) -> dict[str, float]:
    return {
        "precision": round(pairs.precision, ROUNDED),
        "recall": round(pairs.recall, ROUNDED),
        "f1": round(pairs.f1, ROUNDED),
    }


def _print(compared: Compared, console: Console) -> None:
    found = compared.difference
    if compared.old == compared.new:
        console.print(f"Both are the same rules: fingerprint {compared.new}.")
    _print_counts(compared, console)
    if found.accuracy:
        console.print()
        columns = {"before": found.accuracy.before, "after": found.accuracy.after}
        console.print(pairs_table(columns))
    _print_cases("Would be one customer", compared.cases.joins, len(found.joins), console)
    _print_cases("Would be several", compared.cases.partings, len(found.partings), console)
    if not found.differs:
        console.print("\nNobody would join, and nobody would part.")


def _print_counts(compared: Compared, console: Console) -> None:
    found = compared.difference
    rows = table("", "before", "after")
    for column in rows.columns[1:]:
        column.justify = "right"
    rows.add_row("rules", compared.old, compared.new)
    for title, before, after in (
        ("customers", found.customers_before, found.customers_after),
        (f"{compared.unit} of the largest", found.largest_before, found.largest_after),
        ("refused", found.refused_before, found.refused_after),
    ):
        rows.add_row(title, f"{before:,}", f"{after:,}")
    console.print(f"{found.units:,} {compared.unit}")
    console.print(rows)
    console.print()
    console.print(f"{found.unchanged:,} customers stay as they are")
    console.print(f"{found.joining:,} customers would join and be {len(found.joins):,}")
    console.print(f"{len(found.partings):,} customers would part")
    if found.found or found.lost:
        console.print(
            f"{found.found:,} {compared.unit} of nobody would find a customer, "
            f"{found.lost:,} would lose theirs"
        )


def _print_cases(title: str, shown: tuple[Case, ...], count: int, console: Console) -> None:
    if not shown:
        return
    console.print(f"\n{title} ({len(shown)} of {count:,} shown)", style="bold")
    for case in shown:
        console.print(_indented(f"{case.customer}: {case.count} customers", 2))
        for each in case.shown:
            names = ", ".join(each.names)
            console.print(_indented(f"{each.customer}  {names}", 4))
            console.print(_indented("; ".join(each.identifiers), 6, "dim"))
        if case.count > len(case.shown):
            console.print(_indented(f"and {case.count - len(case.shown)} more", 4))
        console.print(_indented(f"because: {case.because}", 4))


def _indented(text: str, columns: int, style: str = "") -> Padding:
    return Padding(Text(printable(text), style=style), (0, 0, 0, columns), expand=False)
