"""Workers under faults keep every law, whatever the seed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import cache

import pytest

from simulation.faults import Fault, plan_of
from simulation.town import Result, simulate

SEED = os.environ.get("ICUSTOMER_SIM_SEED")
"""Only this one: a failure is seen again."""
FEW, MANY = 20, 100
"""Seeds of a quick run, and of one that must leave nothing out."""
DEFAULT = MANY if os.environ.get("ICUSTOMER_REQUIRE_SERVERS") == "1" else FEW
NUMBER = int(os.environ.get("ICUSTOMER_SIM_SEEDS", DEFAULT))
SEEDS = [int(SEED)] if SEED else list(range(NUMBER))
LEAST_FAULTS = 5
LEAST_EVENTS = 200


@cache
def result_of(seed: int) -> Result:
    return simulate(plan_of(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_laws_hold_once_all_is_quiet(seed: int) -> None:
    result = result_of(seed)
    assert result.plan.events >= LEAST_EVENTS
    assert result.faults.total() >= LEAST_FAULTS


@pytest.mark.skipif(SEED is not None, reason="one seed does not meet every fault")
def test_every_kind_of_fault_was_met(capsys: pytest.CaptureFixture[str]) -> None:
    met: Counter[Fault] = Counter()
    for seed in SEEDS:
        met.update(result_of(seed).faults)
    with capsys.disabled():
        told = ", ".join(f"{met[fault]} x {fault}" for fault in Fault)
        print(f"\nsimulation: {len(SEEDS)} seeds; {told}")  # noqa: T201 - told on purpose
    assert not [fault for fault in Fault if not met[fault]]


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    """The order of sets differs from process to process; nothing may hang on it."""
    program = (
        "from simulation.faults import plan_of; from simulation.town import simulate; "
        f"print(simulate(plan_of({SEEDS[0]})).trace)"
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
    assert other.stdout.strip() == result_of(SEEDS[0]).trace
