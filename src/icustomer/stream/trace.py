"""Trace context of the record that caused an output, passed on as W3C wants it.

https://www.w3.org/TR/trace-context/ (Recommendation, sections 3.2 and 3.3).
"""

from __future__ import annotations

import re

from icustomer.stream.port import Headers

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
MAX_TRACESTATE_CHARACTERS = 512
"""As much as every participant must be able to pass on (section 3.3.1.5)."""

_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
    r"(?P<more>-.*)?",
    re.ASCII,
)
"""Versions above 00 may append fields; ff is no version, zeros are no IDs."""


def passed_on(headers: Headers) -> list[tuple[str, bytes | None]]:
    """The headers to add to the outputs of a record with these headers: `traceparent` and,
    if there is one, `tracestate`; nothing if the context is missing, doubled or malformed."""
    parents = _values(headers, TRACEPARENT)
    if len(parents) != 1 or not _valid(parents[0]):
        return []
    state = ",".join(part for part in _values(headers, TRACESTATE) if part)
    result: list[tuple[str, bytes | None]] = [(TRACEPARENT, parents[0].encode())]
    if state and len(state) <= MAX_TRACESTATE_CHARACTERS and state.isprintable():
        result.append((TRACESTATE, state.encode()))
    return result


def _values(headers: Headers, wanted: str) -> list[str]:
    """Values of a header, whatever the case of its name; what is no ASCII reads as empty."""
    return [_text(value) for name, value in headers if name.lower() == wanted]


def _text(value: bytes | None) -> str:
    return value.decode().strip() if value is not None and value.isascii() else ""


def _valid(parent: str) -> bool:
    match = _TRACEPARENT.fullmatch(parent)
    return match is not None and (match["version"] != "00" or match["more"] is None)
