"""What is known of the first unread record of a partition, and how long it may be believed."""

from __future__ import annotations

from msgspec import Struct

BELIEVED_SECONDS = 60.0
"""How long a record that was found is taken to be there still, if the log's beginning did not
pass it: compaction removes single records without a sign."""


class Standing(Struct, frozen=True):
    """Where a consumer group stands in a partition. Offsets as Kafka tells them."""

    topic: str
    partition: int
    end: int
    """Where readers of committed records stop: the end of the log, or the first record of the
    oldest transaction that is still open."""
    committed: int | None
    """The group's; None if it never committed here."""

    @property
    def start(self) -> int:
        """Where the group would read on. A committed offset above the end belongs to a topic
        that was deleted and made again: workers then read it from its beginning."""
        return 0 if self.committed is None or self.committed > self.end else self.committed


class FirstUnread(Struct, frozen=True):
    """The first record at or after the committed offset that readers of committed records get."""

    offset: int
    timestamp_ms: int
    """Its own Kafka timestamp; negative if it has none."""


class Search(Struct, frozen=True):
    """What a search behind a committed offset came to."""

    committed: int | None
    position: int
    """From the committed offset to here is nothing to read but `found`."""
    found: FirstUnread | None
    began: float
    """Seconds of a monotonic clock."""


def begin_search(standing: Standing, now: float) -> Search:
    """A search that has seen nothing yet."""
    return Search(standing.committed, standing.start, None, now)


def still_holds(search: Search, standing: Standing, beginning: int, now: float) -> bool:
    """Whether a search may be taken up again instead of beginning a new one.

    `beginning`: the log's first offset, which rises with retention. `now`: as `Search.began`.
    """
    return (
        search.committed == standing.committed
        and search.position <= standing.end
        and (search.found is None or search.found.offset >= beginning)
        and now - search.began < BELIEVED_SECONDS
    )


def is_over(search: Search, standing: Standing) -> bool:
    """Whether the first unread record is known, or that there is none up to the end."""
    return search.found is not None or search.position >= standing.end
