"""The demonstration's worker: the real program as a child process, followed through its log."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from icustomer.errors import OperatorError
from icustomer.local.servers import stop_process
from icustomer.settings import PREFIX

COMMAND = (sys.executable, "-m", "icustomer", "run")
BATCH_DONE = "batch_done"
"""`event` of the log line that a worker writes when a batch is published; it bears the counts
`outcomes` and `dead_letters`."""


class WorkerLog:
    """What a growing log tells: how many events ended in which outcome."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: Counter[str] = Counter()
        self.dead_letters: Counter[str] = Counter()
        self.last_line = ""
        self._offset = 0

    def count(self) -> int:
        """Events that ended in some outcome so far."""
        return self.outcomes.total()

    def update(self) -> None:
        """Read the lines that were completed since."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._take(line)

    def _take(self, line: bytes) -> None:
        if text := line.decode("utf-8", "replace").strip():
            self.last_line = text
        entry = _entry(line)
        if entry.get("event") == BATCH_DONE:
            self.outcomes.update(entry.get("outcomes", {}))
            self.dead_letters.update(entry.get("dead_letters", {}))


def _entry(line: bytes) -> dict[str, Any]:
    """The log line as an object; what is none says nothing."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


class WorkerProcess:
    """A worker in a directory of its own, with no settings but those given."""

    def __init__(
        self, settings: Mapping[str, str], directory: Path, command: Sequence[str] = COMMAND
    ) -> None:
        """`settings`: environment variables, all of them `ICUSTOMER_...`."""
        self._environment = _without_settings(os.environ) | dict(settings)
        self._directory = directory
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self.log = WorkerLog(directory / "worker.log")

    def __enter__(self) -> Self:
        with self.log.path.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                self._command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self._directory,
                env=self._environment,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            stop_process(self._process)

    def check(self) -> None:
        """Read the log on; raise `OperatorError` with its last line if the worker has ended."""
        ended = self._process.poll() if self._process else None
        self.log.update()
        if ended is not None:
            raise OperatorError(
                f"The worker ended with exit code {ended}: {self.log.last_line or 'no log'}"
            )


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of whoever runs the demonstration."""
    return {name: value for name, value in environment.items() if not name.startswith(PREFIX)}
