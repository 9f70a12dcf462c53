# ruff: noqa: INP001, T201 - a program by itself, which answers on standard output
"""Keeps the customers of icustomer in a local table, and looks them up there.

    python subscriber.py follow customers.db          until Ctrl-C
    python subscriber.py show customers.db ic_...      one customer, by any ID it ever had

It needs `pip install aiokafka` and nothing of icustomer. docs/howto/subscribe.md argues each step.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

Client = TypeVar("Client", AIOKafkaConsumer, AIOKafkaAdminClient)

SERVERS = os.environ.get("ICUSTOMER_KAFKA_SERVERS", "localhost:9092")
PREFIX = os.environ.get("ICUSTOMER_TOPIC_PREFIX", "customer")
CHECK_CRCS = os.environ.get("ICUSTOMER_KAFKA_CHECK_CRCS", "true") == "true"
"""The Kafka in memory of `icustomer demo` writes no checksums; every other one does."""
RECORDS_AT_ONCE = 1_000
POLL_MS = 1_000
RETRY_BACKOFF_MS = 1_000
"""Ten times the client's own: a tenth of its log lines while a broker is away."""
TOMBSTONES_KEPT_SECONDS = 6 * 86_400
"""A day less than the topic keeps them (`delete.retention.ms`, 7 days): a table that was not
followed for longer may have missed that somebody was erased."""

TABLES = """
CREATE TABLE IF NOT EXISTS customers (
    customer_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    merged_into TEXT,
    profile TEXT
);
CREATE TABLE IF NOT EXISTS changes (
    change_id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    customer_id TEXT,
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS positions (
    topic TEXT,
    partition INTEGER,
    next INTEGER NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (topic, partition)
);
"""
"""A customer has a profile, or leads to another, or has neither: it was erased."""

UPSERT = """
INSERT INTO customers VALUES (:customer_id, :version, :merged_into, :profile)
ON CONFLICT (customer_id) DO UPDATE SET
    version = excluded.version, merged_into = excluded.merged_into, profile = excluded.profile
WHERE excluded.version > customers.version
"""
"""Repeats and lower versions leave the row alone."""

HOLDER = """
WITH RECURSIVE way (customer_id, merged_into, profile) AS (
    SELECT customer_id, merged_into, profile FROM customers WHERE customer_id = ?
    UNION
    SELECT next.customer_id, next.merged_into, next.profile
    FROM customers AS next JOIN way ON next.customer_id = way.merged_into
)
SELECT profile FROM way WHERE merged_into IS NULL AND profile IS NOT NULL
"""
"""Redirects chain: C leads to B, B to A."""


# -- the table -------------------------------------------------------------------------------


def open_table(path: str) -> sqlite3.Connection:
    """The table of a file, made if it is not there."""
    table = sqlite3.connect(path)
    table.executescript(TABLES)
    return table


def show(table: sqlite3.Connection, customer_id: str) -> str | None:
    """The profile that an ID leads to; None if it is unknown or was erased."""
    found = table.execute(HOLDER, (customer_id,)).fetchone()
    return found[0] if found else None


def store(table: sqlite3.Connection, records: Iterable[ConsumerRecord]) -> None:
    """Apply records and note how far they go, in one transaction: a crash undoes both."""
    with table:
        for record in records:
            if record.topic.endswith(".profiles"):
                table.execute(UPSERT, customer_row(record))
            else:
                table.execute("INSERT OR IGNORE INTO changes VALUES (?, ?, ?, ?)", change(record))
            note_position(table, record.topic, record.partition, record.offset + 1)
        table.execute("UPDATE positions SET seen_at = ?", (time.time(),))


def customer_row(record: ConsumerRecord) -> dict[str, object]:
    """What a profile, a redirect or a tombstone says of its ID."""
    row: dict[str, object] = {
        "customer_id": record.key.decode(),
        "version": version(record),
        "merged_into": None,
        "profile": None,
    }
    if record.value is None:
        return row
    document = json.loads(record.value)
    if document["status"] == "merged":
        return row | {"merged_into": document["merged_into"]}
    return row | {"profile": record.value.decode()}


def version(record: ConsumerRecord) -> int:
    """The version of the record. A tombstone has no value, so it stands in the header `ce_id`:
    `<customer ID>:<version>`."""
    return int(dict(record.headers)["ce_id"].decode().rpartition(":")[2])


def change(record: ConsumerRecord) -> tuple[object, ...]:
    """The fields of an identity change that the table keeps."""
    told = json.loads(record.value)
    return told["change_id"], told["type"], told.get("customer_id"), told["at"]


# -- how far it was read ---------------------------------------------------------------------


