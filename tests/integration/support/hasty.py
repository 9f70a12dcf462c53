"""Workers that look after themselves in seconds instead of minutes, with one fault or none."""

from __future__ import annotations

from pathlib import Path

from integration.support import faults
from integration.support.program import Program, Worker


def start(program: Program, fault: str = "haste") -> Worker:
    """A worker with a fault of `faults/sitecustomize.py`."""
    program.environment |= {"FAULT": fault, "PYTHONPATH": str(Path(faults.__path__[0]))}
    return program.start_worker()
