"""Deliberate bugs: copies of icustomer with one line changed, which a run must notice.

The chaos judges processes from outside, so a bug has to be in what they run.
"""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import icustomer


class Bug(StrEnum):
    """What is wrong with the copy."""

    APPLIED = "applied"
    """A record that was applied before is applied again."""
    OFFSETS = "offsets"
    """A worker tells the group that it has read one record more than it has."""
    UNPUBLISHED = "unpublished"
    """What the dead committed and did not publish is left alone."""


class Patch(NamedTuple):
    file: str
    line: str
    instead: str


PATCHES = {
    Bug.APPLIED: Patch(
        "core/facets.py",
        "return origin.offset <= facet.applied.get(origin.partition, -1)",
        "return False",
    ),
    Bug.OFFSETS: Patch(
        "worker.py",
        "return {each: offset for each, offset in work.batch.offsets.items() if each in owned}",
        "return {each: offset + 1 for each, offset in work.batch.offsets.items() if each in owned}",
    ),
    Bug.UNPUBLISHED: Patch(
        "outbox.py",
        "abandoned = await self._store.abandoned(session, SWEPT_AT_ONCE)",
        "abandoned = []",
    ),
}


def planted(bug: Bug, home: Path) -> Path:
    """A folder for PYTHONPATH that holds icustomer with the bug.

    Raises `LookupError` if the line is not there any more: then the bug must be written anew.
    """
    shutil.copytree(Path(icustomer.__file__).parent, home / "icustomer", dirs_exist_ok=True)
    patch = PATCHES[bug]
    file = home / "icustomer" / patch.file
    text = file.read_text()
    if text.count(patch.line) != 1:
        raise LookupError(f"{patch.file} holds no single line: {patch.line}")
    file.write_text(text.replace(patch.line, patch.instead))
    return home
