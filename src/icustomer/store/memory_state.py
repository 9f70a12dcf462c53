"""What a Redis holds, in memory: the state that the twins of several workers share."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from msgspec import Struct, field

from icustomer.store.port import Checkpoint, Claim, Entry


class Lease(Struct, frozen=True):
    """Who holds something, and until when by the clock of the server, in seconds."""

    nonce: str
    until: float


class Space(Struct):
    """All keys of one space."""

    fence: bytes | None = None
    fence_until: float | None = None
    """End of a pending fence; None: it stays."""
    epoch: Claim | None = None
    checkpoint: Checkpoint | None = None
    checkpoint_at: float = 0.0
    """When it was raised, in seconds."""
    slots: dict[int, Lease] = field(default_factory=dict)
    links: dict[bytes, bytes] = field(default_factory=dict)
    groups: dict[bytes, bytes] = field(default_factory=dict)
    aliases: dict[str, bytes] = field(default_factory=dict)
    indexes: dict[bytes, set[bytes]] = field(default_factory=dict)
    notes: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    """During a rebuild: group ID to customer IDs."""
    outbox: dict[bytes, Entry] = field(default_factory=dict)
    waiting_since: dict[bytes, float] = field(default_factory=dict)
    """Entry ID to seconds: since when it waits, under whichever nonce."""
    guests: dict[bytes, int] = field(default_factory=dict)
    """Group ID to the earliest last act of guests in it whose time runs, microseconds."""
    clock: int = 0
    """The record clock, microseconds."""

    def enter(self, entry: Entry, since: float) -> None:
        """Put an entry down; one that stands already is as old as it was."""
        entry_id = entry.entry_id
        self.outbox[entry_id] = entry
        self.waiting_since[entry_id] = min(since, self.waiting_since.get(entry_id, since))

    def drop(self, entry: Entry) -> float:
        """Take an entry away; since when it waited."""
        del self.outbox[entry.entry_id]
        return self.waiting_since.pop(entry.entry_id)


class Picture(Struct, frozen=True):
    """The state at one moment."""

    spaces: dict[str, Space]


class MemoryRedis:
    """One Redis server: its identity, its clock and its data."""

    def __init__(
        self,
        clock: Callable[[], float],
        identity: str = "memory-1",
        *,
        dawn: float = 0.0,
    ) -> None:
        """`clock`: seconds, never going back. `identity`: as fences name it; no colon. `dawn`:
        what time it is when the clock tells 0, seconds since the Unix epoch."""
        self.clock = clock
        self.dawn = dawn
        self.identity = identity
        self._spaces: dict[str, Space] = {}

    def space(self, name: str) -> Space:
        """The keys of a space as they stand now; an expired fence is gone."""
        space = self._spaces.setdefault(name, Space())
        if space.fence_until is not None and self.clock() >= space.fence_until:
            space.fence = space.fence_until = None
        return space

    def snapshot(self) -> Picture:
        """The data as of now, to come back to."""
        return Picture(deepcopy(self._spaces))

    def restore(self, picture: Picture, identity: str | None = None) -> None:
        """An older state comes back; on another server (a restart, a failover) if
        `identity` is given."""
        self._spaces = deepcopy(picture.spaces)
        self.identity = identity or self.identity

    def flush(self, identity: str | None = None) -> None:
        """All data is gone; with a restart if `identity` is given."""
        self.restore(Picture({}), identity)
