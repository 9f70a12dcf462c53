"""The figures of a whole run: what `build/bench.json` holds, and the table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from msgspec import Struct, field
from rich.table import Table

from benchmarks.cases import Runs
from benchmarks.latency import percentile
from benchmarks.measuring import Figures

PATH = Path("build/bench.json")
PERCENTILES = (50, 99)

ByWorker = dict[str, float]


class Results(Struct):
    """One run; the names are what its readers rely on."""

    cpu_us_per_event: dict[str, ByWorker] = field(default_factory=dict)
    """Case to worker to the median of user and system time, microseconds an event."""
    redis_bytes_per_customer: float = 0.0
    latency_ms: dict[str, ByWorker] = field(default_factory=dict)
    """Events a second to percentiles: of icustomer, of the pass-through that uses the same
    transactions (`pass_`), of one hop through Kafka (`hop_`)."""
    workers: dict[str, float] = field(default_factory=dict)
    """Number of workers to events a second."""
    spread: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """Smallest and greatest of what `cpu_us_per_event` is the median of."""
    redis_cpu_us_per_event: dict[str, ByWorker] = field(default_factory=dict)
    stage_us_per_event: dict[str, ByWorker] = field(default_factory=dict)
    """Case to stage of icustomer to time, waiting included."""
    taken: dict[str, Any] = field(default_factory=dict)
    """When, where and on what it was measured."""

    def write(self) -> None:
        """Write the file."""
        PATH.parent.mkdir(exist_ok=True)
        content = msgspec.json.encode(msgspec.structs.replace(self, **_rounded(self)))
        PATH.write_bytes(msgspec.json.format(content, indent=2) + b"\n")


def read() -> Results:
    """The results of the last whole run."""
    return msgspec.json.decode(PATH.read_bytes(), type=Results)


def add_runs(results: Results, runs: Runs) -> None:
    """Take the medians of the repetitions."""
    for case, by_worker in runs.items():
        results.cpu_us_per_event[case] = _medians(by_worker, lambda each: each.cpu)
        results.redis_cpu_us_per_event[case] = _medians(by_worker, lambda each: each.redis_cpu)
        results.spread[case] = {
            worker: (min(each.cpu for each in figures), max(each.cpu for each in figures))
            for worker, figures in by_worker.items()
        }
        real = by_worker["icustomer"]
        results.stage_us_per_event[case] = {
            stage: median(each.stages[stage] for each in real) for stage in real[0].stages
        }


def _medians(by_worker: Mapping[str, Sequence[Figures]], of: Any) -> ByWorker:
    return {worker: median(map(of, figures)) for worker, figures in by_worker.items()}


def add_latencies(
    results: Results, rate: int, real: list[float], passed: list[float], hop: list[float]
) -> None:
    """Take the percentiles of latencies in milliseconds."""
    results.latency_ms[str(rate)] = {
        f"{prefix}p{percent}": percentile(values, percent)
        for prefix, values in (("", real), ("pass_", passed), ("hop_", hop))
        for percent in PERCENTILES
    }


def _rounded(value: Any, digits: int = 2) -> Any:
    """All floats in it to so many digits: more would only look exact."""
    if isinstance(value, Struct):
        return {name: _rounded(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(each) for each in value]
    return round(value, digits) if isinstance(value, float) else value


# -- for people --------------------------------------------------------------------------


def table(results: Results) -> Table:
    """All figures, a line each, with what they are compared with."""
    shown = Table(
        title="CPU times are of an event; latencies stand beside those of bare transactions",
        title_justify="left",
    )
    shown.add_column("what")
    shown.add_column("figure", justify="right")
    shown.add_column("compared", justify="right")
    for row in (*_cpu_rows(results), *_other_rows(results)):
        shown.add_row(*row)
    return shown


def _cpu_rows(results: Results) -> Iterator[tuple[str, str, str]]:
    for case, by_worker in results.cpu_us_per_event.items():
        reference = by_worker["pass_through"]
        for worker, cpu in by_worker.items():
            low, high = results.spread[case][worker]
            times = f"{cpu / reference:.2f} x pass_through"
            yield f"{case}: {worker}", f"{cpu:.1f} us ({low:.0f} to {high:.0f})", times
        server = results.redis_cpu_us_per_event[case]["icustomer"]
        yield f"{case}: Redis server", f"{server:.1f} us", ""
    large = results.cpu_us_per_event.get("uniform_10x")
    if large and (small := results.cpu_us_per_event.get("uniform")):
        growth = large["icustomer"] / small["icustomer"] - 1
        yield "ten times the customers", "", f"{growth:+.1%} CPU an event"
    zipf = results.cpu_us_per_event.get("zipf")
    if zipf:
        yield "zipf: naive to icustomer", "", f"{zipf['naive'] / zipf['icustomer']:.1f} x"


def _other_rows(results: Results) -> Iterator[tuple[str, str, str]]:
    if results.redis_bytes_per_customer:
        yield "Redis", f"{results.redis_bytes_per_customer:.0f} bytes a customer", ""
    for rate, measured in results.latency_ms.items():
        for percent in PERCENTILES:
            real, passed, hop = (measured[f"{who}p{percent}"] for who in ("", "pass_", "hop_"))
            figure = f"{real:.1f} ms"
            compared = f"{real / passed:.2f} x {passed:.1f} ms; hop {hop:.1f}"
            yield f"latency p{percent} at {rate}/s", figure, compared
    for number, speed in results.workers.items():
        compared = f"{speed / results.workers['1']:.2f} x one"
        yield f"workers: {number}", f"{speed:.0f} events/s", compared
