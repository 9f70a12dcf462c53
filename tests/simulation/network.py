"""The way of a request from a worker to Kafka or Redis and back, with all that may befall it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from icustomer.errors import IcustomerError, UnavailableError
from icustomer.store.memory import MemoryStore
from simulation.faults import Chance, Fault, Moment
from simulation.life import Life
from simulation.places import Chain, chain_of_caller
from simulation.servers import WatchedRedis
from simulation.strikes import Strikes

Answer = TypeVar("Answer")
Request = Callable[[], Answer]

SLOW_SECONDS = 3.0
TIMEOUT_SECONDS = 5.0
"""After this time a caller gives a request up."""
LATEST_SECONDS = 90.0
"""When a request that was given up may still be carried out: beyond every lease."""
READING = ("load", "read_fence", "abandoned", "backlog", "standing", "staged", "read", "awaited")
"""Calls of the store that change nothing."""


class Traffic:
    """What all workers of a world share of the network."""

    def __init__(self, chance: Chance, strikes: Strikes) -> None:
        self.chance = chance
        self.strikes = strikes
        self.under_way = 0
        """Requests that are still to be carried out."""
        self.calls = 0

    @property
    def latency(self) -> float:
        return self.chance.plan.latency

    def send(self, request: Callable[[], object], delay: float) -> None:
        """Carry a request out after `delay` seconds, whatever becomes of its caller."""
        self.under_way += 1
        asyncio.get_running_loop().call_later(delay, self._arrive, request)

    def _arrive(self, request: Callable[[], object]) -> None:
        self.under_way -= 1
        self.calls += 1
        request()


class FaultyNetwork:
    """A worker's network: requests are refused, late, slow, repeated, or their replies are
    lost."""

    def __init__(self, life: Life, traffic: Traffic) -> None:
        self._life = life
        self._traffic = traffic
        self._chance = traffic.chance
        self._strikes = traffic.strikes

    async def call(self, request: Request[Answer]) -> Answer:
        chain = chain_of_caller()
        self._strikes.call_leaves()
        fault = self._strikes.at(self._life, Moment.LEAVING, lambda: chain)
        await self._life.go_on()
        fault = fault or self._drawn(chain)
        if fault is Fault.REFUSED_CALL:
            await self._on_the_way(self._traffic.latency)
            raise UnavailableError("refused")
        if fault is Fault.LATE_CALL:
            self._traffic.send(partial(_carried_out, request), self._late())
            await self._on_the_way(TIMEOUT_SECONDS)
            raise UnavailableError("timed out")
        if fault is Fault.REPEATED_CALL:
            request = self._repeated(request)
        slowness = SLOW_SECONDS if fault is Fault.SLOW_CALL else self._traffic.latency
        answer = await self._answered(request, slowness, chain)
        self._strikes.at(self._life, Moment.ANSWERED, lambda: chain)
        await self._life.go_on()
        if fault is Fault.LOST_REPLY:
            raise UnavailableError("no reply")
        return answer()

    def _drawn(self, chain: Chain) -> Fault | None:
        fault = self._chance.of_call()
        if fault is not None:
            self._strikes.told(fault, self._life, chain)
        return fault

    def _late(self) -> float:
        return self._chance.random.uniform(TIMEOUT_SECONDS, LATEST_SECONDS)

    def _repeated(self, request: Request[Answer]) -> Request[Answer]:
        """Twice at once, as a client does that lost the first answer; the second one counts."""

        def twice() -> Answer:
            _carried_out(request)
            return request()

        return twice

    async def _answered(
        self, request: Request[Answer], slowness: float, chain: Chain
    ) -> Request[Answer]:
        """There and back."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Request[Answer]] = loop.create_future()
        there, back = (self._chance.random.uniform(0, slowness) for _ in range(2))

        def arrive(carried_out: Request[Answer]) -> None:
            if not answer.cancelled():
                answer.set_result(carried_out)

        def carry_out() -> None:
            loop.call_later(back, arrive, _carried_out(request))
            self._strikes.at(self._life, Moment.CARRIED_OUT, lambda: chain)

        self._traffic.send(carry_out, there)
        return await answer

    async def _on_the_way(self, longest: float) -> None:
        await asyncio.sleep(self._chance.random.uniform(0, longest))
        await self._life.go_on()


class ScriptNetwork(FaultyNetwork):
    """The way to Redis. A script that is repeated may come long after it was answered: it lay
    in a connection that its client had given up."""

    def _repeated(self, request: Request[Answer]) -> Request[Answer]:
        if self._chance.random.random() < 0.5:
            return super()._repeated(request)
        self._traffic.send(partial(_carried_out, request), self._late())
        return request


def _carried_out(request: Request[Answer]) -> Request[Answer]:
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

    async def call(self, request: Request[Answer]) -> Answer:
        traffic = self._traffic
        await asyncio.sleep(traffic.chance.random.uniform(0, traffic.latency))
        await self._life.go_on()
        return request()


class FaultyStore:
    """`Store` on a `MemoryStore`, each of whose calls is one request."""

    def __init__(self, store: MemoryStore, redis: WatchedRedis, network: FaultyNetwork) -> None:
        self._store = store
        self._redis = redis
        self._network = network

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        method = getattr(self._store, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            return await self._network.call(lambda: self._run(name, method(*arguments, **named)))

        return call

    def _run(self, name: str, call: Coroutine[Any, Any, Answer]) -> Answer:
        answer = _finished(call)
        if name not in READING:
            self._redis.remember()
        return answer


def _finished(call: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer of a call that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the store in memory waited for something")
