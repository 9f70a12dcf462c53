"""The parent of N workers: keeps them alive, passes signals on, and answers for all of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable, Sequence

import uvloop

from icustomer.ops.exposition import Crew, Figures
from icustomer.ops.health import Reason
from icustomer.ops.http import Condition, serving
from icustomer.ops.lag import open_lag_reader
from icustomer.ops.metrics_lag import LagWatch
from icustomer.ops.metrics_snapshot import together
from icustomer.ops.reporting import SupervisorLog
from icustomer.settings import Settings
from icustomer.supervisor_member import Member
from icustomer.supervisor_restarts import DEFAULT, Patience


def supervise(settings: Settings, workers: int) -> None:
    """Keep so many workers running until SIGTERM or SIGINT.

    Raises `OperatorError` if one of them cannot be kept alive; then the others are stopped.
    """
    settings.secret()
    uvloop.run(_run(settings, workers))


async def _run(settings: Settings, workers: int) -> None:
    log = SupervisorLog()
    members = [Member(number, log) for number in range(1, workers + 1)]
    lag = LagWatch(lambda: open_lag_reader(settings))
    supervisor = Supervisor(members, lag, log)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.asked_to_stop, number)
    async with serving(supervisor, settings) as address, lag.running():
        log.supervising(workers, *address)
        await supervisor.run()
    log.stopped()


class Supervisor:
    """All members together."""

    def __init__(
        self,
        members: Sequence[Member],
        lag: LagWatch,
        log: SupervisorLog,
        patience: Patience = DEFAULT,
    ) -> None:
        self._members = members
        self._lag = lag
        self._log = log
        self._patience = patience
        self._signal = signal.SIGTERM
        self._stop = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Keep all of them until told to stop, or until one cannot be kept."""
        keepers = [asyncio.ensure_future(member.keep()) for member in self._members]
        stop = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((*keepers, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        await self._end(keepers)
        for error in [keeper.exception() for keeper in keepers]:
            if error is not None:
                raise error

    def asked_to_stop(self, number: int) -> None:
        """A signal came: it is passed on, also a second one."""
        self._signal = signal.Signals(number)
        self._log.stopping(self._signal.name)
        if self._stopping:
            self._pass_on()
        self._stop.set()

    def _pass_on(self) -> None:
        for member in self._members:
            member.stop(self._signal)

    async def _end(self, keepers: Iterable[asyncio.Future[None]]) -> None:
        self._stopping = True
        self._pass_on()
        ends = (asyncio.ensure_future(member.gone()) for member in self._members)
        _, left = await asyncio.wait((*keepers, *ends), timeout=self._patience.stop)
        if left:
            for member in self._members:
                member.kill()
            await asyncio.wait(left)

    # -- what it answers -----------------------------------------------------------------

    def live(self) -> Condition:
        return self._condition(Member.dead)

    def ready(self) -> Condition:
        return self._condition(Member.unready)

    def _condition(self, ask: Callable[[Member], list[str]]) -> Condition:
        workers = {str(member.number): ask(member) for member in self._members}
        found = [reason for reasons in workers.values() for reason in reasons]
        if self._stopping and ask is Member.unready:
            found.insert(0, Reason.STOPPING)
        return Condition(list(dict.fromkeys(found)), workers)

    def figures(self) -> Figures:
        members = self._members
        crew = Crew(
            running=sum(member.running for member in members),
            restarts=sum(member.restarts for member in members),
            cpu_seconds=sum(member.cpu_seconds for member in members),
            resident_bytes=sum(member.resident_bytes for member in members),
        )
        snapshot = together(member.snapshot for member in members)
        return Figures(snapshot, not self.ready().reasons, self._lag.lag, crew)
