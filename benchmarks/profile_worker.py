"""Where icustomer's time goes, by stage and function, in microseconds of CPU an event.

python -m benchmarks.profile_worker uniform
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter

from rich.console import Console
from rich.table import Table

from benchmarks.ground import Ground, ground, servers
from benchmarks.measuring import figures, running, wait_until_done
from benchmarks.preload import Preload
from benchmarks.sampling import Sampled
from benchmarks.stream import Popularity, Stream, events

SHOWN = 45
"""Functions in a table."""


def sampled(
    place: Ground, popularity: Popularity, customers: int, count: int, seed: int
) -> Sampled:
    """A run of icustomer that was looked at."""
    space = group = f"{place.prefix}-profile"
    asyncio.run(place.fill_space(space, Preload(place.keyring, 0).customers(customers)))
    try:
        place.place_group(group)
        place.send(events(Stream(popularity, customers, count, seed, "profile")))
        settings = place.settings(space, group)
        with running("benchmarks.sampling", (), settings) as child:
            wait_until_done(place, group, [child])
            return child.told(Sampled)
    finally:
        place.drop_space(space)


def table(title: str, counts: dict[str, int], microseconds: float) -> Table:
    """Samples as microseconds an event; `microseconds`: of all of them."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("us an event", justify="right")
    shown.add_column("where")
    total = sum(counts.values())
    for name, count in Counter(counts).most_common(SHOWN):
        shown.add_row(f"{microseconds * count / total:.1f}", name)
    return shown


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("popularity", choices=list(Popularity), type=Popularity)
    parser.add_argument("--customers", type=int, default=40_000)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=4_711)
    told = parser.parse_args()
    console = Console()
    with servers() as (kafka, store, _), ground(kafka, store) as place:
        seen = sampled(place, told.popularity, told.customers, told.events, told.seed)
    cost = figures(seen.account, 0)
    console.print(table("By stage", seen.by_stage, cost.cpu))
    console.print(table("By innermost function of icustomer", seen.by_function, cost.cpu))
    waited = ", ".join(f"{name} {spent:.1f}" for name, spent in cost.stages.items())
    console.print(f"CPU {cost.cpu:.1f} us an event; stages with waiting: {waited}")


if __name__ == "__main__":
    main()
