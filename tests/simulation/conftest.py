"""The seeds of a run, each simulated once, in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from servers import required
from simulation.soak import lived, pool
from simulation.town import Result

SEED = os.environ.get("ICUSTOMER_SIM_SEED")
"""Only this one: a failure is seen again."""
FEW, MANY = 3, 300
"""Seeds of a quick run, and of one that must leave nothing out."""
DEFAULT = MANY if required() else FEW
NUMBER = int(os.environ.get("ICUSTOMER_SIM_SEEDS", DEFAULT))
SEEDS = [int(SEED)] if SEED else list(range(NUMBER))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)


@pytest.fixture(scope="session")
def seeds() -> list[int]:
    return SEEDS


@pytest.fixture(scope="session")
def result_of() -> Iterator[Callable[[int], Result]]:
    """The result of a seed; fails with the law that it broke."""
    with pool() as processes:
        running = {seed: processes.submit(lived, seed) for seed in SEEDS}
        yield lambda seed: _sound(running[seed])
        for each in running.values():
            each.cancel()


def _sound(running: Future[Result | str]) -> Result:
    result = running.result()
    if isinstance(result, str):
        pytest.fail(result, pytrace=False)
    return result
