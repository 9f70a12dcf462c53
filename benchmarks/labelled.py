"""A town of labelled people, households of every kind in the shares of everyday life, as a file.

python -m benchmarks.labelled town.jsonl [--records 1000000] [--seed 1]     (or town.csv)
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.households.kinds import KINDS
from benchmarks.households.world import Event, World

SHARES = {
    "single": 30,
    "many_mailboxes": 10,
    "moved_on": 8,
    "wedding": 2,
    "guest": 14,
    "no_mailbox": 3,
    "spelt_variously": 2,
    "couple": 10,
    "couple_on_one_mailbox": 1.5,
    "couple_of_like_names": 0.5,
    "twins": 0.3,
    "junior_and_senior": 0.5,
    "brothers_and_sisters": 0.5,
    "family": 6,
    "children_by_the_mothers_mailbox": 1,
    "flat_share": 1.5,
    "gifts": 2,
    "namesakes": 2,
    "role_mailbox_of_few": 1,
    "role_mailbox_of_many": 0.3,
    "business": 1,
    "call_centre": 0.3,
    "branch_mailbox": 0.2,
    "hub_address": 0.1,
    "placeholders": 0.1,
    "recycled_number": 1,
    "recycled_mailbox": 0.2,
}
"""Percent of households; guesses, as nobody counts them."""
COLUMNS = (
    *("event_id", "occurred_at", "source", "truth_id", "name.given", "name.family", "name.full"),
    *("birth_date", "email", "email_verified", "phone", "country", "account.service"),
    *("account.number", "address.street", "address.postal_code", "address.city"),
    *("address.country", "order_id", "status", "guest", "shipping_address.street"),
    *("shipping_address.postal_code", "shipping_address.city", "shipping_address.country"),
    *("ticket_id", "channel"),
)
"""Of a CSV file: every field that the events have, dotted where it stands within another."""


def town(records: int, seed: int) -> list[tuple[str, bytes]]:
    """So many events as (time, JSON), in the order in which they happen."""
    world = World(f"town-{seed}")
    kinds, weights = tuple(SHARES), tuple(SHARES.values())
    told: list[tuple[str, bytes]] = []
    while len(told) < records:
        KINDS[world.random.choices(kinds, weights)[0]](world)
        told += ((each["occurred_at"], msgspec.json.encode(each)) for each in world.drain())
    return sorted(told[:records])


def write(events: Iterable[bytes], path: Path) -> None:
    """One event a line; CSV if the file is named so."""
    if path.suffix.lower() != ".csv":
        with path.open("wb") as lines:
            lines.writelines(event + b"\n" for event in events)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(dict(_flat(msgspec.json.decode(event))) for event in events)


def _flat(event: Event, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in event.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value).lower() if isinstance(value, bool) else value


def main() -> None:
    """Run it as the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelled")
    parser.add_argument("path", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    write((event for _, event in town(asked.records, asked.seed)), asked.path)


if __name__ == "__main__":
    main()
