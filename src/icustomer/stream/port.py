"""What the worker needs of the log: records in, transactions out.

Two implementations pass the same contract tests: `KafkaLog` and `MemoryLog`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from icustomer.contracts.topics import Topic
from icustomer.store.port import Checkpoint, Claim

Headers = Sequence[tuple[str, bytes | None]]


class InputPartition(NamedTuple):
    """An input topic, the number of one of its partitions, and in which life of the topic it
    is meant: one that was made again begins at offset 0 anew."""

    topic: Topic
    partition: int
    generation: str = ""
    """As in `InputRecord`."""


class InputRecord(Struct, frozen=True, gc=False):
    """A raw record of an input topic, nothing decoded."""

    topic: Topic
    partition: int
    offset: int
    timestamp: int
    """Kafka timestamp, milliseconds."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    generation: str = ""
    """Told from the topic's ID, so that offsets of a topic that was made again are not taken for
    those of before; empty where the broker tells none."""


class OutputRecord(Struct, frozen=True, gc=False):
    """A record to be published."""

    topic: Topic
    key: bytes | None
    """None only for dead letters that had no key: a compacted topic refuses such records."""
    value: bytes | None
    headers: Headers


class ChangelogRecord(Struct, frozen=True, gc=False):
    """A record of the changelog: an encoded group, or its tombstone."""

    group_id: bytes
    version: int
    blob: bytes | None


FROM_THE_BEGINNING: Mapping[int, int] = {}


class Ownership(Protocol):
    """A worker's hold on the partitions of the batch in hand."""

    @property
    def revoking(self) -> bool:
        """True: a rebalance waits for the batch. Stop retrying, give the batch up."""
        ...

    def owned(self, partitions: Iterable[InputPartition]) -> set[InputPartition]:
        """Those of the partitions that are still assigned."""
        ...


class Log(Protocol):
    """The port. All methods may raise `UnavailableError`; after it the caller initialises
    again before it publishes."""

    async def initialise(self, slot: int) -> None:
        """Become the one producer of the slot's transactional ID: whatever its former holder
        has open is aborted, and it can append nothing any more."""
        ...

    async def begin(self, offsets: Mapping[InputPartition, int]) -> None:
        """Begin the next transaction with its input offsets, before its records are known:
        they travel meanwhile. `publish` must follow with the same offsets, and tells what
        went wrong with them; if it does not, `initialise` aborts what was begun.
        """
        ...

    async def publish(
        self, records: Sequence[OutputRecord], offsets: Mapping[InputPartition, int]
    ) -> int:
        """All records and the input offsets (next offset to read) in one transaction; the
        nanoseconds that it waited for the offsets.

        Raises `FencedError` when another initialised the slot, `UnavailableError` when other
        offsets were begun with: they would be committed too. After any error nothing of it
        is visible to `read_committed`, or all of it is; which one is unknown.
        """
        ...

    async def last_claim(self) -> Claim | None:
        """The last claim in the changelog, read uncommitted."""
        ...

    async def highest_claim(self) -> Claim | None:
        """The claim with the highest number, likewise; of several the first that was written.
        One that landed late, from a rebuilder that others had overtaken, is never it."""
        ...

    async def claim_before(self, claim: Claim) -> Claim | None:
        """The claim that stands before this one, the last; None if there is none, or if that
        is not the last one any more."""
        ...

    async def write_claim(self, claim: Claim) -> None:
        """Append a claim with a plain producer, outside of every transaction."""
        ...

    async def fence_slot(self, slot: int) -> None:
        """Initialise a slot that is not one's own, so that its former holder can append
        nothing any more and its open transaction ends."""
        ...

    async def initialise_all(self) -> None:
        """Initialise every slot once: no record of an older session can be appended later."""
        ...

    async def changelog_end(self) -> Checkpoint:
        """Where the changelog ends as of now, read committed."""
        ...

    def changelog(
        self, since: Mapping[int, int] = FROM_THE_BEGINNING
    ) -> AsyncIterator[ChangelogRecord]:
        """All group records, read committed, to the end as of now; within a partition in order
        of offset. Claims are left out. `since`: partition to the first offset to read."""
        ...

    async def unread_since(self) -> int | None:
        """The smallest timestamp, milliseconds, of what the group reads next in any partition of
        its input topics; None if it has read all there is."""
        ...

    async def close(self) -> None: ...
