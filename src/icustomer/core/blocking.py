"""Which values are nobody's: those that the rules block, and the placeholders shipped with them.

A blocked value is kept as evidence and joins nobody.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterable
from functools import cache
from importlib import resources

from msgspec import Struct

from icustomer.core.patterns import matcher


class Blocked(Struct, frozen=True):
    """One entry of a block list: either `value` or `pattern` is set."""

    kind: str
    """A kind of identifier, or `birth_date` or `name`: parts of composite identifiers."""
    value: str = ""
    """A canonical value."""
    pattern: str = ""
    """Matches whole canonical values; see `patterns`."""
    reason: str = ""
    """For people."""


@cache
def placeholders() -> tuple[Blocked, ...]:
    """The shipped list."""
    text = resources.files("icustomer.core").joinpath("data", "placeholders.toml")
    entries = tomllib.loads(text.read_text("utf-8"))
    return tuple(Blocked(kind, **entry) for kind, told in entries.items() for entry in told)


PLACEHOLDER_KINDS = ("birth_date", "email", "name", "phone")
"""What the shipped list tells placeholders of."""


class Blocklist:
    """Block lists made ready to be asked."""

    def __init__(self, own: Collection[Blocked], shipped_for: Collection[str]) -> None:
        shipped = [entry for entry in placeholders() if entry.kind in shipped_for]
        self.entries = [*own, *shipped]
        kinds = {entry.kind for entry in self.entries}
        self._by_kind = {kind: _KindList(self.entries, kind) for kind in kinds}

    def blocks(self, kind: str, value: str) -> bool:
        """Whether a canonical value of a kind is nobody's."""
        listed = self._by_kind.get(kind)
        return listed is not None and listed.has(value)

    def entry(self, kind: str, value: str) -> Blocked | None:
        """The entry that blocks a canonical value, own ones before shipped ones; for people who
        ask, not for every event."""
        mine = (entry for entry in self.entries if entry.kind == kind)
        return next((entry for entry in mine if _blocks(entry, value)), None)


def _blocks(entry: Blocked, value: str) -> bool:
    return matcher([entry.pattern])(value) if entry.pattern else entry.value == value


class _KindList:
    def __init__(self, entries: Iterable[Blocked], kind: str) -> None:
        mine = [entry for entry in entries if entry.kind == kind]
        self._values = frozenset(entry.value for entry in mine if not entry.pattern)
        self._matches: Callable[[str], bool] = matcher(
            sorted({entry.pattern for entry in mine if entry.pattern})
        )

    def has(self, value: str) -> bool:
        return value in self._values or self._matches(value)
