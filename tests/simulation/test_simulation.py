"""Workers under faults keep every law, whatever the seed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from simulation.coverage import Coverage
from simulation.faults import Fault, plan_of
from simulation.town import Result, simulate

LEAST_FAULTS = 10
LEAST_EVENTS = 200
ENOUGH_FOR_EVERY_CELL = 300
"""Seeds after which each kind of fault must have come at each step."""

ResultOf = Callable[[int], Result]


def test_the_laws_hold_once_all_is_quiet(seed: int, result_of: ResultOf) -> None:
    result = result_of(seed)
    assert result.events >= LEAST_EVENTS
    assert result.coverage.faults.total() >= LEAST_FAULTS


def test_every_kind_of_fault_came_and_at_every_step(
    seeds: list[int], result_of: ResultOf, capsys: pytest.CaptureFixture[str]
) -> None:
    if len(seeds) == 1:
        pytest.skip("one seed does not meet every fault")
    met = Coverage()
    for seed in seeds:
        met.add(result_of(seed).coverage)
    with capsys.disabled():
        print(f"\nsimulation: {len(seeds)} seeds\n{met.table()}")  # noqa: T201 - told on purpose
    assert not [fault for fault in Fault if not met.faults[fault]]
    if len(seeds) >= ENOUGH_FOR_EVERY_CELL:
        assert not met.gaps()


def test_no_result_hangs_on_a_workers_clock(seeds: list[int], result_of: ResultOf) -> None:
    plan = plan_of(seeds[0])
    in_step = simulate(replace(plan, clocks_off=0.0))
    assert in_step.trace == result_of(plan.seed).trace


def test_a_seed_tells_the_same_story_in_every_process(
    seeds: list[int], result_of: ResultOf
) -> None:
    """The order of sets differs from process to process; nothing may hang on it."""
    program = (
        "from simulation.faults import plan_of; from simulation.town import simulate; "
        f"print(simulate(plan_of({seeds[0]})).trace)"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "4711",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    other = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == result_of(seeds[0]).trace
