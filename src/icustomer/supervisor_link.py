"""The line between a worker process and its parent: what is said over it, and how.

One end of a socket pair each. The worker talks, the parent listens; when one of them is gone,
however it ended, the other reads the end of the stream.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from icustomer.errors import OperatorError, SettingsError
from icustomer.ops.health import Health
from icustomer.ops.metrics import Metrics
from icustomer.ops.metrics_snapshot import Snapshot

REPORT_SECONDS = 1.0
"""Between two reports, and how much counting is lost with a worker that is killed."""
SEND_SECONDS = 1.0
"""For the parent to take a message; it only ever has to read."""
LENGTH_BYTES = 4
"""Before each message, big-endian."""


class Report(Struct, tag="report"):
    """How a worker stands: all that its parent serves for it."""

    snapshot: Snapshot
    unready: list[str]
    dead: list[str]
    cpu_seconds: float
    resident_bytes: int


class Failed(Struct, tag="failed"):
    """A worker cannot work before the operator has acted; another process could not either."""

    message: str
    settings: bool
    """True: it is about a setting."""

    def error(self) -> OperatorError:
        """The error as the worker raised it."""
        return SettingsError(self.message) if self.settings else OperatorError(self.message)


Message = Report | Failed

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def framed(message: Message) -> bytes:
    """The message as it goes over the line."""
    content = _encoder.encode(message)
    return len(content).to_bytes(LENGTH_BYTES) + content


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None if the other side is gone."""
    try:
        length = int.from_bytes(await reader.readexactly(LENGTH_BYTES))
        return _decoder.decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, OSError):
        return None


class ParentLink:
    """The worker's end. `descriptor` of the socket, as inherited from the parent."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Use the line; what the operator must mend is told over it on the way out."""
        line = socket.socket(fileno=self._descriptor)
        self._reader, self._writer = await asyncio.open_connection(sock=line)
        try:
            yield
        except OperatorError as error:
            await self._send(Failed(str(error), isinstance(error, SettingsError)))
            raise
        finally:
            self._writer.close()

    @asynccontextmanager
    async def reporting(
        self, metrics: Metrics, health: Health, on_gone: Callable[[], None]
    ) -> AsyncIterator[None]:
        """Report meanwhile, and once more at the end. `on_gone` is called if the parent ends."""
        tasks = (
            asyncio.ensure_future(self._report_on(metrics, health)),
            asyncio.ensure_future(self._await_end(on_gone)),
        )
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._send(_report(metrics, health))

    async def _report_on(self, metrics: Metrics, health: Health) -> None:
        while True:
            await self._send(_report(metrics, health))
            await asyncio.sleep(REPORT_SECONDS)

    async def _await_end(self, on_gone: Callable[[], None]) -> None:
        # The parent never says anything: what ends the wait is its end.
        with suppress(OSError):
            await self._reader.read()
        on_gone()

    async def _send(self, message: Message) -> None:
        """Send it, if anybody takes it."""
        self._writer.write(framed(message))
        with suppress(OSError):  # a TimeoutError is one, too
            async with asyncio.timeout(SEND_SECONDS):
                await self._writer.drain()


def _report(metrics: Metrics, health: Health) -> Report:
    return Report(
        metrics.current,
        [str(reason) for reason in health.unready()],
        [str(reason) for reason in health.dead()],
        time.process_time(),
        _resident_bytes(),
    )


def _resident_bytes() -> int:
    """Memory that this process holds; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()
