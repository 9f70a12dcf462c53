"""What stands in the topic of dead letters, and what is made of a letter that is sent again.

A record there is a letter (a refused record, and why) or a mark (this letter was redriven). Both
are told by their headers; the formats stand in docs/reference/messages.md. Pure.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from struct import Struct as Layout
from typing import NamedTuple, Protocol

from msgspec import Struct

from icustomer.core.times import microseconds
from icustomer.stream.port import Headers
from icustomer.stream.records import TRUNCATED_HEADER

ATTEMPT_HEADER = "icustomer-attempt"
"""On a record that was sent again: how many times it has been, this one included."""

LETTER_HEADERS = (
    "icustomer-reason",
    "icustomer-detail",
    "icustomer-topic",
    "icustomer-partition",
    "icustomer-offset",
    "icustomer-failed-at",
)
"""The last headers of every letter, in this order. Only the last count: the refused record may
have brought headers of these names itself."""

MARK_HEADERS = (
    "icustomer-redriven-topic",
    "icustomer-redriven-partition",
    "icustomer-redriven-offset",
    "icustomer-redriven-digest",
    "icustomer-redriven-at",
)
"""All headers of a mark."""

DIGEST_BYTES = 16
"""128 bits: no two of any number of letters that a topic can hold have the same by chance."""

MAX_DIGITS = 18
"""Of a number in a header: no partition ever held that many records, and it fits 64 bits."""

_LENGTH = Layout(">q")
_NOTHING = _LENGTH.pack(-1)


class RawRecord(Protocol):
    """What is read of a consumer's record."""

    @property
    def partition(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Place(NamedTuple):
    """Where the refused record stood."""

    topic: str
    """Full name."""
    partition: int
    offset: int


class Letter(Struct, frozen=True, gc=False):
    """A dead letter: the refused record as it came, and why it was refused."""

    home: int
    """The partition of the dead letters that it stands in."""
    reason: str
    detail: str
    place: Place
    failed_at: str
    """RFC 3339, by the clock of the worker that refused it."""
    failed: int
    """The same as microseconds since the epoch."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    """Those of the refused record."""
    truncated: bool
    """The value was cut: what stands here is not all of it."""

    @property
    def attempts(self) -> int:
        """How many times the record was sent again before it was refused this time."""
        told = [value for name, value in self.headers if name == ATTEMPT_HEADER]
        return (_number(told[-1]) or 0) if told else 0

    def digest(self) -> bytes:
        """Of key, value and headers: a topic that was made again has other records in the
        same places."""
        hashed = blake2b(digest_size=DIGEST_BYTES)
        _feed(hashed, self.key, self.value)
        for name, value in self.headers:
            _feed(hashed, name.encode(), value)
        return hashed.digest()

    def name(self) -> bytes:
        """The same for every copy of one refusal, and for nothing else."""
        return _name(self.place, self.digest())


class Mark(Struct, frozen=True, gc=False):
    """Says that a letter was redriven."""

    name: bytes
    """That of the letter."""
    at: str
    """RFC 3339, by the clock of whoever redrove it."""


class Redriven(Struct, frozen=True, gc=False):
    """A letter, and the headers with which its record goes back to where it came from."""

    letter: Letter
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes of the record, a little too many."""
        letter = self.letter
        return (
            len(letter.key or b"")
            + len(letter.value or b"")
            + sum(len(name.encode()) + len(value or b"") + _PAIR for name, value in self.headers)
        )


_PAIR = 10
"""Bytes for the lengths of a header's name and value, as long as they can be."""


def read_letter(record: RawRecord) -> Letter | None:
    """The letter that the record is; None if it is none."""
    cut = _names(record.headers[-1:]) == (TRUNCATED_HEADER,)
    end = len(record.headers) - cut
    start = end - len(LETTER_HEADERS)
    if start < 0 or _names(record.headers[start:end]) != LETTER_HEADERS:
        return None
    reason, detail, topic, partition, offset, failed_at = map(_text, record.headers[start:end])
    place, failed = _place(topic, partition, offset), _moment(failed_at)
    if place is None or failed is None:
        return None
    headers = record.headers[:start]
    return Letter(
        record.partition,
        reason,
        detail,
        place,
        failed_at,
        failed,
        record.key,
        record.value,
        headers,
        cut,
    )


def read_mark(record: RawRecord) -> Mark | None:
    """The mark that the record is; None if it is none."""
    if record.value is not None or _names(record.headers) != MARK_HEADERS:
        return None
    topic, partition, offset, digest, at = map(_text, record.headers)
    place = _place(topic, partition, offset)
    if place is None or _moment(at) is None:
        return None
    try:
        return Mark(_name(place, bytes.fromhex(digest)), at)
    except ValueError:
        return None


def redriven(letter: Letter) -> Redriven:
    """The record as it was refused, with the number of this attempt."""
    kept = [(name, value) for name, value in letter.headers if name != ATTEMPT_HEADER]
    return Redriven(letter, [*kept, (ATTEMPT_HEADER, str(letter.attempts + 1).encode())])


def mark_headers(letter: Letter, at: str) -> list[tuple[str, bytes]]:
    """The headers of the mark that says that the letter was redriven; `at`: RFC 3339."""
    place = letter.place
    told = (place.topic, str(place.partition), str(place.offset), letter.digest().hex(), at)
    return [(name, text.encode()) for name, text in zip(MARK_HEADERS, told, strict=True)]


def _names(headers: Headers) -> tuple[str, ...]:
    return tuple(name for name, _ in headers)


def _text(header: tuple[str, bytes | None]) -> str:
    return (header[1] or b"").decode("utf-8", "replace")


def _place(topic: str, partition: str, offset: str) -> Place | None:
    numbers = _number(partition.encode()), _number(offset.encode())
    if not topic or numbers[0] is None or numbers[1] is None:
        return None
    return Place(topic, numbers[0], numbers[1])


def _number(text: bytes | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) <= MAX_DIGITS else None


def _moment(text: str) -> int | None:
    try:
        return microseconds(datetime.fromisoformat(text))
    except (ValueError, TypeError):  # TypeError: a time without an offset
        return None


def _name(place: Place, digest: bytes) -> bytes:
    hashed = blake2b(digest, digest_size=DIGEST_BYTES)
    _feed(hashed, place.topic.encode())
    hashed.update(_LENGTH.pack(place.partition) + _LENGTH.pack(place.offset))
    return hashed.digest()


def _feed(hashed: blake2b, *parts: bytes | None) -> None:
    """Each with its length before it: no two sequences of parts read the same."""
    for part in parts:
        hashed.update(_NOTHING if part is None else _LENGTH.pack(len(part)) + part)
