"""What is counted of a worker's work, and how the counts of several workers add up."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from icustomer.circuit import CircuitOpenError
from icustomer.contracts.topics import Topic
from icustomer.errors import FencedError, OperatorError, UnavailableError
from icustomer.isolation import fault_of
from icustomer.observer import Report
from icustomer.ops import metrics_families as families
from icustomer.ops.metrics import Metrics
from icustomer.ops.metrics_snapshot import Snapshot, beginning, empty, history, together
from icustomer.store.port import Backlog
from unit.ops.reports import full_report, record, report


def count(metrics, family, *labels):
    return metrics.current.counters[family.name][labels]


def distribution(metrics, family, *labels):
    return metrics.current.distributions[family.name][labels]


def reading(metrics, family):
    return metrics.current.readings[family.name].value


def test_every_figure_of_a_batch_is_counted():
    metrics = Metrics()
    metrics.batch_done(full_report())
    metrics.batch_done(full_report())
    assert count(metrics, families.EVENTS, "orders", "created") == 2
    assert count(metrics, families.EVENTS, "signups", "dead_lettered") == 2
    assert count(metrics, families.DEAD_LETTERS, "signups", "not_json") == 2
    assert count(metrics, families.DUPLICATES, "too_old") == 4
    assert count(metrics, families.REJECTED, "email", "email_syntax") == 6
    assert count(metrics, families.CLAMPED) == 8
    assert count(metrics, families.CONFLICTS) == 10
    assert distribution(metrics, families.BATCHES).total == 4
    assert distribution(metrics, families.STAGES, "commit").total == pytest.approx(0.014)


def test_ids_of_guests_that_went_are_counted():
    metrics = Metrics()
    for number in (1, 2):
        metrics.guests_expired(number)
    assert count(metrics, families.GUESTS_EXPIRED) == 3


def test_what_is_known_beforehand_stands_at_zero_from_the_start():
    metrics = Metrics()
    before = {name: set(counts) for name, counts in metrics.current.counters.items()}
    assert set(before) == {family.name for family in families.COUNTERS}
    assert {sum(counts.values()) for counts in metrics.current.counters.values()} == {0}
    metrics.batch_done(full_report())
    metrics.published(Counter({Topic.PROFILES: 2}))
    after = {name: set(counts) for name, counts in metrics.current.counters.items()}
    assert after == before


def test_a_value_falls_into_the_bucket_whose_end_it_does_not_exceed():
    metrics = Metrics()
    metrics.batch_done(report(ages=(0.01, 0.011, 30, 1e6)))
    counts = distribution(metrics, families.END_TO_END).counts
    bounds = families.END_TO_END.bounds
    expected = [0] * (len(bounds) + 1)
    for place in (0, 1, bounds.index(30), -1):
        expected[place] += 1
    assert counts == expected
    assert distribution(metrics, families.END_TO_END).total == pytest.approx(1_000_030.021)


def test_many_ages_are_counted_like_each_for_itself():
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    ages = [round(10 ** chance.uniform(-3, 5), 3) for _ in range(500)]
    metrics = Metrics()
    metrics.batch_done(report(ages=ages))
    slowly = empty(families.END_TO_END)
    for age in ages:
        slowly.observe(age, families.END_TO_END.bounds)
    quickly = distribution(metrics, families.END_TO_END)
    assert quickly.counts == slowly.counts, f"seed {seed}"
    assert quickly.total == pytest.approx(slowly.total)


def test_a_clock_that_runs_ahead_makes_an_age_of_zero():
    metrics = Metrics()
    metrics.batch_done(report(ages=(-5, 1)))
    found = distribution(metrics, families.END_TO_END)
    assert (found.counts[0], sum(found.counts), found.total) == (1, 2, 1.0)


def test_a_record_without_timestamp_has_no_age():
    metrics = Metrics()
    made = report(ages=(1,))
    made.records = [*made.records, msgspec.structs.replace(made.records[0], timestamp=-1)]
    metrics.batch_done(made)
    assert sum(distribution(metrics, families.END_TO_END).counts) == 1
    assert distribution(metrics, families.BATCHES).total == 2


def test_only_fencing_counts_as_fenced():
    metrics = Metrics()
    metrics.disturbed(UnavailableError("Kafka could not answer"), 1)
    metrics.disturbed(FencedError("another"), 1)
    assert count(metrics, families.FENCED) == 1


def test_records_at_which_the_code_fails_count_before_their_batch_is_done():
    metrics = Metrics()
    for _ in range(2):
        metrics.internal_error(fault_of(record(0), KeyError()))
    assert count(metrics, families.INTERNAL_ERRORS, Topic.ORDERS) == 2
    assert count(metrics, families.DEAD_LETTERS, Topic.ORDERS, "internal_error") == 0


def test_only_the_circuit_counts_as_a_stop_of_the_circuit():
    metrics = Metrics()
    metrics.fatal(OperatorError("topics are missing"))
    metrics.fatal(CircuitOpenError("too many"))
    assert count(metrics, families.CIRCUIT_STOPS) == 1


def test_a_cut_counts_once_however_often_its_rebuild_is_tried():
    metrics = Metrics()
    for _ in range(3):
        metrics.catch_up_began(cut=True)
        assert reading(metrics, families.CATCH_UP) == 1
        metrics.catch_up_ended()
    assert reading(metrics, families.CATCH_UP) == 0
    metrics.tended(Backlog())
    metrics.catch_up_began(cut=True)
    assert count(metrics, families.CUTS) == 2


def test_a_new_space_is_no_cut():
    metrics = Metrics()
    metrics.catch_up_began(cut=False)
    assert count(metrics, families.CUTS) == 0
    assert reading(metrics, families.CATCH_UP) == 1


def test_the_outbox_is_told_as_it_was_last_seen():
    metrics = Metrics()
    metrics.tended(Backlog(7, 3.5))
    metrics.tended(Backlog(2, 0.5))
    assert reading(metrics, families.OUTBOX_ENTRIES) == 2
    assert reading(metrics, families.OUTBOX_OLDEST) == 0.5


def busy(entries=0):
    metrics = Metrics()
    metrics.batch_done(full_report())
    metrics.tended(Backlog(entries, 1.0))
    return metrics.current


def test_counts_and_distributions_of_workers_add_up():
    sum_of_two = together((busy(), busy()))
    one = Metrics()
    one.batch_done(full_report())
    one.batch_done(full_report())
    assert sum_of_two.counters == one.current.counters
    ages = sum_of_two.distributions[families.END_TO_END.name][()]
    assert ages.counts == distribution(one, families.END_TO_END).counts
    assert ages.total == pytest.approx(distribution(one, families.END_TO_END).total)


def test_adding_leaves_its_parts_as_they_were():
    some, other = busy(), busy()
    before = msgspec.msgpack.encode(some)
    result = together((some, other))
    result.counters[families.FENCED.name][()] += 1
    result.distributions[families.BATCHES.name][()].counts[0] += 1
    assert msgspec.msgpack.encode(some) == before


def test_of_the_outbox_the_newest_reading_holds_and_not_the_sum():
    later = busy(entries=3)
    earlier = msgspec.structs.replace(later, readings=dict(later.readings))
    earlier.readings[families.OUTBOX_ENTRIES.name] = msgspec.structs.replace(
        later.readings[families.OUTBOX_ENTRIES.name], value=40, at=1.0
    )
    for order in ((earlier, later), (later, earlier)):
        assert together(order).readings[families.OUTBOX_ENTRIES.name].value == 3


def test_a_rebuild_by_any_worker_is_a_rebuild():
    rebuilding, idle = Metrics(), Metrics()
    rebuilding.catch_up_began(cut=True)
    idle.catch_up_began(cut=False)
    idle.catch_up_ended()
    united = together((rebuilding.current, idle.current))
    assert united.readings[families.CATCH_UP.name].value == 1


def test_of_a_dead_worker_its_counts_stay_and_its_gauges_do_not():
    dead = history(busy(entries=9))
    assert dead.counters[families.CLAMPED.name][()] == 4
    assert dead.readings == beginning().readings


def test_a_snapshot_survives_the_way_between_processes():
    sent = busy()
    received = msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=Snapshot)
    assert received == sent
    assert together((received, busy())).counters == together((sent, busy())).counters


def test_an_empty_batch_counts_as_one():
    metrics = Metrics()
    metrics.batch_done(Report())
    assert sum(distribution(metrics, families.BATCHES).counts) == 1
