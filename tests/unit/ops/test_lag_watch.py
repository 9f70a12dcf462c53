"""The last reading of the lag, and how it is forgotten when no new one comes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

from icustomer.errors import UnavailableError
from icustomer.ops.lag import PartitionLag
from icustomer.ops.metrics_lag import OLD_SECONDS, LagWatch

ONE = PartitionLag("customer.orders", 0, 10, 4, 6, 2.0)


class Reader:
    """Answers one reading after the other; at the end it waits."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = asyncio.Event()
        self.closed = False

    async def read(self):
        if not self.answers:
            self.asked.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def opening(reader):
    @asynccontextmanager
    async def opened():
        try:
            yield reader
        finally:
            reader.closed = True

    return opened


async def test_the_last_reading_is_kept_through_failures_until_it_is_old():
    now = [100.0]
    reader = Reader([ONE], UnavailableError("Kafka is away"), ValueError("a fault"))
    watch = LagWatch(opening(reader), 0, lambda: now[0])
    assert watch.lag.partitions == ()
    async with watch.running():
        await reader.asked.wait()
        now[0] += OLD_SECONDS
        assert watch.lag.partitions == [ONE]
        assert watch.lag.seconds_ago == OLD_SECONDS
        now[0] += 1
        assert watch.lag.partitions == ()
        assert watch.lag.seconds_ago == OLD_SECONDS + 1
    assert reader.closed


class Closing(Reader):
    """As a reader that is just being closed after a failure: the client swallows what is meant
    for whoever waits for it, and the next time there is nothing to close."""

    async def read(self):
        if not self.asked.is_set():
            self.asked.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            raise UnavailableError("topics are missing")
        await asyncio.Event().wait()


async def test_reading_ends_though_the_client_swallows_the_word():
    reader = Closing()
    async with asyncio.timeout(10):
        async with LagWatch(opening(reader), 0).running():
            await reader.asked.wait()
    assert reader.closed
