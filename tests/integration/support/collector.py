"""A collector for OpenTelemetry's spans over HTTP that keeps what it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

HOST = "127.0.0.1"


class Told(NamedTuple):
    """A span, and the resource that it came from."""

    resource: dict[str, Any]
    span: Span


class Collector:
    """Where it listens, and what it was sent so far."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self.told: list[Told] = []
        self.asked = threading.Event()
        """Set by the first request."""
        self.answering = threading.Event()
        """Cleared: requests are taken and get no answer."""
        self.answering.set()

    def named(self, name: str) -> list[Told]:
        return [each for each in self.told if each.span.name == name]

    def take(self, body: bytes) -> None:
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = {each.key: each.value.string_value for each in group.resource.attributes}
            for scope in group.scope_spans:
                self.told += [Told(resource, span) for span in scope.spans]
        self.asked.set()
        self.answering.wait()


@contextmanager
def running_collector() -> Iterator[Collector]:
    """A collector on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        # What hangs in an answer at the end must not keep the tests.
        server.daemon_threads = True
        collector = Collector(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            collector.answering.set()
            server.shutdown()
            thread.join()
