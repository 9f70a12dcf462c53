"""Finds the records at which the code itself fails, so that all others go through.

A batch that fails is halved until what fails alone is found. What fails only together is found
by adding record to record, in their order: the one at which it fails is the one to be left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from hashlib import blake2b

from msgspec import Struct

from icustomer.contracts.rejection import Reason, Rejection
from icustomer.errors import IcustomerError
from icustomer.stream.port import InputRecord
from icustomer.stream.trace import passed_on

TRACE_BYTES = 16
"""Length of a trace ID, as W3C's trace context has it."""
TRACE_DIGITS = slice(3, 3 + 2 * TRACE_BYTES)
"""Where the trace ID stands in `traceparent`."""

Attempt = Callable[[Sequence[int]], object]
"""Works out items by their numbers, and raises what they make it raise."""


class Fault(Struct, frozen=True):
    """A record at which the code itself failed."""

    record: InputRecord
    trace_id: str
    """Told by the log line and by the dead letter: what joins the two."""
    error: Exception


class OversizeError(IcustomerError):
    """Records would make a group or a profile larger than its topic takes: the sender's matter.
    The text is the detail of their dead letters."""


def fault_of(record: InputRecord, error: Exception) -> Fault:
    """The fault of a record: under the trace ID that its sender gave it, else under one that is
    the same whenever the record is read."""
    context = passed_on(record.headers)
    if context and context[0][1]:
        return Fault(record, context[0][1][TRACE_DIGITS].decode(), error)
    place = f"{record.topic}+{record.generation}/{record.partition}/{record.offset}"
    return Fault(record, blake2b(place.encode(), digest_size=TRACE_BYTES).hexdigest(), error)


def rejection_of(fault: Fault) -> Rejection:
    """What the dead letter says: the error's type, never its text, which may quote the record."""
    if isinstance(fault.error, OversizeError):
        return Rejection(Reason.TOO_LARGE, str(fault.error))
    detail = f"{type(fault.error).__name__}, trace {fault.trace_id}"
    return Rejection(Reason.INTERNAL_ERROR, detail)


def blames_a_record(error: Exception) -> bool:
    """Whether leaving a record out may help. An outage, damaged or newer state, or a lack of
    memory is nothing that a record could be blamed for."""
    if isinstance(error, OversizeError):
        return True
    return not isinstance(error, IcustomerError | MemoryError)


async def isolate(items: Sequence[int], attempt: Attempt) -> dict[int, Exception]:
    """The items to be left out so that the others succeed together, each with its error.

    `items` are numbers in the order of the batch; the order is kept. Others get a turn between
    two attempts. Raises what is no record's fault.
    """
    search = _Search(attempt)
    await search.halve(items)
    await search.grow([], [item for item in items if item not in search.faulty])
    return search.faulty


class _Search:
    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self.faulty: dict[int, Exception] = {}

    async def halve(self, run: Sequence[int]) -> None:
        """Find what fails alone."""
        error = await self._failure(run)
        if error is None:
            return
        if len(run) == 1:
            self.faulty[run[0]] = error
            return
        middle = len(run) // 2
        await self.halve(run[:middle])
        await self.halve(run[middle:])

    async def grow(self, base: list[int], run: Sequence[int]) -> list[int]:
        """The base, which succeeds, with as much of the run as succeeds with it."""
        together = [*base, *run]
        error = await self._failure(together)
        if error is None:
            return together
        if len(run) == 1:
            self.faulty[run[0]] = error
            return base
        middle = len(run) // 2
        return await self.grow(await self.grow(base, run[:middle]), run[middle:])

    async def _failure(self, run: Sequence[int]) -> Exception | None:
        await asyncio.sleep(0)
        try:
            self._attempt(run)
        except Exception as error:
            if not blames_a_record(error):
                raise
            return error
        return None
