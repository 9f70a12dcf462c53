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
MOST_STUMBLES = 10
"""Seeds in a row, from the first, after which the rest would be the same."""


class Caught(NamedTuple):
    """The first seed that broke a law, and what it told."""

    seed: int
    told: str


class Missed(NamedTuple):
    """No seed broke a law."""

    told: str
    """What a worker stumbled over; empty: nothing."""


def caught(mutant: str, plan: Plan, seeds: Iterable[int]) -> Caught | Missed:
    """What the worker itself stumbles over proves nothing of the laws; a bug over which it
    always stumbles no longer fits the code that it is put into."""
    stumbled: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        _mutant(mutant)(patch)
        for tried, seed in enumerate(seeds, 1):
            told = broken_law(replace(plan, seed=seed))
            if told and STUMBLED not in told:
                return Caught(seed, told)
            stumbled += [told] if told else []
            if tried == len(stumbled) == MOST_STUMBLES:
                break
    return Missed(stumbled[0] if stumbled else "")


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
