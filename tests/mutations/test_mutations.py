"""Each deliberate bug is caught by some seed of the simulation: the checks can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mutations import mutants
from mutations.mutants import Mutant
from simulation.faults import Fault, Plan
from simulation.town import LawBrokenError, simulate

pytestmark = pytest.mark.slow

MOST_SEEDS = 60
"""Tried for one bug; nearly all are caught within five."""

PLAIN = Plan(seed=0, events=80, latency=0.05)
"""Three workers, nothing goes wrong."""
CROWDED = replace(
    PLAIN,
    events=100,
    call_rates={Fault.LOST_REPLY: 0.02, Fault.SLOW_CALL: 0.05},
    incidents=(Fault.REBALANCE,),
    calls_between=60,
    latency=0.15,
)
"""Batches overlap nearly always."""
MORTAL = replace(
    CROWDED,
    call_rates={Fault.LOST_REPLY: 0.01, Fault.LATE_CALL: 0.01},
    incidents=(Fault.KILL, Fault.PAUSE, Fault.FLUSH),
    calls_between=40,
    latency=0.05,
)
"""Workers die and stop, and Redis is emptied before others have taken over."""
FORGETFUL = replace(
    MORTAL,
    call_rates={Fault.SLOW_CALL: 0.02},
    incidents=(Fault.FAILBACK,),
    calls_between=30,
    events=160,
)
"""Two servers take turns, and what each holds is old."""

CAUGHT = (
    (mutants.names_ignored_by_the_veto, PLAIN),
    (mutants.shared_identifier_not_undone, PLAIN),
    (mutants.last_writer_by_arrival, PLAIN),
    (mutants.order_counted_per_event, PLAIN),
    (mutants.order_counted_per_partition, PLAIN),
    (mutants.retired_id_reused, PLAIN),
    (mutants.conflict_ignored, CROWDED),
    (mutants.links_not_compared, CROWDED),
    (mutants.settling_blind, CROWDED),
    (mutants.half_of_a_split_published, CROWDED),
    (mutants.offsets_committed_outside_the_transaction, MORTAL),
    (mutants.offsets_of_a_given_up_batch_committed, MORTAL),
    (mutants.skipped_record_not_waiting_for_its_group, MORTAL),
    (mutants.applied_mark_dropped, MORTAL),
    (mutants.slots_of_the_dead_left_alone, MORTAL),
    (mutants.entries_of_the_dead_left_alone, MORTAL),
    (mutants.fence_not_checked, FORGETFUL),
    (mutants.any_fence_believed, FORGETFUL),
    (mutants.slots_not_initialised_in_a_rebuild, FORGETFUL),
    (mutants.nothing_to_publish_after_a_rebuild, FORGETFUL),
)
"""Each bug, and the trouble in which it shows."""


@pytest.mark.parametrize(
    ("mutant", "plan"), [pytest.param(*each, id=each[0].__name__) for each in CAUGHT]
)
def test_the_bug_is_caught(mutant: Mutant, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    broken = next(filter(None, (_broken_law(replace(plan, seed=n)) for n in range(MOST_SEEDS))), "")
    assert broken, f"{MOST_SEEDS} seeds, and nobody noticed"
    assert "stumbled" not in broken, "a bug that the worker itself notices proves nothing"


def _broken_law(plan: Plan) -> str:
    try:
        simulate(plan)
    except LawBrokenError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("plan", [PLAIN, CROWDED, MORTAL, FORGETFUL])
def test_without_a_bug_nothing_is_caught(plan: Plan) -> None:
    """What the bugs are held against: it is not the trouble by itself that breaks a law."""
    for seed in range(3):
        simulate(replace(plan, seed=seed))
