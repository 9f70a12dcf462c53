"""`icustomer run`: workers, until they are told to stop."""

from __future__ import annotations

from icustomer.app import run as run_worker
from icustomer.ops.logs import configure_logging
from icustomer.settings import Settings
from icustomer.supervisor import supervise


def run(settings: Settings, workers: int) -> None:
    """Run one worker in this process, or several under it; the log goes to standard error."""
    configure_logging(settings.log_format, settings.log_level)
    if workers == 1:
        run_worker(settings)
    else:
        supervise(settings, workers)
