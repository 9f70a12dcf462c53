"""icustomer as a user runs it: commands and workers as processes, told by environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event
from typing import Any

from integration.support.reading import Record, send

COMMAND = [sys.executable, "-m", "icustomer"]
SECRET_KEY = "5e" * 32
ANY_FREE_PORT = "0"
DEADLINE = 90.0
"""Seconds that anything may take on a machine that does much else besides."""


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """Wait for a condition; its value. Fails, saying what was waited for."""
    end = time.monotonic() + seconds
    pause = 0.05
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain: {what}"
        Event().wait(pause)
    return value


class Worker:
    """One worker process, or the parent of several, and its log."""

    def __init__(
        self, environment: dict[str, str], log: Path, arguments: Iterable[str] = ()
    ) -> None:
        self.log = log
        self._read = 0
        self._lines: list[dict[str, Any]] = []
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [*COMMAND, "run", *arguments],
                env=environment,
                stderr=file,
                stdout=file,
                cwd=log.parent,
            )

    def lines(self) -> list[dict[str, Any]]:
        """The log so far; what is no JSON is told as text. Each line is read once: a client
        without its broker writes hundreds in a second."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        text = whole.decode(errors="replace")
        self._lines += [_line(line) for line in text.splitlines() if line.strip()]
        return self._lines

    def told(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event."""
        return [line for line in self.lines() if line.get("event") == event]

    def said(self, event: str) -> bool:
        return bool(self.told(event))

    def wait_ready(self) -> None:
        wait_until(lambda: self.said("ready") or self.ended(), f"ready in {self.log}")
        assert self.said("ready"), self.log.read_text()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def outcomes(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for line in self.told("batch_done"):
            counted.update(line["outcomes"])
        return counted

    def misses(self, server: str) -> bool:
        """A server, Kafka or Redis, was told to be away, by the worker or by its client."""
        return any(
            server in line.get("failure", {}).get("text", "") or _of_client(line, server)
            for line in self.warnings()
        )

    def warnings(self) -> list[dict[str, Any]]:
        """Lines above information."""
        return [line for line in self.lines() if line.get("level") not in {"info", "debug"}]

    def terminate(self, seconds: float = 30) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _of_client(line: dict[str, Any], server: str) -> bool:
    return server == "Kafka" and str(line["event"]).startswith("Unable connect")


def _line(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except ValueError:
        return {"event": text}


class Program:
    """The command line of one identity space."""

    def __init__(self, directory: Path, prefix: str, **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if "ICUSTOMER_" not in name}
        self.directory = directory
        self.prefix = prefix
        self.environment = kept | {
            "ICUSTOMER_TOPIC_PREFIX": prefix,
            "ICUSTOMER_CONSUMER_GROUP": prefix,
            "ICUSTOMER_SPACE": prefix.replace(".", "-").replace("_", "-")[:32],
            "ICUSTOMER_SECRET_KEY": SECRET_KEY,
            "ICUSTOMER_LOG_FORMAT": "json",
            "ICUSTOMER_LOG_LEVEL": "debug",
            "ICUSTOMER_HTTP_PORT": ANY_FREE_PORT,
            **{f"ICUSTOMER_{name}": value for name, value in settings.items()},
        }
        self.workers: list[Worker] = []
        self.sent: list[Record] = []

    def variant(self, **changed: str) -> Program:
        """The same program with other settings."""
        other = Program(self.directory, self.prefix)
        other.environment = self.environment | {
            f"ICUSTOMER_{name}": value for name, value in changed.items()
        }
        return other

    @property
    def space(self) -> str:
        return self.environment["ICUSTOMER_SPACE"]

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        done = self.call(*arguments, "--json")
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def send(self, records: Iterable[Record]) -> None:
        """Send events; they are remembered, so that logs can be searched for them."""
        told = list(records)
        self.sent += told
        send(self.environment["ICUSTOMER_KAFKA_SERVERS"], self.prefix, told)

    def start_worker(self, *arguments: str) -> Worker:
        log = self.directory / f"{self.prefix}-worker-{len(self.workers)}.log"
        worker = Worker(self.environment, log, arguments)
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self.workers:
            if not worker.ended():
                worker.kill()

    def all_logs(self) -> str:
        return "\n".join(worker.log.read_text(errors="replace") for worker in self.workers)
