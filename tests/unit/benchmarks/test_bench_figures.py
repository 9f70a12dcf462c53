from __future__ import annotations

import msgspec
import pytest
from benchmarks import results as module
from benchmarks.latency import percentile
from benchmarks.measuring import Figures, figures, judge, together
from benchmarks.results import Results, add_latencies, add_runs, table
from benchmarks.sampling import ELSEWHERE, stage_of
from benchmarks.workers import Account, Mark

from icustomer.errors import OperatorError

MILLISECOND = 1_000_000


def account(*marks: tuple[int, int, int]) -> Account:
    """Marks of (milliseconds, CPU milliseconds, events)."""
    return Account([Mark(at * MILLISECOND, cpu * MILLISECOND, done) for at, cpu, done in marks])


def run_of(cpu: float) -> Figures:
    return Figures(cpu, redis_cpu=1.0, events_per_second=10.0, stages={"load": cpu / 2})


def test_cpu_counts_from_the_first_event_done_to_the_last():
    measured = figures(account((0, 900, 500), (50, 940, 1_000), (100, 1_000, 1_500)), 0.15)
    assert measured.cpu == pytest.approx(100.0)
    assert measured.events_per_second == pytest.approx(10_000.0)
    assert measured.redis_cpu == pytest.approx(100.0)


def test_one_batch_is_too_little_to_measure():
    with pytest.raises(OperatorError, match="too few events"):
        figures(account((0, 1, 500)), 0)


def test_workers_side_by_side_count_from_the_first_mark_of_any_to_the_last():
    fast = account((0, 0, 100), (100, 0, 500))
    slow = account((50, 0, 100), (200, 0, 300))
    assert together([fast, slow]) == pytest.approx(700 / 0.2)


def test_a_run_in_which_the_events_meant_something_else_is_refused():
    judge(Account(outcomes={"matched": 3}))
    with pytest.raises(OperatorError, match="duplicate"):
        judge(Account(outcomes={"matched": 3, "duplicate": 1}))


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_a_measured_value_that_so_many_do_not_exceed(percent, expected):
    assert percentile([float(each) for each in range(100, 0, -1)], percent) == expected


def test_medians_and_spread_of_the_repetitions_are_kept():
    results = Results()
    by_worker = {
        "pass_through": [run_of(10), run_of(30), run_of(11)],
        "icustomer": [run_of(30), run_of(20), run_of(99)],
    }
    add_runs(results, {"uniform": by_worker})
    assert results.cpu_us_per_event == {"uniform": {"pass_through": 11, "icustomer": 30}}
    assert results.spread["uniform"]["icustomer"] == (20, 99)
    assert results.stage_us_per_event == {"uniform": {"load": 15}}


def test_the_file_has_the_names_that_its_readers_rely_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = Results(redis_bytes_per_customer=1_000.123, workers={"1": 2.0, "2": 3.0})
    add_runs(results, {"uniform": {"pass_through": [run_of(10)], "icustomer": [run_of(30.123456)]}})
    add_latencies(results, 500, [1.0], [2.0], [3.0])
    results.write()
    written = msgspec.json.decode(module.PATH.read_bytes())
    assert written["cpu_us_per_event"] == {"uniform": {"pass_through": 10.0, "icustomer": 30.12}}
    assert written["latency_ms"]["500"] == {
        "p50": 1.0,
        "p99": 1.0,
        "pass_p50": 2.0,
        "pass_p99": 2.0,
        "hop_p50": 3.0,
        "hop_p99": 3.0,
    }
    assert written["workers"] == {"1": 2.0, "2": 3.0}
    assert module.read().redis_bytes_per_customer == 1_000.12


def test_a_part_of_a_run_is_shown_without_the_rest():
    assert table(Results()).row_count == 0
    assert table(Results(workers={"1": 2.0, "2": 3.0})).row_count == 2


def test_a_stack_belongs_to_the_first_stage_that_any_of_its_frames_names():
    loading = [("/x/msgspec.py", "decode"), ("/x/icustomer/store/redis.py", "RedisStore.load")]
    assert stage_of([*loading, ("/x/icustomer/worker.py", "Worker.handle")]) == "load"
    assert stage_of([("/x/aiokafka/consumer/fetcher.py", "run")]) == "Kafka client: reading"
    assert stage_of([("/x/asyncio/events.py", "run")]) == ELSEWHERE
