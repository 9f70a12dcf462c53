"""What the servers of a test run have in common: who was used, and what was not there.

A server's module offers a session fixture with the server's address. It calls `used` once
the server answers, and `missing` when it can be had in no way.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REQUIRED = "ICUSTOMER_REQUIRE_SERVERS"
"""Environment variable: set to 1, a test that did not run is a test that failed."""

USED: dict[str, str] = {}
"""Name of each server of this run -> where it came from, with its version."""


def required() -> bool:
    return os.environ.get(REQUIRED, "") not in {"", "0"}


def used(name: str, description: str) -> None:
    """Remember a server for the summary at the end of the run."""
    USED[name] = description


def missing(name: str, remedy: str) -> NoReturn:
    """Leave the test out: it is listed as NOT RUN, or fails where servers are required."""
    pytest.skip(f"no {name}: {remedy}")
