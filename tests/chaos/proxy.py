"""A TCP proxy of this machine that can cut, stall and slow what passes, and change its target.

It runs on an event loop in a thread of its own, so that whoever orders faults may block.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import uvloop

HOST = "127.0.0.1"
PORTION_BYTES = 65_536
CLOSE_SECONDS = 5.0
"""A connection that was aborted has ended long before."""


class Proxy:
    """Passes every connection on to one port of this machine, until told otherwise."""

    def __init__(self) -> None:
        self.port = 0
        """Where it listens, the whole time."""
        self._target = 0
        self._refusing = False
        self._delay = 0.0
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._passing: asyncio.Event
        self._server: asyncio.Server
        self._open: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        """Each client's connection with that to the server."""

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # -- orders ----------------------------------------------------------------------------

    def lead_to(self, port: int) -> None:
        """From now on another server stands behind the address; open connections end."""
        self._target = port
        self._order(self._end_all)

    def cut(self) -> None:
        """End every connection, and every new one, until `mend`."""
        self._refusing = True
        self._order(self._end_all)

    def stall(self) -> None:
        """Let connections stand and pass nothing more, until `mend`, `cut` or `lead_to`."""
        self._order(self._passing.clear)

    def slow(self, seconds: float) -> None:
        """Hold every portion back for so long, in both directions."""
        self._delay = seconds

    def mend(self) -> None:
        """Pass everything again."""
        self._refusing, self._delay = False, 0.0
        self._order(self._passing.set)

    def _order(self, step: Callable[[], None]) -> None:
        async def carry_out() -> None:
            step()

        asyncio.run_coroutine_threadsafe(carry_out(), self._loop).result()

    # -- connections -----------------------------------------------------------------------

    async def _listen(self) -> None:
        self._passing = asyncio.Event()
        self._passing.set()
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        """Connections end of themselves once both of their sides are closed."""
        self._refusing = True
        self._server.close()
        self._end_all()
        self._passing.set()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)

    def _end_all(self) -> None:
        """Abruptly: what is under way in either direction is lost."""
        for client, server in self._open.items():
            client.transport.abort()
            server.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._refusing or not self._target:
            client.transport.abort()
            return
        try:
            from_server, server = await asyncio.open_connection(HOST, self._target)
        except OSError:
            client.transport.abort()
            return
        if self._refusing:
            # Cut while it was being opened.
            client.transport.abort()
            server.transport.abort()
            return
        self._open[client] = server
        ways = [
            asyncio.ensure_future(way)
            for way in (self._pass(reader, server), self._pass(from_server, client))
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        self._open.pop(client, None)
        # One side has ended: so does the other, or it would wait for answers that never come.
        for way, writer in zip(ways, (server, client), strict=True):
            way.cancel()
            with suppress(RuntimeError):
                writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # uvloop tells by a RuntimeError that the other side is closed.
        with suppress(OSError, RuntimeError):
            while portion := await reader.read(PORTION_BYTES):
                await self._passing.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                writer.write(portion)
                await writer.drain()
