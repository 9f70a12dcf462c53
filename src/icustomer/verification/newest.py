"""The newest record of each key of a compacted topic: its version, and a digest of what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from icustomer.verification.stamps import DIGEST_BITS

SEEN = 1
"""The lowest bit of what is remembered of a key."""
_DIGESTS = 1 << DIGEST_BITS


class Told(NamedTuple):
    """What a topic tells of one key."""

    version: int
    """Of the last record."""
    digest: int
    """Of what it says; 0 for a tombstone."""
    highest: int
    """The highest version of all its records: that of the last one, if law 5 holds."""

    @property
    def is_tombstone(self) -> bool:
        return not self.digest


class Newest:
    """What a topic tells, by key, and which keys were met elsewhere.

    One number a key: version, digest and the mark of having been seen. A million keys take some
    170 MB, whatever the records hold.
    """

    def __init__(self) -> None:
        self._told: dict[bytes, int] = {}
        self._highest: dict[bytes, int] = {}
        """Only of keys whose last record has not the highest version."""

    def take(self, key: bytes, version: int, digest: int) -> None:
        """The next record of a key; digest 0: a tombstone. It is unseen again."""
        former = self.of(key)
        self._told[key] = (version << DIGEST_BITS | digest) << 1
        if former is None:
            return
        if former.highest > version:
            self._highest[key] = former.highest
        else:
            self._highest.pop(key, None)

    def of(self, key: bytes) -> Told | None:
        """What is told of a key; None: nothing."""
        packed = self._told.get(key)
        if packed is None:
            return None
        version, digest = divmod(packed >> 1, _DIGESTS)
        return Told(version, digest, self._highest.get(key, version))

    def saw(self, key: bytes) -> None:
        """The key was met elsewhere."""
        packed = self._told.get(key)
        if packed is not None:
            self._told[key] = packed | SEEN

    def unseen(self) -> Iterator[bytes]:
        """Keys that were met nowhere else, and whose last record is no tombstone."""
        for key, packed in self._told.items():
            if not packed & SEEN and (packed >> 1) % _DIGESTS:
                yield key

    def __len__(self) -> int:
        return len(self._told)
