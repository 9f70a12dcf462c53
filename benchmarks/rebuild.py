"""How fast Redis is filled again from the changelog, and in how much memory.

    python -m benchmarks.rebuild [--groups 20000,100000] [--versions 1,5] [--full]

For each size the changelog is written anew, every group in so many versions, and read by
processes of their own: once without doing anything, once by a rebuild of an empty Redis, once by
a catch-up that finds nothing to do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.ground import Ground, ground, servers
from benchmarks.measuring import redis_cpu
from benchmarks.people import PARTITIONS
from benchmarks.preload import Preload
from benchmarks.rebuilder import Took
from icustomer.contracts.topics import Topic
from icustomer.core.model import version_after
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import IcustomerError, OperatorError
from icustomer.local.servers import EmbeddedRedis
from icustomer.store.codec import VERSION_DIGITS, version_of, version_text
from icustomer.stream.partitions import output_partition
from icustomer.stream.port import OutputRecord
from icustomer.stream.records import RecordMaker

GROUPS = (20_000, 100_000)
FULL = 1_000_000
"""Only on demand: some 2.5 GB in Redis, and minutes to write."""
VERSIONS = (1, 5)
"""A changelog that compaction has just been through, and one that it has not."""
ROUND = 5_000
"""Groups whose versions are told one after the other: far enough apart to be in several
portions of a rebuild, as they are in life."""
EPOCH = 1
STEPS = ("read", "rebuild", "catch-up")
MEGABYTE = 1 << 20
HEADS = (
    *("groups", "versions", "step", "wall s", "CPU s", "CPU s of Redis"),
    *("groups/s", "groups/s of CPU", "MB before", "MB peak"),
)


def changelog(place: Ground, groups: int, versions: int) -> Iterator[OutputRecord]:
    """Every group in so many versions, the newest last."""
    maker = RecordMaker(place.prefix, DEFAULT_RULES, place.keyring)
    kept: list[tuple[bytes, bytes]] = []
    for number, (blob, ways) in enumerate(Preload(place.keyring, 0).customers(groups), 1):
        kept.append((ways.group_id, blob))
        if len(kept) == ROUND or number == groups:
            for version in range(versions):
                for group_id, each in kept:
                    later = version_after(EPOCH, version_of(each) + version)
                    # A rebuild goes by the version in front; the one inside is the same text
                    # of another number to everybody else, and nobody else reads this.
                    told = version_text(later) + each[VERSION_DIGITS:]
                    yield maker.changelog(group_id, told, later)
            kept = []


def write(place: Ground, groups: int, versions: int) -> None:
    """Append it all, by a client that is no part of what is measured."""
    name = place.name(Topic.IDENTITY_STATE)
    for record in changelog(place, groups, versions):
        place.sender.produce(
            name,
            record.value,
            record.key,
            output_partition(record, PARTITIONS),
            headers=list(record.headers),
        )
        place.sender.poll(0)
        if len(place.sender) >= 10 * ROUND:
            place.sender.flush()
    place.sender.flush()


def measured(place: Ground, step: str) -> tuple[Took, float]:
    """One step in a process of its own, and the seconds of CPU that Redis took for it."""
    before = redis_cpu(place.redis)
    environment = {name: value for name, value in os.environ.items() if "ICUSTOMER_" not in name}
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "benchmarks.rebuilder", step],
        env=environment | place.settings(place.prefix, place.prefix),
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise OperatorError(f"the measured process failed: {''.join(last) or 'it said nothing'}")
    return msgspec.json.decode(done.stdout, type=Took), redis_cpu(place.redis) - before


def judge(step: str, took: Took, groups: int, versions: int) -> None:
    """Raise if what was done is not what was to be measured."""
    wanted = {"read": groups * versions, "rebuild": groups, "catch-up": 0}[step]
    way = {"read": "", "rebuild": "whole changelog", "catch-up": "from the checkpoint"}[step]
    if (took.done, took.way) != (wanted, way):
        raise OperatorError(f"{step} did {took.done} ({took.way}), not {wanted} ({way})")


def rows(place: Ground, groups: int, versions: int) -> Iterator[Sequence[str]]:
    """The figures of one changelog."""
    write(place, groups, versions)
    place.spaces.add(place.prefix)
    for step in STEPS:
        took, by_redis = measured(place, step)
        judge(step, took, groups, versions)
        a_second = groups if step != "catch-up" else 0
        yield (
            f"{groups:,}",
            str(versions),
            step,
            f"{took.wall:.2f}",
            f"{took.cpu:.2f}",
            f"{by_redis:.2f}",
            f"{a_second / took.wall:,.0f}",
            f"{a_second / took.cpu:,.0f}",
            f"{took.rss_before / MEGABYTE:.0f}",
            f"{took.rss_peak / MEGABYTE:.0f}",
        )


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", help="sizes of the changelog", default=_text(GROUPS))
    parser.add_argument("--versions", help="records of each group", default=_text(VERSIONS))
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} groups besides")
    return parser.parse_args()


def _text(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def sizes(told: argparse.Namespace) -> Iterator[tuple[int, int]]:
    """Groups and versions of each changelog."""
    for groups in map(int, told.groups.split(",")):
        for versions in map(int, told.versions.split(",")):
            yield groups, versions
    if told.full:
        yield FULL, 1


def main() -> None:
    """Measure and print, row by row: the last one may take minutes."""
    told, console = parsed(), Console()
    table = Table(*HEADS)
    try:
        # A Redis of its own: its CPU time is that of the rebuild alone.
        with servers() as (kafka, _, origins), EmbeddedRedis() as store:
            console.print(origins | {"redis": store.origin})
            for groups, versions in sizes(told):
                with ground(kafka, store.url) as place:
                    for row in rows(place, groups, versions):
                        console.print("  ".join(row), highlight=False)
                        table.add_row(*row)
    except IcustomerError as error:
        console.print(f"bench: {error}", soft_wrap=True, highlight=False)
        sys.exit(1)
    console.print(table)


if __name__ == "__main__":
    main()
