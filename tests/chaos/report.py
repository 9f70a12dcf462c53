"""What runs came to, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from chaos.recovery import Recovery
from chaos.run import Outcome

HEADING = (
    f"{'fault':<42} {'runs':>4}  {'lasted':>6}  {'first profile':>13}  {'lag 0':>13}  "
    f"{'all visible':>13}  {'longest wait':>13}"
)
"""After the fault's number: its length, then p50 and worst of each figure, in seconds."""


def summary(outcomes: Sequence[Outcome], taken: str) -> dict[str, Any]:
    """The JSON document. `taken`: when and on what."""
    recoveries = [each for outcome in outcomes for each in outcome.recoveries]
    return {
        "taken": taken,
        "passed": not any(outcome.verdict.problems for outcome in outcomes),
        "runs": [_run(outcome) for outcome in outcomes],
        "faults": len(recoveries),
        "events": sum(outcome.verdict.figures.get("events", 0) for outcome in outcomes),
        "recovery_seconds": by_fault(recoveries),
    }


def _run(outcome: Outcome) -> dict[str, Any]:
    return {
        "seed": outcome.scenario.seed,
        "workers": outcome.scenario.workers,
        "seconds": round(outcome.seconds, 1),
        "figures": outcome.verdict.figures,
        "problems": outcome.verdict.problems,
        "faults": [each.as_dict() for each in outcome.recoveries],
    }


def by_fault(recoveries: Iterable[Recovery]) -> dict[str, Any]:
    """For each fault that was measured how often, and p50 and worst of its figures."""
    measured: dict[str, list[Recovery]] = defaultdict(list)
    for each in recoveries:
        if not each.overlapped:
            measured[each.fault].append(each)
    return {fault: _figures(found) for fault, found in sorted(measured.items())}


def _figures(found: Sequence[Recovery]) -> dict[str, Any]:
    names = (
        "lasted",
        "first_profile",
        "visible",
        "caught_up",
        "caught_up_from_beginning",
        "longest_wait",
        "stood_still",
    )
    told: dict[str, Any] = {"runs": len(found)}
    for name in names:
        values = [value for each in found if (value := getattr(each, name)) is not None]
        if values:
            told[name] = {"p50": round(median(values), 1), "worst": round(max(values), 1)}
    return told


def table(figures: dict[str, Any]) -> Iterator[str]:
    """A line for each fault."""
    yield HEADING
    for fault, told in figures.items():
        yield (
            f"{fault:<42} {told['runs']:>4}  {told['lasted']['p50']:>6}  "
            f"{_pair(told, 'first_profile'):>13}  {_pair(told, 'caught_up'):>13}  "
            f"{_pair(told, 'visible'):>13}  {_pair(told, 'longest_wait'):>13}"
        )


def _pair(told: dict[str, Any], name: str) -> str:
    pair = told.get(name)
    return f"{pair['p50']} / {pair['worst']}" if pair else "-"


def write(document: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")
