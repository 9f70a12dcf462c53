"""The figures that both stores share, each with its unit and its reason."""

from __future__ import annotations

LEASE_SECONDS = 15.0
"""How long a slot, or a pending fence, is held without being renewed. Longer than a stop of
the process that is no death (garbage collection, a busy host) and than its partitions take to
go to others; subscribers wait that long for the end of a transaction that the dead left open."""

SLOTS = 64
"""Transactional slots of a space, and so the most workers at a time."""

NO_SLOT = -1
"""Slot of outbox entries that a rebuild wrote: no producer can append anything under it."""

REBUILD_NONCE = "rebuild"
"""Nonce of those entries. It never leases a slot, so the next sweep takes them over."""

INDEX_LIMIT = 1_000
"""Groups that the index of one shared identifier names. `unshare` makes fewer one group in a
change (`MAX_GROUPS` of core/unsharing.py); lookups tell of more."""

INDEX_INCOMPLETE = b"+"
"""Member of an index that reached its limit. A group ID has 16 bytes, so it is never this."""

GROUP_ID_BYTES = 16
"""What tells a group ID from the mark of a shared link."""
