"""Tells the figures in the formats that Prometheus reads: OpenMetrics, and text for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Any

from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from icustomer.ops.metrics_families import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    TOPIC,
    Counter,
    Histogram,
    Labels,
)
from icustomer.ops.metrics_lag import Lag
from icustomer.ops.metrics_snapshot import Distribution, Snapshot

READY = "icustomer_ready"
WORKERS = "icustomer_workers"
RESTARTS = "icustomer_worker_restarts_total"
LAG_RECORDS = "icustomer_consumer_lag_records"
LAG_SECONDS = "icustomer_consumer_lag_seconds"
LAG_AGE = "icustomer_consumer_lag_age_seconds"
CPU_SECONDS = "process_cpu_seconds"
RESIDENT_BYTES = "process_resident_memory_bytes"


class Crew(Struct, frozen=True):
    """The worker processes behind this address; those that are not this one itself have used
    and hold what is told here."""

    running: int = 1
    restarts: int = 0
    cpu_seconds: float = 0.0
    resident_bytes: int = 0


class Figures(Struct, frozen=True):
    """All that is told at one scrape."""

    snapshot: Snapshot
    ready: bool
    lag: Lag
    crew: Crew


class Exposition(Collector):
    """Writes the figures of the moment. `prefix`: TOPIC_PREFIX; labels name topics in full."""

    def __init__(self, figures: Callable[[], Figures], prefix: str) -> None:
        self._figures = figures
        self._prefix = prefix
        self._process = ProcessCollector(registry=None)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def written(self, accept: str) -> tuple[bytes, str]:
        """The figures and their content type; `accept` is the header of the request."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Metric]:
        """The families, for the encoders of the library."""
        figures = self._figures()
        for counter in COUNTERS:
            yield self._counter(counter, figures.snapshot.counters[counter.name])
        for histogram in HISTOGRAMS:
            yield self._histogram(histogram, figures.snapshot.distributions[histogram.name])
        for gauge in GAUGES:
            reading = figures.snapshot.readings[gauge.name]
            yield GaugeMetricFamily(gauge.name, gauge.meaning, value=reading.value)
        yield GaugeMetricFamily(
            READY, "1 while /health/ready answers 200.", value=float(figures.ready)
        )
        yield from _lag(figures.lag)
        yield from _crew(figures.crew)
        yield from _process(self._process.collect(), figures.crew)

    def _counter(self, family: Counter, counts: dict[Labels, int]) -> Metric:
        metric = CounterMetricFamily(family.name, family.meaning, labels=family.labels)
        for labels, count in counts.items():
            metric.add_metric(self._told(family.labels, labels), count)
        return metric

    def _histogram(self, family: Histogram, distributions: dict[Labels, Distribution]) -> Metric:
        metric = HistogramMetricFamily(family.name, family.meaning, labels=family.labels)
        ends = [*(str(float(bound)) for bound in family.bounds), "+Inf"]
        for labels, each in distributions.items():
            buckets = list(zip(ends, accumulate(each.counts), strict=True))
            metric.add_metric(self._told(family.labels, labels), buckets, each.total)
        return metric

    def _told(self, names: Labels, values: Labels) -> list[str]:
        return [
            f"{self._prefix}.{value}" if name == TOPIC else str(value)
            for name, value in zip(names, values, strict=True)
        ]


def _lag(lag: Lag) -> Iterator[Metric]:
    records = GaugeMetricFamily(
        LAG_RECORDS, "Records that are not committed yet.", labels=(TOPIC, "partition")
    )
    seconds = GaugeMetricFamily(
        LAG_SECONDS,
        "Age of the oldest record that is not committed yet, by its own timestamp.",
        labels=(TOPIC, "partition"),
    )
    for each in lag.partitions:
        labels = (each.topic, str(each.partition))
        records.add_metric(labels, each.lag_records)
        seconds.add_metric(labels, each.lag_seconds)
    yield records
    yield seconds
    yield GaugeMetricFamily(LAG_AGE, "How long ago the lag was last read.", value=lag.seconds_ago)


def _crew(crew: Crew) -> Iterator[Metric]:
    yield GaugeMetricFamily(WORKERS, "Worker processes that run.", value=crew.running)
    yield CounterMetricFamily(
        RESTARTS, "Worker processes that were started again.", value=crew.restarts
    )


def _process(own: Iterable[Any], crew: Crew) -> Iterator[Metric]:
    """The standard figures of this process; CPU and memory with those of its workers."""
    shares = {CPU_SECONDS: crew.cpu_seconds, RESIDENT_BYTES: float(crew.resident_bytes)}
    for metric in own:
        share = shares.get(metric.name, 0.0)
        metric.samples = [sample._replace(value=sample.value + share) for sample in metric.samples]
        yield metric
