"""What is written can be read back, in both formats, with the names that are promised."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from icustomer.contracts.topics import Topic
from icustomer.ops.exposition import Crew, Exposition, Figures
from icustomer.ops.lag import PartitionLag
from icustomer.ops.metrics import Metrics
from icustomer.ops.metrics_lag import Lag
from icustomer.store.port import Backlog
from unit.ops.reports import full_report

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PAGE = Path(__file__).parents[3] / "docs/reference/metrics.md"
COLUMNS = 5
PROMISED = {
    "icustomer_events_total": {"topic", "outcome"},
    "icustomer_dead_letters_total": {"topic", "reason"},
    "icustomer_identifiers_rejected_total": {"kind", "reason"},
    "icustomer_published_total": {"topic"},
    "icustomer_stage_seconds_bucket": {"stage", "le"},
    "icustomer_end_to_end_seconds_bucket": {"le"},
    "icustomer_batch_records_bucket": {"le"},
    "icustomer_commit_conflicts_total": set(),
    "icustomer_outbox_entries": set(),
    "icustomer_outbox_oldest_seconds": set(),
    "icustomer_fenced_total": set(),
    "icustomer_consumer_lag_records": {"topic", "partition"},
    "icustomer_consumer_lag_seconds": {"topic", "partition"},
    "icustomer_catch_up_active": set(),
    "icustomer_redis_cuts_total": set(),
    "icustomer_ready": set(),
}
"""Sample name -> labels: what dashboards and alerts rely on."""

LAG = Lag([PartitionLag("crm.orders", 3, 9, 4, 5, 61.5)], 2.5)


def exposition(crew=None, lag=LAG):
    metrics = Metrics()
    metrics.batch_done(full_report())
    metrics.published(Counter({Topic.PROFILES: 6}))
    metrics.tended(Backlog(7, 3.5))
    figures = Figures(metrics.current, ready=True, lag=lag, crew=crew or Crew())
    return Exposition(lambda: figures, "crm")


def read(accept, **changed):
    """Sample name -> labels -> value."""
    text, content_type = exposition(**changed).written(accept)
    parse = open_families if content_type.startswith("application/openmetrics") else text_families
    found = {}
    for family in parse(text.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


@pytest.fixture(params=[OPENMETRICS, "text/plain", ""], ids=["openmetrics", "text", "unasked"])
def samples(request):
    return read(request.param)


def value(samples, name, **labels):
    return samples[name][frozenset(labels.items())]


def test_all_names_and_labels_that_are_promised_are_there(samples):
    told = {
        name: {frozenset(key for key, _ in labels) for labels in samples.get(name, {})}
        for name in PROMISED
    }
    assert told == {name: {frozenset(labels)} for name, labels in PROMISED.items()}


def test_the_figures_are_those_that_were_counted(samples):
    assert value(samples, "icustomer_events_total", topic="crm.orders", outcome="created") == 1
    assert value(samples, "icustomer_events_total", topic="crm.orders", outcome="merged") == 0
    assert value(samples, "icustomer_published_total", topic="crm.profiles") == 6
    assert value(samples, "icustomer_published_total", topic="crm.dead-letters") == 0
    assert value(samples, "icustomer_outbox_oldest_seconds") == 3.5
    assert value(samples, "icustomer_ready") == 1
    assert value(samples, "icustomer_stage_seconds_count", stage="commit") == 1
    lag = {"topic": "crm.orders", "partition": "3"}
    assert value(samples, "icustomer_consumer_lag_records", **lag) == 5
    assert value(samples, "icustomer_consumer_lag_seconds", **lag) == 61.5
    assert value(samples, "icustomer_consumer_lag_age_seconds") == 2.5


def test_buckets_are_cumulative_and_end_with_all(samples):
    buckets = samples["icustomer_end_to_end_seconds_bucket"]
    by_end = {dict(labels)["le"]: count for labels, count in buckets.items()}
    assert by_end["0.01"] == 0
    assert by_end["0.025"] == 1
    assert by_end["0.25"] == 2
    assert by_end["+Inf"] == value(samples, "icustomer_end_to_end_seconds_count") == 2
    assert value(samples, "icustomer_end_to_end_seconds_sum") == pytest.approx(0.22)


def test_openmetrics_is_spoken_to_who_asks_for_it_and_text_to_all_others():
    assert exposition().written(OPENMETRICS)[1].startswith("application/openmetrics-text")
    assert exposition().written("*/*")[1].startswith("text/plain")
    assert exposition().written(OPENMETRICS)[0].endswith(b"# EOF\n")


def test_cpu_and_memory_of_the_workers_are_added_to_those_of_the_process():
    alone = read("")
    with_workers = read("", crew=Crew(2, 5, 1_000.0, 10**12))
    more_cpu = value(with_workers, "process_cpu_seconds_total") - value(
        alone, "process_cpu_seconds_total"
    )
    assert 1_000 <= more_cpu < 1_060
    assert value(with_workers, "process_resident_memory_bytes") > 10**12
    assert value(with_workers, "icustomer_workers") == 2
    assert value(with_workers, "icustomer_worker_restarts_total") == 5


def test_lag_that_is_not_known_is_not_told():
    samples = read(OPENMETRICS, lag=Lag((), 99.0))
    assert "icustomer_consumer_lag_records" not in samples
    assert value(samples, "icustomer_consumer_lag_age_seconds") == 99


def test_the_page_on_metrics_names_each_with_type_labels_and_meaning():
    rows = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `icustomer_") and len(cells) == COLUMNS:
            name, kind, labels, _unit, meaning = cells
            rows[name.strip("`")] = (kind, labels.replace("`", ""), meaning)
    expected = {}
    for family in exposition().collect():
        if family.name.startswith("icustomer_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = dict.fromkeys(key for sample in family.samples for key in sample.labels)
            labels.pop("le", None)
            expected[name] = (family.type, ", ".join(labels), family.documentation)
    assert rows == expected
