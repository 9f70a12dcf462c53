"""How well the matching does on each kind of household, beside plain connected components.

python -m benchmarks.households [--seed 1] [--count 300] [--kind twins] [--write FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from benchmarks.households.judging import Judgement, judge
from benchmarks.households.kinds import KINDS, households
from icustomer.core.rules import DEFAULT_RULES
from icustomer.evaluation.sections import shares


def table(judgements: list[Judgement]) -> str:
    """A Markdown table, one kind a row: precision, recall and F1 of pairs."""
    head = (
        "| kind | records | people | precision | recall | F1 | plain precision | recall | F1 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    )
    return "\n".join((*head, *map(_row, judgements)))


def _row(each: Judgement) -> str:
    name = each.kind.replace("_", " ")
    cells = (f"{each.records:,}", f"{each.people:,}", *shares(each.pairs), *shares(each.plain))
    return f"| {name} | {' | '.join(cells)} |"


def write(folder: Path, kinds: list[str], seed: int, count: int) -> None:
    """A file of labelled events for each kind, for `icustomer evaluate`."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        lines = map(msgspec.json.encode, households(kind, seed, count))
        (folder / f"{kind}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def main() -> None:
    """Run it as the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.households")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300, help="households of each kind")
    parser.add_argument("--kind", choices=KINDS, action="append", help="may be repeated")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the events instead")
    asked = parser.parse_args()
    kinds = asked.kind or list(KINDS)
    if asked.write:
        write(asked.write, kinds, asked.seed, asked.count)
        return
    print(table([judge(kind, asked.seed, asked.count, DEFAULT_RULES) for kind in kinds]))  # noqa: T201


if __name__ == "__main__":
    main()