def note_position(table: sqlite3.Connection, topic: str, partition: int, following: int) -> None:
    """Remember the offset to be read next."""
    row = (topic, partition, following, time.time())
    table.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)", row)


def forget_everything(table: sqlite3.Connection) -> None:
    """Begin again: the compacted topic holds the last record of every ID."""
    with table:
        for name in ("customers", "changes", "positions"):
            table.execute(f"DELETE FROM {name}")  # noqa: S608 - the names stand in the line above


def stale(table: sqlite3.Connection) -> bool:
    """Whether the table was left alone for longer than tombstones are kept."""
    (seen_at,) = table.execute("SELECT max(seen_at) FROM positions").fetchone()
    return seen_at is not None and time.time() - seen_at > TOMBSTONES_KEPT_SECONDS


def positions(table: sqlite3.Connection) -> Iterator[tuple[TopicPartition, int]]:
    """Where to go on, of each partition that was read before."""
    for topic, partition, following in table.execute(
        "SELECT topic, partition, next FROM positions"
    ):
        yield TopicPartition(topic, partition), following


# -- following -------------------------------------------------------------------------------


async def follow(arguments: argparse.Namespace) -> None:
    """Apply what comes until the process is told to stop; with `--once` what is there now."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    with contextlib.closing(open_table(arguments.table)) as table:
        if arguments.rebuild or stale(table):
            forget_everything(table)
        places = await partitions(arguments)
        reader = AIOKafkaConsumer(
            bootstrap_servers=arguments.servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            check_crcs=CHECK_CRCS,
            retry_backoff_ms=RETRY_BACKOFF_MS,
        )
        async with started(reader) as consumer:
            ends = await go_on(consumer, table, places)
            while not stopping.is_set() and not (arguments.once and await reached(consumer, ends)):
                await take(consumer, table)


@contextlib.asynccontextmanager
async def started(client: Client) -> AsyncIterator[Client]:
    """Start a client of Kafka, and stop it in any case."""
    try:
        await client.start()
        yield client
    except KafkaConnectionError as error:
        sys.exit(f"Kafka did not answer: {error}")
    finally:
        await (client.stop() if isinstance(client, AIOKafkaConsumer) else client.close())


async def partitions(arguments: argparse.Namespace) -> list[TopicPartition]:
    """All partitions of both topics; the end of the program if one does not exist."""
    topics = [f"{arguments.prefix}.profiles", f"{arguments.prefix}.identity-changes"]
    async with started(AIOKafkaAdminClient(bootstrap_servers=arguments.servers)) as admin:
        described = await admin.describe_topics(topics)
    if missing := [each["topic"] for each in described if each["error_code"]]:
        sys.exit(f"There is no topic {' and no '.join(missing)}: is --prefix right?")
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]


async def go_on(
    consumer: AIOKafkaConsumer, table: sqlite3.Connection, places: list[TopicPartition]
) -> dict[TopicPartition, int]:
    """Start where the table stands, and tell where the partitions end. There is no consumer
    group: the positions are in the table, so that table and position can never differ."""
    consumer.assign(places)
    ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
    for partition, following in positions(table):
        if following > ends.get(partition, -1):
            sys.exit(f"{partition.topic} is not the topic that was read so far: use --rebuild")
        consumer.seek(partition, following)
    return ends


async def take(consumer: AIOKafkaConsumer, table: sqlite3.Connection) -> None:
    """Apply the next records; if there are none, note after a while that there were none."""
    batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
    store(table, [record for batch in batches.values() for record in batch])


async def reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    """Whether all is read that was there at the start. Transactions leave gaps in the offsets:
    compare positions, never count records."""
    return all([await consumer.position(each) >= end for each, end in ends.items()])


# -- the command line ------------------------------------------------------------------------


def read_arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(description="Customers of icustomer in a local table.")
    commands = parser.add_subparsers(dest="command", required=True)
    following = commands.add_parser("follow", help="keep the table up to date")
    following.add_argument("table")
    following.add_argument("--servers", default=SERVERS)
    following.add_argument("--prefix", default=PREFIX, help="of the topics")
    following.add_argument("--once", action="store_true", help="end when all is read")
    following.add_argument("--rebuild", action="store_true", help="begin with an empty table")
    showing = commands.add_parser("show", help="print a profile")
    showing.add_argument("table")
    showing.add_argument("customer_id")
    return parser.parse_args()


def main() -> None:
    """Follow, or show."""
    arguments = read_arguments()
    if arguments.command == "follow":
        asyncio.run(follow(arguments))
        return
    with contextlib.closing(open_table(arguments.table)) as table:
        profile = show(table, arguments.customer_id)
    if profile is None:
        sys.exit(f"{arguments.customer_id} is not known here")
    print(profile)


if __name__ == "__main__":
    main()
