"""Serves metrics and health over HTTP, within the event loop of the process that they are about."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from msgspec import Struct, field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn import Config, Server

from icustomer.errors import OperatorError
from icustomer.ops.exposition import Exposition, Figures
from icustomer.settings import PREFIX, Settings

CLOSE_SECONDS = 1
"""For answers under way when the server closes."""
BACKLOG = 128
"""Connections that may wait to be accepted."""


class Condition(Struct, frozen=True):
    """An answer of a health check: yes if there is no reason against it."""

    reasons: Sequence[str] = ()
    workers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The reasons of each worker by its number, where there are several."""

    def response(self) -> Response:
        """200 or 503, with the reasons as JSON."""
        body: dict[str, object] = {
            "status": "unavailable" if self.reasons else "ok",
            "reasons": list(self.reasons),
        }
        if self.workers:
            body["workers"] = {name: list(each) for name, each in self.workers.items()}
        return JSONResponse(body, 503 if self.reasons else 200)


class Service(Protocol):
    """What is asked about: a worker, or the parent of several."""

    def live(self) -> Condition:
        """Whether the process works; if not, a restart helps."""
        ...

    def ready(self) -> Condition:
        """Whether events are being applied."""
        ...

    def figures(self) -> Figures:
        """What `/metrics` tells."""
        ...


def make_app(service: Service, prefix: str) -> Starlette:
    """The application; `prefix` is TOPIC_PREFIX."""
    exposition = Exposition(service.figures, prefix)

    async def metrics(request: Request) -> Response:
        text, content_type = exposition.written(request.headers.get("accept", ""))
        # Not as `media_type`: to that a second charset would be added.
        return Response(text, headers={"content-type": content_type})

    app = Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/health/live", _answering(service.live)),
            Route("/health/ready", _answering(service.ready)),
        ],
        exception_handlers={HTTPException: _refused, Exception: _broken},
    )
    app.router.redirect_slashes = False
    return app


def _answering(ask: Callable[[], Condition]) -> Callable[[Request], object]:
    async def answer(_request: Request) -> Response:
        return ask().response()

    return answer


async def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    name = {404: "not_found", 405: "method_not_allowed"}.get(status, "refused")
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"error": name}, status, headers)


async def _broken(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "internal_error"}, 500)


class _Server(Server):
    """Leaves signals to the process: it has its own order of stopping, and its exit codes."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(service: Service, settings: Settings) -> AsyncIterator[tuple[str, int]]:
    """Serve at HTTP_HOST and HTTP_PORT meanwhile; host and port, also if any free one was meant.

    Raises `OperatorError` if the address cannot be had.
    """
    with listening(settings.http_host, settings.http_port) as listener:
        server = _Server(_config(make_app(service, settings.topic_prefix)))
        task = asyncio.ensure_future(server.serve([listener]))
        try:
            host, port = listener.getsockname()[:2]
            yield host, port
        finally:
            server.should_exit = True
            await task


def _config(app: Starlette) -> Config:
    """Nothing of uvicorn's own: our log, our loop, no start-up and no end of an application."""
    return Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="none",
        ws="none",
        backlog=BACKLOG,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; it is not passed on to child processes."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise OperatorError(_unusable(port, error)) from None
    with listener:
        yield listener


def _unusable(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use: set {PREFIX}HTTP_PORT to another one, "
            "or to 0 for any that is free"
        )
    if error.errno == errno.EACCES:
        return f"port {port} may not be used: set {PREFIX}HTTP_PORT to one above 1023"
    return f"{PREFIX}HTTP_HOST must be an address of this machine"
