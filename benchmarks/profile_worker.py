"""Where icustomer's time goes, by stage and function, in microseconds of CPU an event.

python -m benchmarks.profile_worker uniform
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from benchmarks.ground import Ground, prepared
from benchmarks.measuring import figures, running, wait_until_done
from benchmarks.preload import Preload
from benchmarks.sampling import Sampled
from benchmarks.stream import Popularity, Stream, events
from icustomer.errors import IcustomerError

SHOWN = 45
"""Functions in a table."""


def sampled(place: Ground, stream: Stream) -> Sampled:
    """A run of icustomer that was looked at."""
    space = group = f"{place.prefix}-profile"
    customers = Preload(place.keyring, 0).customers(stream.customers)
    asyncio.run(place.fill_space(space, customers))
    try:
        place.place_group(group)
        place.send(events(stream))
        with running("benchmarks.sampling", (), place.settings(space, group)) as child:
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
    try:
        with prepared() as (place, _):
            stream = Stream(told.popularity, told.customers, told.events, told.seed, "profile")
            seen = sampled(place, stream)
    except IcustomerError as error:
        console.print(f"profile: {error}", soft_wrap=True, highlight=False)
        sys.exit(1)
    cost = figures(seen.account, 0)
    console.print(table("By stage", seen.by_stage, cost.cpu))
    console.print(table("By innermost function of icustomer", seen.by_function, cost.cpu))
    waited = ", ".join(f"{name} {spent:.1f}" for name, spent in cost.stages.items())
    console.print(f"CPU {cost.cpu:.1f} us an event; stages with waiting: {waited}")


if __name__ == "__main__":
    main()
