"""In which life of its topic a partition is read, and where reading begins.

A topic that was deleted and made again keeps its name and begins at offset 0 anew. Committed
offsets therefore carry the *generation* that they were reached in, told from the topic's ID.
"""

from __future__ import annotations

from aiokafka import OffsetAndMetadata
from msgspec import Struct

GENERATION_LENGTH = 5
"""Characters of a topic's ID: 30 bits, random. The place of every record is named with them, so
they are few; a collision would need one and the same topic to hit it, at 1 in 10^9 each time."""

_MARK = "generation="
"""What the metadata of a committed offset begins with, if they are of ours."""

BEGINNING = 0
"""Where reading begins anew. If the record there is gone by now, the client goes on with the
earliest that is left."""


class Start(Struct, frozen=True):
    """Where the reading of a partition begins."""

    offset: int
    made_again: bool = False
    """The topic is another than the one that the committed offset speaks of."""
    handled: int | None = None
    """Everything below has had its effect; None: nothing is known to have had it."""


def generation_of(topic_id: str) -> str:
    """The generation of a topic with this ID; "" without one."""
    return topic_id[:GENERATION_LENGTH]


def committing(offset: int, generation: str) -> OffsetAndMetadata:
    """An offset as it is committed."""
    return OffsetAndMetadata(offset, _MARK + generation if generation else "")


def speaks_of(committed: OffsetAndMetadata, generation: str) -> bool:
    """Whether an offset was committed under the generation. One that says nothing of it, as
    after a reset by hand, is believed; so are all where the broker gives no IDs."""
    mark: str = committed.metadata or ""
    return not generation or not mark.startswith(_MARK) or mark == _MARK + generation


def start(committed: OffsetAndMetadata | None, generation: str) -> Start:
    """Where to begin under a generation. To read again is harmless; to pass over is a loss."""
    if committed is None:
        return Start(BEGINNING)
    if not speaks_of(committed, generation):
        return Start(BEGINNING, made_again=True, handled=BEGINNING)
    return Start(committed.offset, handled=committed.offset)


def falls_short(committed: OffsetAndMetadata | None, handled: int, generation: str) -> bool:
    """Whether less is committed than what was handled."""
    if committed is None:
        return handled > BEGINNING
    return committed.offset < handled or not speaks_of(committed, generation)
