"""Each deliberate bug is caught by some seed of the simulation: the checks can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace

import pytest

from mutations import core_mutants as core
from mutations import protocol_mutants as protocol
from mutations import rebuild_mutants as rebuilds
from mutations.catching import Caught, Missed, caught
from mutations.trouble import (
    ASLEEP,
    AT_CHECKPOINTS,
    CROWDED,
    DISPLACED,
    DROWSY,
    FLUSHED,
    FORGETFUL,
    GIVING_UP,
    HALF_READ,
    LASTING,
    LATE_START,
    MORTAL,
    OLD,
    PLAIN,
    SLEEPING,
)
from simulation.faults import Plan
from simulation.soak import pool
from simulation.town import simulate

pytestmark = pytest.mark.slow

MOST_SEEDS = 300
"""Tried for one bug; nearly all are caught by the first."""

CAUGHT: tuple[tuple[core.Mutant, Plan, int], ...] = (
    (core.names_ignored_by_the_veto, PLAIN, 0),
    (core.shared_identifier_not_undone, PLAIN, 7),
    (core.last_writer_by_arrival, PLAIN, 23),
    (core.order_counted_per_event, PLAIN, 0),
    (core.order_counted_per_partition, PLAIN, 0),
    (core.retired_id_reused, PLAIN, 0),
    (core.applied_mark_dropped, MORTAL, 0),
    (protocol.offsets_committed_outside_the_transaction, MORTAL, 0),
    (protocol.a_batch_given_up_and_not_rewound, GIVING_UP, 0),
    (protocol.conflict_ignored, CROWDED, 1),
    (protocol.links_not_compared, CROWDED, 3),
    (protocol.redelivery_that_does_not_publish, MORTAL, 0),
    (protocol.fence_not_checked, FORGETFUL, 0),
    (protocol.fence_not_checked_by_the_checkpoint, AT_CHECKPOINTS, 0),
    (protocol.any_fence_believed, FORGETFUL, 3),
    (protocol.fence_read_before_the_producer_was_initialised, LATE_START, 53),
    (protocol.half_of_a_split_published, CROWDED, 0),
    (protocol.strays_ignored, DROWSY, 28),
    (protocol.deletion_of_a_group_not_published, PLAIN, 0),
    (protocol.tombstone_above_what_may_come_after, LASTING, 0),
    (protocol.settling_blind, CROWDED, 1),
    (protocol.entry_removed_by_anothers_settle, DROWSY, 0),
    (protocol.slots_of_the_dead_left_alone, SLEEPING, 2),
    (protocol.entries_of_the_dead_left_alone, MORTAL, 0),
    (rebuilds.slots_not_initialised_in_a_rebuild, ASLEEP, 0),
    (rebuilds.rebuild_that_does_not_wipe, OLD, 7),
    (rebuilds.tombstones_ignored, OLD, 4),
    (rebuilds.versions_not_compared, FLUSHED, 0),
    (rebuilds.nothing_to_publish_after_a_rebuild, FLUSHED, 0),
    (rebuilds.pending_fence_not_checked, DISPLACED, 3),
    (rebuilds.checkpoint_raised_too_early, HALF_READ, 11),
)
"""Each bug, the trouble in which it shows, and the seed to begin with."""

PLANS = {str(plan): plan for _, plan, _ in CAUGHT}.values()

CatchesOf = Callable[[core.Mutant], Caught | Missed]


@pytest.fixture(scope="module")
def catches_of(request: pytest.FixtureRequest) -> Iterator[CatchesOf]:
    """What was caught of each bug that the run asks for, in as many processes as cores."""
    wanted = {
        item.callspec.params["mutant"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and "mutant" in item.callspec.params
    }
    with pool() as processes:
        running: dict[core.Mutant, Future[Caught | Missed]] = {
            mutant: processes.submit(
                caught, mutant.__name__, plan, range(first, first + MOST_SEEDS)
            )
            for mutant, plan, first in CAUGHT
            if mutant in wanted
        }
        yield lambda mutant: running[mutant].result()
        for each in running.values():
            each.cancel()


@pytest.mark.parametrize(
    "mutant", [pytest.param(mutant, id=mutant.__name__) for mutant, _, _ in CAUGHT]
)
def test_the_bug_is_caught(mutant: core.Mutant, catches_of: CatchesOf) -> None:
    outcome = catches_of(mutant)
    assert isinstance(outcome, Caught), f"{MOST_SEEDS} seeds, and nobody noticed. {outcome.told}"


@pytest.mark.parametrize("plan", PLANS)
def test_without_a_bug_nothing_is_caught(plan: Plan) -> None:
    """What the bugs are held against: it is not the trouble by itself that breaks a law."""
    for seed in range(3):
        simulate(replace(plan, seed=seed))
