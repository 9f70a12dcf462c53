"""Orders and tickets told several times, in any order."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from icustomer.core.model import Record
from icustomer.core.observation import RecordUpdate
from icustomer.core.records import order_told, together

UUIDS = ("00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-bfff-ffffffffffff")


def told(random: Random) -> list[tuple[int, str, dict]]:
    """Some tellings of one order: (time, event ID, fields); few times, so that they meet."""
    ids = [*UUIDS, "A-1", "f-9", "00000000-0000-4000-8000-000000000002"]
    return [
        (
            random.randrange(3) * 1_000_000,
            random.choice(ids),
            {
                "status": random.choice(("placed", "paid")),
                **(
                    {"total": {"amount": random.choice("12"), "currency": "EUR"}}
                    if random.random() < 0.5
                    else {}
                ),
                **({"payment": {"brand": random.choice("ab")}} if random.random() < 0.5 else {}),
            },
        )
        for _ in range(4)
    ]


def latest(tellings: list[tuple[int, str, dict]], name: str):
    """The plain rule: the greatest (time, event ID) that states the field, then the value."""
    stated = [
        (at, event_id, str(fields[name]), fields[name])
        for at, event_id, fields in tellings
        if name in fields
    ]
    return max(stated, key=lambda each: each[:3])[3] if stated else None


@pytest.mark.parametrize("seed", range(60))
def test_in_whatever_order_an_order_is_told_each_field_is_as_last_told(seed: int) -> None:
    tellings = told(Random(seed))
    results: list[Record] = []
    for order in permutations(tellings):
        record = None
        for at, event_id, fields in order:
            new = order_told(RecordUpdate("O-1", fields), at, event_id)
            record = new if record is None else together(record, new)
        results.append(record)
    assert all(record == results[0] for record in results)
    total = latest(tellings, "total")
    assert results[0].value(0) == latest(tellings, "status")
    assert results[0].value(1) == (total and [total["amount"], total["currency"]])
    payment = latest(tellings, "payment")
    assert results[0].value(4) == (payment and [payment["brand"]])
