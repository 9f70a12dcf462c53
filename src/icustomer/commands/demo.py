"""`icustomer demo`: the worker on servers of its own, fed with people of known truth."""

from __future__ import annotations

from icustomer.commands.output import people_console
from icustomer.local.demo import Afterwards, DemoOptions, run_demo


def demo(events: int, seed: int, afterwards: Afterwards) -> None:
    """Run it and print the report."""
    run_demo(DemoOptions(events=events, seed=seed, afterwards=afterwards), people_console())
