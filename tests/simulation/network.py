"""The way of a request from a worker to Kafka or Redis and back, with all that may befall it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from icustomer.errors import IcustomerError, UnavailableError
from icustomer.store.memory import MemoryStore
from simulation.faults import Chance, Fault

Answer = TypeVar("Answer")

SLOW_SECONDS = 3.0
TIMEOUT_SECONDS = 5.0
"""After this time a caller gives a request up."""
LATEST_SECONDS = 90.0
"""When a request that was given up may still be carried out: beyond every lease."""


class Life:
    """Whether a worker's process runs, is stopped, or is dead."""

    def __init__(self) -> None:
        self.dead = False
        self.busy = False
        """A batch is in hand."""
        self._runs = asyncio.Event()
        self._runs.set()

    @property
    def paused(self) -> bool:
        return not self._runs.is_set()

    def pause(self) -> None:
        self._runs.clear()

    def resume(self) -> None:
        self._runs.set()

    def end(self) -> None:
        """Nothing of it leaves for anywhere any more."""
        self.dead = True
        self._runs.set()

    async def go_on(self) -> None:
        """Return while the process runs; wait while it is stopped; never return to the dead."""
        await self._runs.wait()
        if self.dead:
            raise asyncio.CancelledError


def _nothing(_life: Life) -> None:
    """What happens where nobody asked for anything."""


class Traffic:
    """What all workers of a world share of the network."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.under_way = 0
        """Requests that are still to be carried out."""
        self.calls = 0
        self.on_busy_call: Callable[[Life], None] = _nothing
        """Told of the requests of busy workers, before they leave and after they arrived:
        where incidents strike."""

    @property
    def latency(self) -> float:
        return self.chance.plan.latency

    def send(self, request: Callable[[], None], delay: float) -> None:
        """Carry a request out after `delay` seconds, whatever becomes of its caller."""
        self.under_way += 1
        asyncio.get_running_loop().call_later(delay, self._arrive, request)

    def _arrive(self, request: Callable[[], None]) -> None:
        self.under_way -= 1
        self.calls += 1
        request()


class FaultyNetwork:
    """A worker's network: requests are refused, late, slow, or their replies are lost."""

    def __init__(self, life: Life, traffic: Traffic) -> None:
        self._life = life
        self._traffic = traffic
        self._chance = traffic.chance

    async def call(self, request: Callable[[], Answer]) -> Answer:
        self._strike()
        await self._life.go_on()
        fault = self._chance.of_call()
        if fault is Fault.REFUSED_CALL:
            await self._on_the_way(self._traffic.latency)
            raise UnavailableError("refused")
        if fault is Fault.LATE_CALL:
            late = self._chance.random.uniform(TIMEOUT_SECONDS, LATEST_SECONDS)
            self._traffic.send(partial(_carried_out, request), late)
            await self._on_the_way(TIMEOUT_SECONDS)
            raise UnavailableError("timed out")
        slowness = SLOW_SECONDS if fault is Fault.SLOW_CALL else self._traffic.latency
        answer = await self._answered(request, slowness)
        await self._life.go_on()
        if fault is Fault.LOST_REPLY:
            raise UnavailableError("no reply")
        return answer()

    async def _answered(
        self, request: Callable[[], Answer], slowness: float
    ) -> Callable[[], Answer]:
        """There and back."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Callable[[], Answer]] = loop.create_future()
        there, back = (self._chance.random.uniform(0, slowness) for _ in range(2))

        def arrive(carried_out: Callable[[], Answer]) -> None:
            if not answer.cancelled():
                answer.set_result(carried_out)

        def carry_out() -> None:
            loop.call_later(back, arrive, _carried_out(request))
            self._strike()

        self._traffic.send(carry_out, there)
        return await answer

    def _strike(self) -> None:
        if self._life.busy and not self._life.dead:
            self._traffic.on_busy_call(self._life)

    async def _on_the_way(self, longest: float) -> None:
        await asyncio.sleep(self._chance.random.uniform(0, longest))
        await self._life.go_on()


def _carried_out(request: Callable[[], Answer]) -> Callable[[], Answer]:
    """The answer to a request or the error that it ended in, to be told to the caller."""
    try:
        answer = request()
    except IcustomerError as error:
        return partial(_raised, error)
    return lambda: answer


def _raised(error: Exception) -> Any:
    raise error


class PatientNetwork:
    """The network of a subscriber, whose client repeats its requests by itself: they only
    take time."""

    def __init__(self, life: Life, traffic: Traffic) -> None:
        self._life = life
        self._traffic = traffic

    async def call(self, request: Callable[[], Answer]) -> Answer:
        traffic = self._traffic
        await asyncio.sleep(traffic.chance.random.uniform(0, traffic.latency))
        await self._life.go_on()
        return request()


class FaultyStore:
    """`Store` on a `MemoryStore`, each of whose calls is one request."""

    def __init__(self, store: MemoryStore, network: FaultyNetwork) -> None:
        self._store = store
        self._network = network

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        method = getattr(self._store, name)

        async def call(*arguments: Any) -> Any:
            return await self._network.call(lambda: _finished(method(*arguments)))

        return call


def _finished(call: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer of a call that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the store in memory waited for something")
