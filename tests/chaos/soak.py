"""The long run: all faults again and again, for as many minutes as there are.

    python -m chaos.soak --minutes 60 --seed 1

Prints the seed, each fault with its time and its recovery, and the verdict; leaves the figures in
`build/chaos.json`. The exit code is 0 if nothing was lost and nothing doubled.
"""

from __future__ import annotations

import argparse
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

from chaos.bugs import Bug, planted
from chaos.report import summary, table, write
from chaos.run import Outcome, play
from chaos.scenario import Fault, Scenario, endless, short

ROOT = Path(__file__).parents[2]
EVENTS_A_MINUTE = 5_000
"""A fault takes half a minute and a burst of 800 events; the steady stream is 60 a second."""
LEAST_EVENTS = 20_000
OVERLAP_SHARE = 0.25
HIGHEST_SEED = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    told = _parser().parse_args(arguments)
    # With everything that was started stopped, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack:
        scenario = _scenario(told, stack)
        outcomes = [
            _run(told, replace(scenario, seed=told.seed + each)) for each in range(told.runs)
        ]
    document = summary(outcomes, _taken())
    for line in table(document["recovery_seconds"]):
        say(line)
    write(document, told.output)
    return 0 if document["passed"] else 1


def say(line: str) -> None:
    """A line for people, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run(told: argparse.Namespace, scenario: Scenario) -> Outcome:
    if told.faults:
        return play(scenario, [Fault[name] for name in told.faults], say)
    if told.minutes == 0:
        return play(scenario, short(scenario.seed), say)
    return play(scenario, endless(scenario.seed), say, told.minutes)


def _scenario(told: argparse.Namespace, stack: ExitStack) -> Scenario:
    source = None
    if told.bug is not None:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="icustomer-bug-"))
        source = planted(told.bug, Path(home))
    return Scenario(
        seed=told.seed,
        events=told.events or max(LEAST_EVENTS, round(told.minutes * EVENTS_A_MINUTE)),
        overlap_share=OVERLAP_SHARE if told.minutes else 0.0,
        logs=told.logs,
        source=source,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(HIGHEST_SEED))
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="of faults; 0: the short run of the check"
    )
    parser.add_argument("--runs", type=int, default=1, help="with this seed and those after it")
    parser.add_argument("--events", type=int, default=0, help="instead of what minutes need")
    parser.add_argument(
        "--faults", nargs="+", choices=[each.name for each in Fault], help="these, in this order"
    )
    parser.add_argument("--bug", type=Bug, choices=list(Bug), help="plant a bug in the workers")
    parser.add_argument("--logs", type=Path, help="a folder for the workers' logs")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "chaos.json")
    return parser


def _taken() -> str:
    now = datetime.fromtimestamp(time.time(), UTC)
    return f"{now:%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    raise SystemExit(main())
