"""The program of a worker process that a parent started: `NUMBER DESCRIPTOR`, nothing else.

Not for people: `icustomer run --workers N` starts it.
"""

from __future__ import annotations

import sys

from structlog.contextvars import bind_contextvars

from icustomer.app import run_supervised
from icustomer.errors import IcustomerError, OperatorError
from icustomer.ops.logs import configure_logging
from icustomer.settings import load_settings
from icustomer.supervisor_link import ParentLink

FAILED = 1


def main() -> None:
    """Work until told to stop. What the operator must mend is told by the parent, once."""
    number, descriptor = (int(argument) for argument in sys.argv[1:])
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    bind_contextvars(worker=number)
    try:
        run_supervised(settings, ParentLink(descriptor))
    except OperatorError:
        sys.exit(FAILED)
    except IcustomerError as error:
        sys.stderr.write(f"icustomer: worker {number}: {' '.join(str(error).split())}\n")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
