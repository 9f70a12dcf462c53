"""Each deliberate bug is caught by some seed of the simulation: the checks can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace

import pytest

from mutations import core_mutants as core
from mutations import protocol_mutants as protocol
from mutations import rebuild_mutants as rebuilds
from mutations.catching import Caught, caught
from mutations.trouble import (
    AT_CHECKPOINTS,
    AT_COMMITS,
    CROWDED,
    FLUSHED,
    FORGETFUL,
    GIVING_UP,
    HALF_READ,
    INTERRUPTED,
    LAGGING,
    MORTAL,
    MOVING,
    OLD,
    OVERTAKEN,
    PLAIN,
)
from simulation.faults import Plan
from simulation.soak import pool
from simulation.town import simulate

pytestmark = pytest.mark.slow

MOST_SEEDS = 300
"""Tried for one bug; nearly all are caught within ten."""

CAUGHT: tuple[tuple[core.Mutant, Plan], ...] = (
    (core.names_ignored_by_the_veto, PLAIN),
    (core.shared_identifier_not_undone, PLAIN),
    (core.last_writer_by_arrival, PLAIN),
    (core.order_counted_per_event, PLAIN),
    (core.order_counted_per_partition, PLAIN),
    (core.retired_id_reused, PLAIN),
    (core.applied_mark_dropped, MORTAL),
    (protocol.offsets_committed_outside_the_transaction, MORTAL),
    (protocol.offsets_of_a_given_up_batch_committed, MORTAL),
    (protocol.a_batch_given_up_and_not_rewound, GIVING_UP),
    (protocol.conflict_ignored, CROWDED),
    (protocol.links_not_compared, CROWDED),
    (protocol.redelivery_that_does_not_publish, MORTAL),
    (protocol.fence_not_checked, FORGETFUL),
    (protocol.fence_not_checked_by_the_commit, AT_COMMITS),
    (protocol.fence_not_checked_by_the_checkpoint, AT_CHECKPOINTS),
    (protocol.any_fence_believed, FORGETFUL),
    (protocol.fence_read_before_the_producer_was_initialised, FORGETFUL),
    (protocol.nonce_kept_over_an_initialisation, MOVING),
    (protocol.half_of_a_split_published, CROWDED),
    (protocol.strays_ignored, OVERTAKEN),
    (protocol.deletion_of_a_group_not_published, PLAIN),
    (protocol.settling_blind, CROWDED),
    (protocol.settling_by_groups_only, CROWDED),
    (protocol.entry_removed_by_anothers_settle, CROWDED),
    (protocol.slots_of_the_dead_left_alone, MORTAL),
    (protocol.entries_of_the_dead_left_alone, MORTAL),
    (rebuilds.slots_not_initialised_in_a_rebuild, FORGETFUL),
    (rebuilds.claim_written_after_the_slots_were_initialised, INTERRUPTED),
    (rebuilds.rebuild_that_does_not_wipe, FORGETFUL),
    (rebuilds.tombstones_ignored, LAGGING),
    (rebuilds.versions_not_compared, FLUSHED),
    (rebuilds.nothing_to_publish_after_a_rebuild, FORGETFUL),
    (rebuilds.pending_fence_not_checked, INTERRUPTED),
    (rebuilds.checkpoint_raised_too_early, HALF_READ),
    (rebuilds.checkpoint_of_any_age, OLD),
    (rebuilds.any_history_taken_for_a_prefix, FORGETFUL),
    (rebuilds.tail_that_detaches_nothing, LAGGING),
)
"""Each bug, and the trouble in which it shows."""

CatchesOf = Callable[[core.Mutant], Caught | None]


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
        running: dict[core.Mutant, Future[Caught | None]] = {
            mutant: processes.submit(caught, mutant.__name__, plan, range(MOST_SEEDS))
            for mutant, plan in CAUGHT
            if mutant in wanted
        }
        yield lambda mutant: running[mutant].result()
        for each in running.values():
            each.cancel()


@pytest.mark.parametrize(
    "mutant", [pytest.param(mutant, id=mutant.__name__) for mutant, _ in CAUGHT]
)
def test_the_bug_is_caught(mutant: core.Mutant, catches_of: CatchesOf) -> None:
    assert catches_of(mutant) is not None, f"{MOST_SEEDS} seeds, and nobody noticed"


@pytest.mark.parametrize("plan", {str(plan): plan for _, plan in CAUGHT}.values())
def test_without_a_bug_nothing_is_caught(plan: Plan) -> None:
    """What the bugs are held against: it is not the trouble by itself that breaks a law."""
    for seed in range(3):
        simulate(replace(plan, seed=seed))
