"""What commands raise when they were called wrongly."""

from __future__ import annotations

from icustomer.errors import OperatorError


class UsageError(OperatorError):
    """An argument of a command is not of the kind that it must be; nothing was tried."""
