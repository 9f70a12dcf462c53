"""What the worker needs of the store: few calls, each atomic, each safe to repeat.

Two implementations pass the same contract tests: `RedisStore` and `MemoryStore`.

Every call that changes state is one script. It gets the fence that the caller believes in
and does nothing but raise `HistoryCutError` unless the fence stands so and names the server
that executes it. What cannot be reached raises `UnavailableError`; then the outcome is
unknown, and repeating the call is right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field


class Claim(Struct, frozen=True):
    """Who rebuilt this space last: epoch number and the nonce of the rebuilder."""

    number: int
    nonce: str


class Fence(Struct, frozen=True):
    """`ok:<server identity>:<epoch>:<claim nonce>`, as it stands in the store."""

    raw: bytes
    claim: Claim


class Session(Struct, frozen=True):
    """Under what a worker writes: its slot, its nonce, and the fence that it read."""

    slot: int
    nonce: str
    fence: Fence


class Loaded(Struct):
    """Answer of `load`; blobs are encoded groups, None where nothing stands."""

    fence: bytes | None
    links: dict[bytes, bytes | None]
    aliases: dict[str, bytes | None]
    groups: dict[bytes, bytes | None]
    indexes: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Digest of a shared identifier that a command frees, to all groups that hold its carriers.
    These and the next are filled by `loading`."""
    carriers: dict[bytes, list[bytes] | None] = field(default_factory=dict)
    """Digest of an identifier that a command suppresses, to as many of the groups that its index
    names as one change rewrites; None: it names not all."""


