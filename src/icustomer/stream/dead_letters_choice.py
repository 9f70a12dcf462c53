"""Which letters are meant, which were told already, and which can be sent again: pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from icustomer.stream.dead_letters import Letter, Redriven, redriven
from icustomer.stream.topics import RECORD_OVERHEAD_BYTES


class Wanted(Struct, frozen=True):
    """Which letters somebody asked for. Times are microseconds since the epoch, None: no end."""

    reasons: frozenset[str] = frozenset()
    """Empty: all."""
    topics: frozenset[str] = frozenset()
    """Full names of the topics that the records came from. Empty: all."""
    since: int | None = None
    """Refused then or later."""
    until: int | None = None
    """Refused before then."""

    def admits(self, letter: Letter) -> bool:
        return (
            (not self.reasons or letter.reason in self.reasons)
            and (not self.topics or letter.place.topic in self.topics)
            and (self.since is None or letter.failed >= self.since)
            and (self.until is None or letter.failed < self.until)
        )


class Choice:
    """Passes each letter that is meant once, though its topic may hold it several times.

    Remembers 16 bytes a letter that it passed, and nothing of the others.
    """

    def __init__(self, wanted: Wanted, without: Mapping[bytes, str]) -> None:
        """`without`: names of letters that are not meant, whatever is wanted."""
        self._wanted = wanted
        self._without = without
        self._passed: set[bytes] = set()

    def passes(self, letter: Letter) -> bool:
        if not self._wanted.admits(letter):
            return False
        name = letter.name()
        if name in self._without or name in self._passed:
            return False
        self._passed.add(name)
        return True


class Left(StrEnum):
    """Why a letter is not sent again. It stays where it is."""

    ATTEMPTS = "attempts"
    """It was sent again as often as is allowed, and refused each time."""
    TRUNCATED = "truncated"
    """Its value was cut when it became a dead letter."""
    TOO_LARGE = "too_large"
    """Its topic does not take records of this size."""
    NO_TOPIC = "no_topic"
    """Its topic, or the partition, does not exist any more, or is no input of this prefix."""


class InputTopic(Struct, frozen=True):
    """An input topic that exists."""

    partitions: int
    max_bytes: int
    """Of a batch, its `max.message.bytes`."""


class Terms(Struct, frozen=True):
    """What must hold for a letter to be sent again."""

    max_attempts: int
    topics: Mapping[str, InputTopic]
    """The input topics that exist, by full name."""

    def judge(self, letter: Letter) -> Redriven | Left:
        """The record to be sent, or why there is none."""
        topic = self.topics.get(letter.place.topic)
        if topic is None or letter.place.partition >= topic.partitions:
            return Left.NO_TOPIC
        if letter.truncated:
            return Left.TRUNCATED
        if letter.attempts >= self.max_attempts:
            return Left.ATTEMPTS
        again = redriven(letter)
        if again.size + RECORD_OVERHEAD_BYTES > topic.max_bytes:
            return Left.TOO_LARGE
        return again
