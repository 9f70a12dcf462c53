"""Why a record becomes a dead letter: a closed list of reasons, and a detail for people."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Reason(StrEnum):
    """Header `icustomer-reason` of a dead letter."""

    EMPTY = "empty"
    """No value, or one of zero bytes."""
    TOO_LARGE = "too_large"
    """A value above 1 MiB."""
    NOT_JSON = "not_json"
    """Bad UTF-8, malformed, NaN or Infinity, nested too deep, or not an object."""
    INVALID = "invalid"
    """JSON, but against the model of the topic."""
    NO_USABLE_IDENTIFIER = "no_usable_identifier"
    """An event that names nobody: no identifier, or none that could be read."""
    REFUSED_COMMAND = "refused_command"
    """A command that cannot be carried out."""
    INTERNAL_ERROR = "internal_error"
    """A fault of icustomer's own."""


class Rejection(Struct, frozen=True):
    """A record that is refused."""

    reason: Reason
    detail: str
    """Field and rule, for people; never a value from the record, which may be personal."""
