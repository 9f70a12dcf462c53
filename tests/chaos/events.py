"""What is sent: generated people, and a few customers who keep ordering all the time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from icustomer.contracts.topics import Topic
from icustomer.local.generator import generate

HOT_SHARE = 0.1
"""Of all events: that much comes from customers who never stop."""
HOT_EVENTS_EACH = 900
"""Of one such customer, three an order: far below the 1,000 orders that are kept exactly."""
LEAST_HOT_CUSTOMERS = 3
STATUSES = ("placed", "paid", "delivered")
CURRENCIES = ("EUR", "CHF")


class Event(NamedTuple):
    """A record to be sent."""

    topic: Topic
    key: bytes
    value: bytes


def events(seed: int, count: int) -> list[Event]:
    """`count` events in the order of sending; the seed decides all of it."""
    random = Random(seed)
    hot = list(_hot_events(random, round(count * HOT_SHARE)))
    told = [Event(e.topic, e.key, e.value) for e in generate(seed, count - len(hot)).records]
    places = sorted(random.choices(range(len(told) + 1), k=len(hot)), reverse=True)
    for place, event in zip(places, reversed(hot), strict=True):
        told.insert(place, event)
    return told


def _hot_events(random: Random, count: int) -> Iterator[Event]:
    """Orders of a few accounts, known by account here and by mailbox there, in all states."""
    customers = max(LEAST_HOT_CUSTOMERS, count // HOT_EVENTS_EACH)
    for number in range(count):
        customer = number % customers
        order, step = divmod(number // customers, len(STATUSES))
        yield _hot_event(random, customer, order, step)


def _hot_event(random: Random, customer: int, order: int, step: int) -> Event:
    body: dict[str, Any] = {
        "event_id": f"hot-{customer}-{order}-{step}",
        "occurred_at": f"2026-02-{1 + order % 28:02}T{order // 28 % 24:02}:{step * 15:02}:00Z",
        "source": random.choice(("shop", "erp")),
        "order_id": f"HOT-{customer}-{order}",
        "status": STATUSES[step],
        "name": {"given": "Hortensia", "family": f"Number{customer}"},
        "account": {"service": "shop", "number": f"HOT-{customer}"},
    }
    if random.random() < 1 / 2:
        body["email"] = f"hot-{customer}@hot.example"
    if step == 0:
        amount = f"{random.randint(1, 300)}.{random.randint(0, 99):02}"
        body["total"] = {"amount": amount, "currency": random.choice(CURRENCIES)}
    # Half of the orders go by order, as two systems would key them: one facet, two partitions.
    key = body["order_id"] if order % 2 else f"HOT-{customer}"
    return Event(Topic.ORDERS, key.encode(), json.dumps(body).encode())
