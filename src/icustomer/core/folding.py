"""What becomes of orders and tickets that are too old to be kept in detail.

The newest ones are kept exactly; the others are added up. The hashes of the newest folded
numbers are kept, so that a late event on one of them is told from a new order.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from hashlib import blake2b

from icustomer.core.model import Folded, Record

RECORDS_KEPT = 500
"""A facet with fewer records is not looked at for folding: the smaller of the two limits."""
NUMBER_BYTES = 8
"""Length of the hash of a folded number: among 10,000 a chance of 1 in 10**11 to be wrong."""
NUMBERS_KEPT = 10_000
"""Hashes of folded numbers that a facet keeps: 80 kB."""
NOT_COUNTED = ("cancelled", "refunded")
"""Orders in these states count as orders, but not in the totals."""


class Keep(IntEnum):
    """How many records of a sort a facet keeps in detail."""

    ORDERS = 1_000
    TICKETS = 500


def _hash(number: str) -> bytes:
    return blake2b(number.encode("utf-8", "surrogatepass"), digest_size=NUMBER_BYTES).digest()


def was_folded(folded: Folded | None, number: str, at: int) -> bool:
    """Whether a record that is not known in detail was folded before."""
    if folded is None:
        return False
    if _holds(folded.numbers, _hash(number)):
        return True
    forgotten = folded.count > NUMBERS_KEPT
    return forgotten and at <= folded.last_at


def _holds(hashes: bytes, wanted: bytes) -> bool:
    start = hashes.find(wanted)
    while start % NUMBER_BYTES > 0 and start >= 0:
        start = hashes.find(wanted, start + 1)
    return start >= 0


def fold_oldest(
    records: dict[str, Record], folded: Folded | None, keep: Keep
) -> tuple[dict[str, Record], Folded | None]:
    """The newest records, and the figures with the others added."""
    if len(records) <= keep:
        return records, folded
    by_age = sorted(records.values(), key=lambda record: (record.last_at, record.number))
    oldest, newest = by_age[:-keep], by_age[-keep:]
    figures = folded or Folded()
    for record in oldest:
        figures = _added(figures, record)
    return {record.number: record for record in newest}, figures


def _added(folded: Folded, record: Record) -> Folded:
    status = record.cells["status"].value
    by_status = {**folded.by_status, status: folded.by_status.get(status, 0) + 1}
    numbers = folded.numbers + _hash(record.number)
    first_at = min(folded.first_at, record.first_at) if folded.count else record.first_at
    return Folded(
        folded.count + 1,
        by_status,
        with_total(folded.totals, record),
        first_at,
        max(folded.last_at, record.last_at),
        numbers[-NUMBERS_KEPT * NUMBER_BYTES :],
    )


def with_total(totals: dict[str, str], record: Record) -> dict[str, str]:
    """Totals by currency with the order's own added, exactly."""
    total = record.cells.get("total")
    if total is None or record.cells["status"].value in NOT_COUNTED:
        return totals
    return with_totals(totals, {total.value["currency"]: total.value["amount"]})


def with_totals(totals: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    """Amounts by currency added up exactly."""
    added = {
        currency: str(Decimal(totals.get(currency, "0")) + Decimal(amount))
        for currency, amount in more.items()
    }
    return {**totals, **added}
