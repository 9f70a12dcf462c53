"""Prometheus for the tests: its checker, and a server of one's own. Debian's package has both."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx

from icustomer.local.servers import HOST, free_port, stop_process
from servers import missing, used

START_SECONDS = 30.0
"""It takes less than one on an idle machine."""
POLL_SECONDS = 0.05


def program(name: str) -> str:
    """The path of `promtool` or `prometheus`; where it is missing, the test is NOT RUN."""
    found = shutil.which(name)
    if found is None:
        missing(name, "install Debian's package prometheus")
    used("Prometheus", f"{found} of this machine")
    return found


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What promtool says, and whether it is content."""
    return subprocess.run(
        [program("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False
    )


class Prometheus:
    """A server that runs; asked over its HTTP API."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=10)

    def close(self) -> None:
        self._client.close()

    def is_ready(self) -> bool:
        try:
            return self._client.get("/-/ready").is_success
        except httpx.TransportError:
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector: each with `metric` (labels) and `value` (time, text)."""
        answer = self._client.post("/api/v1/query", data={"query": expression}).json()
        assert answer["status"] == "success", (expression, answer)
        return list(answer["data"]["result"])

    def rules(self) -> list[dict[str, Any]]:
        """All alerting rules with their health and last error."""
        groups = self._client.get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@contextmanager
def running_prometheus(configuration: Path, directory: Path) -> Iterator[Prometheus]:
    """A server of one's own with this configuration, its data in `directory`."""
    address = f"{HOST}:{free_port()}"
    command = [
        program("prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={address}",
    ]
    log = directory / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=directory)
    server = Prometheus(f"http://{address}")
    try:
        end = monotonic() + START_SECONDS
        while not server.is_ready():
            assert process.poll() is None and monotonic() < end, log.read_text()  # noqa: PT018 - one verdict
            Event().wait(POLL_SECONDS)
        yield server
    finally:
        server.close()
        stop_process(process)
