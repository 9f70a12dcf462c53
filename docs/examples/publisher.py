# ruff: noqa: INP001 - a program by itself
"""A shop that tells icustomer of its signups, orders and tickets.

    python publisher.py signup --account 1001 --email ada@example.org --given Ada --family Lima
    python publisher.py order O-1 --status placed --account 1001 --total 54.00 --currency GBP
    python publisher.py support T-1 --status opened --email ada@example.org

It needs `pip install aiokafka` and nothing of icustomer. docs/howto/publish.md argues each step.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

SERVERS = os.environ.get("ICUSTOMER_KAFKA_SERVERS", "localhost:9092")
PREFIX = os.environ.get("ICUSTOMER_TOPIC_PREFIX", "customer")
SOURCE = "shop"
TOPICS = {"signup": "signups", "order": "orders", "support": "support"}
LARGEST_BYTES = 1_048_576
"""icustomer refuses larger values, so they need not travel."""
RETRY_BACKOFF_MS = 1_000
"""Ten times the client's own: a tenth of its log lines while a broker is away."""

Event = dict[str, Any]


# -- what happened, as events ----------------------------------------------------------------


def signup(arguments: argparse.Namespace) -> Event:
    """Somebody signed up, or told something new of themselves."""
    if arguments.account is None:
        raise SystemExit("A signup needs --account: the number that the shop gave")
    return {"event_id": f"signup-{arguments.account}-{arguments.at}"}


def order(arguments: argparse.Namespace) -> Event:
    """An order was placed, or moved on."""
    event: Event = {
        "event_id": f"order-{arguments.number}-{arguments.status}",
        "order_id": arguments.number,
        "status": arguments.status,
        "guest": arguments.account is None,
    }
    if arguments.total:
        event["total"] = {"amount": arguments.total, "currency": arguments.currency}
    return event


def support(arguments: argparse.Namespace) -> Event:
    """A ticket was opened, or moved on."""
    return {
        "event_id": f"ticket-{arguments.number}-{arguments.status}-{arguments.at}",
        "ticket_id": arguments.number,
        "status": arguments.status,
    }


def person(arguments: argparse.Namespace) -> Event:
    """Who it is, as far as this system knows. What it does not know it leaves out."""
    names = {"given": arguments.given, "family": arguments.family}
    return {
        "account": arguments.account and {"service": SOURCE, "number": arguments.account},
        "email": arguments.email,
        "phone": arguments.phone,
        "name": {part: name for part, name in names.items() if name},
    }


def complete(event: Event, arguments: argparse.Namespace) -> Event:
    """An event with all that every event has."""
    told = {**event, "occurred_at": arguments.at, "source": SOURCE, **person(arguments)}
    return {field: value for field, value in told.items() if value not in (None, {})}


# -- sending ---------------------------------------------------------------------------------


def key_of(event: Event) -> bytes | None:
    """The strongest thing known of the person, always written the same way."""
    account = event.get("account")
    number = f"{account['service']}/{account['number']}" if account else None
    key = number or event.get("email") or event.get("phone")
    return key.strip().lower().encode() if key else None


def headers() -> list[tuple[str, bytes]]:
    """The trace that this work is a part of, if there is one; profiles will carry it on."""
    trace = os.environ.get("TRACEPARENT")
    return [("traceparent", trace.encode())] if trace else []


async def publish(arguments: argparse.Namespace, event: Event) -> None:
    """Send one event, and return when it cannot be lost any more."""
    value = json.dumps(event, ensure_ascii=False).encode()
    if len(value) > LARGEST_BYTES:
        raise SystemExit(f"{event['event_id']} has {len(value):,} bytes; {LARGEST_BYTES:,} may be")
    topic = f"{arguments.prefix}.{TOPICS[arguments.kind]}"
    producer = AIOKafkaProducer(
        bootstrap_servers=arguments.servers,
        acks="all",
        enable_idempotence=True,
        retry_backoff_ms=RETRY_BACKOFF_MS,
    )
    try:
        await producer.start()
        await producer.send_and_wait(topic, value, key=key_of(event), headers=headers())
    except KafkaError as error:
        raise SystemExit(
            f"{event['event_id']} may not have arrived ({error}): send it again"
        ) from None
    finally:
        await producer.stop()


# -- the command line ------------------------------------------------------------------------


def read_arguments() -> argparse.Namespace:
    """What the shop has to tell."""
    common = argparse.ArgumentParser(add_help=False)
    for name in ("account", "email", "phone", "given", "family"):
        common.add_argument(f"--{name}")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    common.add_argument("--at", default=now, help="when it happened, with the offset from UTC")
    common.add_argument("--servers", default=SERVERS)
    common.add_argument("--prefix", default=PREFIX, help="of the topics")
    parser = argparse.ArgumentParser(description="Tells icustomer what happens in a shop.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("signup", parents=[common])
    for kind in ("order", "support"):
        moved = kinds.add_parser(kind, parents=[common])
        moved.add_argument("number")
        moved.add_argument("--status", required=True)
        if kind == "order":
            moved.add_argument("--total")
            moved.add_argument("--currency", default="EUR")
    return parser.parse_args()


def main() -> None:
    """Make the event and send it."""
    arguments = read_arguments()
    if not (arguments.account or arguments.email or arguments.phone):
        raise SystemExit("An event needs --account, --email or --phone: else it names nobody")
    makers = {"signup": signup, "order": order, "support": support}
    event = complete(makers[arguments.kind](arguments), arguments)
    asyncio.run(publish(arguments, event))


if __name__ == "__main__":
    main()
