"""How often names are judged wrongly, by what makes them hard: the rates of docs/matching.md."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from icustomer.core.model import NormalName, RawName
from icustomer.core.names import compatible, normalise_name

PAIRS = tomllib.loads(Path(__file__).with_name("pairs.toml").read_text("utf-8"))
"""What makes names hard to `same` and `two`: pairs of one person's names, and of two people's."""
PAGE = Path(__file__).parents[3] / "docs" / "matching.md"


def judged_one(pair: str) -> bool:
    first, second = map(read, pair.split(" = "))
    assert compatible(first, second) == compatible(second, first)
    return compatible(first, second)


def read(written: str) -> NormalName:
    given, stroke, family = written.partition(" / ")
    return normalise_name(RawName(given, family) if stroke else RawName(full=written))


def rates() -> dict[str, tuple[list[str], list[str]]]:
    """What makes names hard to (one person's names refused, two people's names accepted)."""
    return {
        kind: (
            [pair for pair in pairs["same"] if not judged_one(pair)],
            [pair for pair in pairs["two"] if judged_one(pair)],
        )
        for kind, pairs in PAIRS.items()
    }


def row(kind: str, refused: list[str], accepted: list[str]) -> str:
    same, two = len(PAIRS[kind]["same"]), len(PAIRS[kind]["two"])
    return f"| {kind} | {len(refused)} of {same} | {len(accepted)} of {two} |"


@pytest.mark.parametrize("kind", PAIRS)
def test_the_page_tells_the_rates_that_the_pairs_have(kind: str) -> None:
    refused, accepted = rates()[kind]
    expected = row(kind, refused, accepted)
    told = re.search(rf"^\| {re.escape(kind)} \|.*$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert told, f"docs/matching.md has no row {expected}"
    assert told[0] == expected, f"refused {refused}, accepted {accepted}"
