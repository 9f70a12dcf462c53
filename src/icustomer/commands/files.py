"""Writes what a command was asked to put into a file: for its owner's eyes, as it is personal."""

from __future__ import annotations

import os
from pathlib import Path

from icustomer.errors import OperatorError

OWNER_ONLY = 0o600
"""Mode of a file that is made; one that is there keeps its own."""


def write_file(path: Path, text: str) -> None:
    """Write a text as UTF-8; `OperatorError` if that is not possible."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror or error}") from error
