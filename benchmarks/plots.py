"""Plots of a run for the documents, as small SVG files."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from benchmarks.results import Results

DIRECTORY = Path("docs/plots")
SIZE = (6.4, 3.0)
"""Inches."""
COLOURS = {"pass_through": "#9aa5b1", "icustomer": "#1f6f8b", "naive": "#c8553d"}
LATENCIES = (
    ("hop_", "bare hop", "#d5dbe1"),
    ("pass_", "transactions", "#9aa5b1"),
    ("", "icustomer", "#1f6f8b"),
)
WIDTH = 0.26
"""Of a bar; three stand beside each other."""

# Letters as text and no random names: small, and the same bytes for the same figures.
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "icustomer", "font.size": 9})


def draw(results: Results) -> None:
    """Draw what was measured."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    if results.cpu_us_per_event:
        _save(_cpu(results), "cpu")
    if results.latency_ms:
        _save(_latency(results), "latency")


def _cpu(results: Results) -> Figure:
    """Microseconds an event; naive is far off, so the scale is logarithmic."""
    figure, axes = plt.subplots(figsize=SIZE, layout="constrained")
    cases = list(results.cpu_us_per_event)
    for number, (worker, colour) in enumerate(COLOURS.items()):
        known = [
            (place + number * WIDTH, results.cpu_us_per_event[case][worker])
            for place, case in enumerate(cases)
            if worker in results.cpu_us_per_event[case]
        ]
        bars = axes.bar(
            [x for x, _ in known], [y for _, y in known], WIDTH, color=colour, label=worker
        )
        axes.bar_label(bars, fmt="%.0f")
    axes.set_yscale("log")
    axes.set_ylabel("us of CPU an event")
    axes.set_xticks([place + WIDTH for place in range(len(cases))], cases)
    return _finished(figure)


def _latency(results: Results) -> Figure:
    figure, axes = plt.subplots(figsize=SIZE, layout="constrained")
    places = [(rate, percent) for rate in results.latency_ms for percent in ("p50", "p99")]
    for number, (prefix, label, colour) in enumerate(LATENCIES):
        heights = [results.latency_ms[rate][f"{prefix}{percent}"] for rate, percent in places]
        positions = [place + number * WIDTH for place in range(len(places))]
        bars = axes.bar(positions, heights, WIDTH, color=colour, label=label)
        axes.bar_label(bars, fmt="%.0f")
    axes.set_ylabel("ms")
    ticks = [f"{percent} at {rate}/s" for rate, percent in places]
    axes.set_xticks([place + WIDTH for place in range(len(places))], ticks)
    return _finished(figure)


def _finished(figure: Figure) -> Figure:
    (axes,) = figure.axes
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.15)
    axes.legend(frameon=False)
    return figure


def _save(figure: Figure, name: str) -> None:
    figure.savefig(DIRECTORY / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)
