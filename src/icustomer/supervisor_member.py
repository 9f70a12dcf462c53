"""One worker process under a parent: started, listened to, started again when it died."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Sequence
from contextlib import suppress

from icustomer.errors import OperatorError
from icustomer.ops.health import Reason
from icustomer.ops.metrics_snapshot import Snapshot, beginning, history, together
from icustomer.ops.reporting import SupervisorLog
from icustomer.supervisor_link import Failed, Report, read_message
from icustomer.supervisor_restarts import DEFAULT, Patience, Restarts

COMMAND = (sys.executable, "-P", "-m", "icustomer.supervisor_worker")
"""`-P`: no module of the working directory stands in for one of ours."""


class Member:
    """A worker's place among N, whichever process holds it. `clock`: seconds, monotonic."""

    def __init__(
        self,
        number: int,
        log: SupervisorLog,
        command: Sequence[str] = COMMAND,
        patience: Patience = DEFAULT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = number
        self.restarts = 0
        self._log = log
        self._command = command
        self._clock = clock
        self._patience = patience
        self._restarts = Restarts(patience)
        self._process: Process | None = None
        self._report: Report | None = None
        self._heard_at = clock()
        self._ready_at: float | None = None
        self._ready_seconds = 0.0
        """Of the last process that ended."""
        self._past = beginning()
        self._past_cpu_seconds = 0.0
        self._stop = asyncio.Event()
        self._signal = signal.SIGTERM

    # -- its life ------------------------------------------------------------------------

    async def keep(self) -> None:
        """Keep a worker running until `stop`.

        Raises `OperatorError` if that cannot be done; a process that told of its failure may
        still be at its end then.
        """
        while True:
            status = await self._live()
            if self._stop.is_set():
                return
            pause = self._restarts.after(self._ready_seconds)
            if pause is None:
                raise OperatorError(
                    f"worker {self.number} cannot be kept alive: it ended {self._restarts.deaths} "
                    f"times in a row, at last with status {status}; its log tells why"
                )
            self._log.worker_died(self.number, status, pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stop.wait()
                    return
            self.restarts += 1

    def stop(self, number: signal.Signals) -> None:
        """Pass a signal on; the worker is not started again."""
        self._signal = number
        self._stop.set()
        self._send(number)

    async def gone(self) -> None:
        """Wait for the end of the process, if there is one."""
        if self._process is not None:
            await self._process.wait()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._log.worker_killed(self.number)
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _live(self) -> int:
        """One process from its start to its end; its exit status."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                str(self.number),
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=DEVNULL,
                # A terminal's Ctrl-C is the parent's to pass on, once.
                start_new_session=True,
            )
        self._process = process
        self._heard_at = self._clock()
        self._log.worker_started(self.number, process.pid)
        if self._stop.is_set():
            self._send(self._signal)
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            await self._listen(reader)
        finally:
            writer.close()
        status = await self._ended(process)
        self._bury()
        return status

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Take its reports until it ends. A worker that hangs is killed."""
        while True:
            try:
                async with asyncio.timeout(self._patience.hang):
                    message = await read_message(reader)
            except TimeoutError:
                self.kill()
                return
            if message is None:
                return
            if isinstance(message, Failed):
                raise message.error()
            self._take(message)

    async def _ended(self, process: Process) -> int:
        try:
            async with asyncio.timeout(self._patience.hang):
                return await process.wait()
        except TimeoutError:
            self.kill()
            return await process.wait()

    def _take(self, report: Report) -> None:
        self._report = report
        self._heard_at = self._clock()
        if not report.unready and self._ready_at is None:
            self._ready_at = self._heard_at

    def _bury(self) -> None:
        """Keep what a dead process counted: nothing that is told of it may go backwards."""
        self._ready_seconds = 0.0 if self._ready_at is None else self._clock() - self._ready_at
        if self._report is not None:
            self._past = together((self._past, history(self._report.snapshot)))
            self._past_cpu_seconds += self._report.cpu_seconds
        self._process = self._report = self._ready_at = None

    # -- what is told of it --------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def snapshot(self) -> Snapshot:
        """Counts of all its processes, and the gauges of the present one."""
        return together((self._past, self._report.snapshot)) if self._report else self._past

    @property
    def cpu_seconds(self) -> float:
        """Of all its processes."""
        return self._past_cpu_seconds + (self._report.cpu_seconds if self._report else 0.0)

    @property
    def resident_bytes(self) -> int:
        """Of the present process."""
        return self._report.resident_bytes if self._report else 0

    def dead(self) -> list[str]:
        """Why it does not work. A process that is being started again is not counted: the
        parent sees to it, and gives up in time."""
        if self._process is None:
            return []
        limit = self._patience.silence if self._report else self._patience.hang
        if self._clock() - self._heard_at > limit:
            return [Reason.WORKER_SILENT]
        return self._report.dead if self._report else []

    def unready(self) -> list[str]:
        """Why it does not apply events."""
        if self._process is None:
            return [Reason.WORKER_DOWN]
        standing = self._report.unready if self._report else [Reason.STARTING]
        return list(dict.fromkeys([*standing, *self.dead()]))
