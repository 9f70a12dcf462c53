"""`icustomer run`: one worker, until it is told to stop."""

from __future__ import annotations

from icustomer.app import run as run_worker
from icustomer.ops.logs import configure_logging
from icustomer.settings import Settings


def run(settings: Settings) -> None:
    """Run a worker in this process; its log goes to standard error."""
    configure_logging(settings.log_format, settings.log_level)
    run_worker(settings)
