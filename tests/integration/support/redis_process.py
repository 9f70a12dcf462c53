"""A Redis that is killed and comes back empty, on the same port."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from typing import Self

import redis

from icustomer.local.servers import free_port
from integration.support.program import wait_until
from servers import missing


class RedisProcess:
    """A server without persistence: what it knew is gone when it ends."""

    def __init__(self) -> None:
        found = shutil.which("redis-server")
        if found is None:
            missing("Redis of one's own", "install redis-server")
        self._binary = found
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = tempfile.TemporaryDirectory(prefix="icustomer-redis-")
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._directory.cleanup()

    def start(self) -> None:
        """Start and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            [self._binary, *options], cwd=self._directory.name, stdout=subprocess.DEVNULL
        )
        wait_until(self._answers, "Redis answers")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
