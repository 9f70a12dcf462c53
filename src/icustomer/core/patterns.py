"""Patterns that a text must match as a whole, decided in linear time whatever the pattern.

The engine is the `regex` crate of Rust, which pydantic-core brings along: it has neither
look-around nor back-references, so no pattern and no text can make it slow.
https://docs.rs/regex/latest/regex/#untrusted-input
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic_core import SchemaError, SchemaValidator, core_schema

MAX_PATTERN_LENGTH = 1_000
"""Characters: what is longer is a list, and lists are told value by value."""


class PatternError(ValueError):
    """The text is no pattern that could be used; the message says why, in one line."""


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Tells whether a text matches any of the patterns from its first to its last character.

    Raises `PatternError` for a text that is no pattern of the `regex` crate's syntax.
    """
    alternatives = "|".join(f"(?:{_checked(pattern)})" for pattern in patterns)
    if not alternatives:
        return _matches_nothing
    return _validator(rf"\A(?:{alternatives})\z").isinstance_python


def _matches_nothing(_: str) -> bool:
    return False


def _checked(pattern: str) -> str:
    """The pattern, if it stands by itself: a stray bracket must not reach its neighbours."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise PatternError(f"longer than {MAX_PATTERN_LENGTH:,} characters")
    _validator(pattern)
    return pattern


def _validator(pattern: str) -> SchemaValidator:
    try:
        return SchemaValidator(
            core_schema.str_schema(pattern=pattern, regex_engine="rust-regex", strict=True)
        )
    except SchemaError as error:
        raise PatternError(_told(str(error))) from None


def _told(message: str) -> str:
    """The last line that the engine writes says what is wrong, without the pattern."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    named = [line for line in lines if line.startswith("error: ")]
    return (named or lines)[-1].removeprefix("error: ").removeprefix("SchemaError: ")
