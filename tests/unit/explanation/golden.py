"""The files that the story gives, as they lie in tests/data/explanation.

`python -m unit.explanation.golden` in tests/ writes them anew: look at the difference then.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from icustomer.explanation.customer import explain_customer
from icustomer.explanation.everything import export_customer
from icustomer.explanation.page import page
from icustomer.explanation.pair import explain_pair
from icustomer.explanation.picture import picture
from icustomer.explanation.svg import svg
from icustomer.explanation.text import print_explanation
from unit.explanation.household import corrected, end, holder, parted

FOLDER = Path(__file__).parents[2] / "data" / "explanation"
HANDED_OUT = "2026-11-27T09:30:00Z"
PAIRS = {
    "pair-one": ("+41446681800", "yuki@office.example"),
    "pair-veto": ("ana@example.org", "ben@example.org"),
    "pair-shared": ("ana@example.org", "peter@office.example"),
}
WORD = ("+41446681800", "shop/7")


def text(told) -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    print_explanation(told, console)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def pretty(told) -> str:
    return json.dumps(told.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"


def files() -> dict[str, str]:
    game = corrected()
    evidence, customer = holder(game, "ana@example.org")
    told = {"customer": explain_customer(evidence, customer, "email:ana@example.org")}
    told |= {name: explain_pair(*(end(game, each) for each in two)) for name, two in PAIRS.items()}
    told["pair-word"] = explain_pair(*(end(parted(), each) for each in WORD))
    found = {}
    for name, each in told.items():
        found |= {f"{name}.txt": text(each), f"{name}.json": pretty(each)}
        found[f"{name}.svg"] = svg(picture(each))
    export = export_customer(evidence, customer, "email:ana@example.org", HANDED_OUT)
    return found | {"export.json": pretty(export), "export.html": page([export])}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
