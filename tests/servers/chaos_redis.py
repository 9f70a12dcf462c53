"""Redis servers of one's own that die, come back, and take over from each other.

A server that is started again has another port: clients reach it through a proxy.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from icustomer.errors import OperatorError
from icustomer.local.servers import SERVER_NAMES
from servers.kafka import HOST, free_ports

START_TRIES = 500
"""With 20 ms between two: a server answers within a fraction of a second, on a busy machine
after some."""
SNAPSHOT = "dump.rdb"


class OwnRedis:
    """One server process, its data in a directory of its own beneath `home`."""

    def __init__(self, home: Path, directory: Path | None = None, *options: str) -> None:
        self.directory = directory or Path(tempfile.mkdtemp(prefix="redis-", dir=home))
        self.home = home
        (self.port,) = free_ports(1)
        settings = {"port": str(self.port), "bind": HOST, "dir": str(self.directory), "save": ""}
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen(
            [_program(), *words, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with self.client() as client:
            client.ping()

    @classmethod
    def empty(cls, home: Path) -> OwnRedis:
        """A new server that writes a log of what it does."""
        return cls(home, None, "--appendonly", "yes")

    def again(self) -> OwnRedis:
        """The server that comes up on the log of this one, which has ended."""
        return OwnRedis(self.home, self.directory, "--appendonly", "yes")

    def from_snapshot(self, snapshot: Path) -> OwnRedis:
        """A server that knows what stood in a snapshot."""
        directory = Path(tempfile.mkdtemp(prefix="redis-", dir=self.home))
        shutil.copy(snapshot, directory / SNAPSHOT)
        server = OwnRedis(self.home, directory, "--appendonly", "no")
        with server.client() as client:
            client.config_set("appendonly", "yes")
        return server

    def snapshot(self) -> Path:
        """A copy of what stands now."""
        with self.client() as client:
            client.save()
        copy = Path(tempfile.mkdtemp(prefix="snapshot-", dir=self.home)) / SNAPSHOT
        shutil.copy(self.directory / SNAPSHOT, copy)
        return copy

    def client(self) -> redis.Redis:
        """A client that waits for a server which is starting."""
        retry = Retry(ConstantBackoff(0.02), START_TRIES)
        return redis.Redis(host=HOST, port=self.port, retry=retry)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _program() -> str:
    found = next(filter(None, map(shutil.which, SERVER_NAMES)), None)
    if found is None:
        raise OperatorError("no redis-server on the PATH")
    return found