class Write(Struct):
    """One change, as the commit script wants it. Group blobs start with their version."""

    read_groups: dict[bytes, int]
    """Group ID -> version that must still stand; 0: must be absent."""
    read_links: dict[bytes, bytes | None]
    groups: dict[bytes, bytes]
    deleted: list[bytes]
    links: dict[bytes, bytes | None]
    index_added: list[tuple[bytes, bytes]]
    index_removed: list[tuple[bytes, bytes]]
    aliases: dict[str, bytes | None]
    version: int
    entry_groups: list[bytes]
    """Groups of the outbox entry: written, deleted, and those to be published again."""
    entry_ids: list[str]
    """Customer IDs of the outbox entry."""
    unmarked: list[bytes] = field(default_factory=list)
    """Shared identifiers whose mark goes unless their index names another group."""
    waiting: dict[bytes, int | None] = field(default_factory=dict)
    """Group ID -> earliest last act of guests whose time runs, microseconds; None: nobody's."""
    read_indexes: Mapping[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Digest of a shared identifier -> the groups that its index must still name, and no others."""


def entry_only(
    read_groups: Mapping[bytes, int],
    entry_groups: Sequence[bytes],
    entry_ids: Sequence[str],
    version: int,
) -> Write:
    """A change that leaves nothing but its outbox entry, if the groups still stand as read."""
    return Write(
        read_groups=dict(read_groups),
        read_links={},
        groups={},
        deleted=[],
        links={},
        index_added=[],
        index_removed=[],
        aliases={},
        version=version,
        entry_groups=list(entry_groups),
        entry_ids=list(entry_ids),
    )


class Entry(Struct, frozen=True):
    """One outbox entry: a change that is committed and not yet settled."""

    entry_id: bytes
    nonce: str
    slot: int
    groups: dict[bytes, int]
    """Group ID -> version to be published (that of the change; deleted groups too)."""
    customer_ids: tuple[str, ...]


class Closure(Struct):
    """One's own entries and all that share a group or a customer ID with them, directly or
    through others, read in one step; all of them are now one's own."""

    entries: list[Entry]
    groups: dict[bytes, bytes | None]
    """Group ID -> blob; None: gone. Groups whose version equals the caller's `known` are
    left out."""
    aliases: dict[str, bytes | None]
    """Customer ID -> group ID, for every customer ID named."""


class Backlog(Struct, frozen=True):
    """What is committed and not yet settled, of all workers."""

    entries: int = 0
    oldest_seconds: float = 0.0
    """Age of the oldest entry by the store's own clock; 0 if there is none."""


class Published(Struct):
    """What was published, for `settle` to compare with what stands."""

    groups: dict[bytes, int]
    """Group ID -> version published; 0: a tombstone."""
    aliases: dict[str, bytes | None]
    """Customer ID -> the group that its record was made from; None: a tombstone."""


class Directions(Struct):
    """What leads to one group, in a rebuild."""

    group_id: bytes
    links: dict[bytes, bytes] = field(default_factory=dict)
    """Digest to the group, or to the mark "shared"."""
    index: list[bytes] = field(default_factory=list)
    """Digests of shared identifiers whose index must name the group."""
    aliases: list[str] = field(default_factory=list)
    waiting: int | None = None
    """As in `Write.waiting`."""


class Staged(Struct):
    """The newest of a group that a rebuild has read so far."""

    group_id: bytes
    value: bytes
    """The encoded group, or a tombstone (see `codec`)."""
    customer_ids: tuple[str, ...] | None = None
    """All that were noted; None: nothing was, so it need not be published again."""


class Checkpoint(Struct, frozen=True):
    """Up to where the changelog is known to be in the store."""

    topic: str
    """ID of the topic, which another one of the same name does not have; empty where the broker
    tells none."""
    offsets: dict[int, int]
    """Partition to the next offset that may be unknown."""


class Standing(Struct, frozen=True):
    """What the store tells of its own history, whatever its fence."""

    epoch: Claim | None
    """The claim of the rebuild that it was last filled by."""
    checkpoint: Checkpoint | None
    age_seconds: float = 0.0
    """Since the checkpoint was raised, by the store's clock."""


Entries = Sequence[tuple[Mapping[bytes, int], Sequence[str]]]
"""Outbox entries of nobody: groups with versions, and customer IDs."""


class Store(Protocol):
    """The port. All methods may raise `UnavailableError`."""

    async def lease_slot(self, nonce: str, avoid: Sequence[int] = ()) -> int:
        """Lease the lowest slot without a live lease (not one of `avoid` if another is
        free); raise `UnavailableError` if all are taken. Works without a fence."""
        ...

    async def renew(self, slot: int, nonce: str) -> bool:
        """Prolong the lease; False if it is another's by now. Works without a fence."""
        ...

    async def release(self, slot: int, nonce: str) -> None:
        """Give the slot back, if it is still one's own."""
        ...

    async def lapsed(self) -> dict[int, str]:
        """Slots whose lease ran out, and that nobody has leased since, with the nonce of their
        former holder. Works without a fence."""
        ...

    async def read_fence(self) -> Fence | None:
        """The fence, if it is `ok` and names the executing server; else None."""
        ...

    async def enter(self, session: Session, former_nonces: Sequence[str]) -> int:
        """Move the entries of one's former nonces to the session's; the number moved."""
        ...

    async def load(self, links: Sequence[bytes], aliases: Sequence[str]) -> Loaded:
        """Fence, links and aliases in one step, then the groups that they name."""
        ...

    async def commit(self, session: Session, writes: Sequence[Write]) -> list[bool]:
        """For each write on its own: all of it and its outbox entry if every group version,
        link and index read still stands, else nothing and False."""
        ...

    async def prepare(self, session: Session, known: Mapping[bytes, int]) -> Closure:
        """Enter the closure of one's own entries under one's own nonce and read it."""
        ...

    async def settle(self, session: Session, published: Published) -> int:
        """Remove one's own entries whose groups and customer IDs all stand as published
        (a name that `published` lacks does not); the number of own entries that remain."""
        ...

    async def abandoned(self, session: Session, limit: int) -> list[Entry]:
        """Entries whose nonce holds no live lease, at most `limit`."""
        ...

    async def adopt(self, session: Session, entry_ids: Sequence[bytes]) -> int:
        """Put those of the entries that still stand under one's own nonce and slot."""
        ...

    async def outbox(self) -> list[Entry]:
        """All entries, for operators and tests."""
        ...

    async def backlog(self) -> Backlog:
        """How much waits in the outbox, and since when. Works without a fence."""
        ...

    async def index(self, digest: bytes) -> set[bytes]:
        """The groups known to hold carriers of a shared identifier."""
        ...

    async def begin_rebuild(self, nonce: str, former_nonces: Sequence[str] = ()) -> bool:
        """Set the fence to pending under one's nonce; False: it is pending for another whose
        lease runs. Renewing one's own pending fence is True, and so is taking the place of one's
        own former tries."""
        ...

    async def abandon_rebuild(self, nonce: str) -> None:
        """Take one's own pending fence away: the rebuild came to nothing, and another may
        begin at once."""
        ...

    async def wipe(self, nonce: str) -> None:
        """Delete all keys of the space but fence and slots. This, and all that follows up to
        `finish_rebuild`, works only while the pending fence is one's own; else it raises
        `HistoryCutError`."""
        ...

    async def strip(self, nonce: str) -> None:
        """As `wipe`, but the groups stay, and what tells the history: epoch and checkpoint."""
        ...

    async def stage(self, nonce: str, values: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Put groups or tombstones down, by group ID, where nothing newer stands; what stood
        there before. Nothing leads to them yet."""
        ...

    async def note(self, nonce: str, customer_ids: Mapping[bytes, Sequence[str]]) -> None:
        """Note groups that must be published again, with customer IDs to what was noted."""
        ...

    async def staged(self, nonce: str, cursor: int) -> tuple[int, list[Staged]]:
        """One portion of all that stands, tombstones too, and the cursor of the next one: 0
        to begin with, and at the end. A group may come twice."""
        ...

    async def detach(self, nonce: str, ways: Sequence[Directions]) -> None:
        """Take away what led to groups; what leads elsewhere by now stays."""
        ...

    async def restore(
        self,
        nonce: str,
        groups: Mapping[bytes, bytes | None],
        ways: Sequence[Directions],
        entries: Entries = (),
    ) -> dict[bytes, set[bytes]]:
        """Write groups (None: delete), all that leads to groups, and outbox entries; group ID
        to the others that its links led to before."""
        ...

    async def finish_rebuild(self, nonce: str, claim: Claim, checkpoint: Checkpoint) -> Fence:
        """Write epoch, checkpoint and the fence `ok`."""
        ...

    async def read(self, group_ids: Sequence[bytes]) -> dict[bytes, bytes]:
        """Groups that stand, by ID. Works without a fence."""
        ...

    async def awaited(self, group_ids: Collection[bytes]) -> dict[bytes, int]:
        """The highest version in which the outbox names each of the groups, of those that it
        names: what was written or deleted so, and is still to be published. Works without a
        fence."""
        ...

    async def standing(self) -> Standing:
        """Epoch and checkpoint. Works without a fence."""
        ...

    async def raise_checkpoint(self, session: Session, checkpoint: Checkpoint) -> bool:
        """Remember that all before the checkpoint is here; False, having done nothing, if the
        one that stands is of another topic."""
        ...

    async def raise_clock(self, session: Session, at: int) -> int:
        """Raise the record clock to `at`, microseconds, but not beyond the store's own time; as
        it stands then. It never falls."""
        ...

    async def clock(self) -> int:
        """The record clock, microseconds; 0 if it was never raised. Works without a fence."""
        ...

    async def waiting(self, until: int, limit: int) -> list[bytes]:
        """Groups with a guest whose last act was at `until` or before, the earliest first, at
        most `limit`. Works without a fence."""
        ...

    async def close(self) -> None: ...
