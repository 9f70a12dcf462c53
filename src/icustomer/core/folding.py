"""What becomes of orders and tickets that are too old to be kept in detail.

The newest ones are kept exactly; the others are added up. The hashes of the newest folded
numbers are kept, so that a late event on one of them is told from a new order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import IntEnum
from hashlib import blake2b
from heapq import nsmallest
from operator import attrgetter

from icustomer.core.model import Folded, Record
from icustomer.core.records import STATUS, TOTAL
from icustomer.core.times import microseconds

RECORDS_KEPT = 500
"""A facet with fewer records is not looked at for folding: the smaller of the two limits."""
NUMBER_BYTES = 8
"""Length of the hash of a folded number: among 10,000 a chance of 1 in 10**11 to be wrong."""
NUMBERS_KEPT = 10_000
"""Hashes of folded numbers that a facet keeps: 80 kB."""
NOT_COUNTED = ("cancelled", "refunded")
"""Orders in these states count as orders, but not in the totals."""
ZERO = Decimal(0)
NOTHING: Mapping[str, str] = {}
_first_at = attrgetter("first_at")


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
    excess = len(records) - keep
    oldest = nsmallest(
        excess, _old(records, excess), key=lambda each: (records[each].last_at, each)
    )
    figures = folded or Folded()
    for number in oldest:
        figures = _added(figures, number, records[number], keep)
    kept = records.copy()
    for number in oldest:
        del kept[number]
    return kept, figures


def _old(records: dict[str, Record], count: int) -> list[str]:
    """Those that can be among the `count` oldest: a busy customer folds one at each event, and
    most records begin after that one has ended."""
    first = nsmallest(count, records.values(), key=_first_at)
    latest = max(record.last_at for record in first)
    return [number for number, record in records.items() if record.first_at <= latest]


def _added(folded: Folded, number: str, record: Record, keep: Keep) -> Folded:
    status = record.value(STATUS)
    by_status = {**folded.by_status, status: folded.by_status.get(status, 0) + 1}
    numbers = folded.numbers + _hash(number)
    first_at = microseconds(record.first_at)
    totals = Totals(folded.totals)
    if keep is Keep.ORDERS:
        totals.add_orders([record])
    return Folded(
        folded.count + 1,
        by_status,
        totals.told(),
        min(folded.first_at, first_at) if folded.count else first_at,
        max(folded.last_at, microseconds(record.last_at)),
        numbers[-NUMBERS_KEPT * NUMBER_BYTES :],
    )


class Totals:
    """Amounts by currency, added up exactly."""

    def __init__(self, amounts: Mapping[str, str] = NOTHING) -> None:
        self._amounts = {currency: Decimal(amount) for currency, amount in amounts.items()}

    def add_orders(self, orders: Iterable[Record]) -> None:
        """Add orders, but for those that do not count."""
        amounts = self._amounts
        for order in orders:
            fields = order.fields
            if len(fields) > TOTAL and fields[TOTAL] is not None:
                total = fields[TOTAL]
            elif order.older:
                total = order.value(TOTAL)
            else:
                continue
            if total is not None and fields[STATUS] not in NOT_COUNTED:
                amount, currency = total
                known = amounts.get(currency)
                amounts[currency] = Decimal(amount) if known is None else known + Decimal(amount)

    def add_all(self, amounts: Mapping[str, str]) -> None:
        """Add amounts by currency."""
        for currency, amount in amounts.items():
            self._amounts[currency] = self._amounts.get(currency, ZERO) + Decimal(amount)

    def told(self) -> dict[str, str]:
        """By currency, sorted, as decimal texts."""
        return {currency: str(self._amounts[currency]) for currency in sorted(self._amounts)}
