"""A real worker that also notes after each batch how much memory it holds.

    python -m benchmarks.overload_worker

Settings come from the environment, as for `icustomer run`; on SIGTERM the account goes to
standard output.
"""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path

import msgspec
import uvloop
from msgspec import field

from benchmarks.workers import Account, live
from icustomer.app import GC_THRESHOLDS
from icustomer.ops.logs import configure_logging
from icustomer.settings import load_settings

STATM = Path("/proc/self/statm")
RESIDENT = 1
"""Which of its figures, counted in pages, is the memory that is really there."""


class Sized(Account):
    """The account, and the resident memory at each mark."""

    resident: list[int] = field(default_factory=list)
    """Bytes."""

    def done(self, events: int) -> None:
        super().done(events)
        pages = int(STATM.read_text().split()[RESIDENT])
        self.resident.append(pages * resource.getpagesize())


def main() -> None:
    """Run icustomer's worker until it is told to stop."""
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    gc.set_threshold(*GC_THRESHOLDS)
    account = Sized()
    uvloop.run(live("icustomer", settings, account))
    sys.stdout.buffer.write(msgspec.json.encode(account))


if __name__ == "__main__":
    main()
