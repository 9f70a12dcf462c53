"""Runs the simulation with a deliberate bug until a law is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import pytest

from mutations import core_mutants, protocol_mutants, rebuild_mutants
from simulation.faults import Plan
from simulation.town import LawBrokenError, simulate

STUMBLED = "stumbled"


class Caught(NamedTuple):
    """The first seed that broke a law, and what it told."""

    seed: int
    told: str


def caught(mutant: str, plan: Plan, seeds: Iterable[int]) -> Caught | None:
    """None: nobody noticed. What the worker itself stumbles over proves nothing of the laws."""
    with pytest.MonkeyPatch.context() as patch:
        _mutant(mutant)(patch)
        for seed in seeds:
            told = broken_law(replace(plan, seed=seed))
            if told and STUMBLED not in told:
                return Caught(seed, told)
    return None


def _mutant(name: str) -> core_mutants.Mutant:
    """By its name, as other processes are told of it."""
    modules = (core_mutants, protocol_mutants, rebuild_mutants)
    (found,) = (getattr(module, name) for module in modules if hasattr(module, name))
    return found


def broken_law(plan: Plan) -> str:
    """Empty: none was broken."""
    try:
        simulate(plan)
    except LawBrokenError as error:
        return str(error)
    return ""
