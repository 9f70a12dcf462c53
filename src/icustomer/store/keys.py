"""The names of a space's keys: all in one hash slot, so that one script may touch them all."""

from __future__ import annotations


class SpaceKeys:
    """Keys of one space. Digests, group IDs and customer IDs stand in them as they are."""

    def __init__(self, space: str) -> None:
        prefix = f"{{{space}}}:".encode()
        self.everything = prefix + b"*"
        """Pattern that finds every key of the space."""
        self.fence = prefix + b"fence"
        self.outbox = prefix + b"outbox"
        """Hash: entry ID to entry."""
        self.names = prefix + b"outbox-names"
        """Sorted set, all scores 0: name, a zero byte, entry ID. Finds the entries of a name."""
        self.slots = prefix + b"slots"
        """Hash: slot to end of the lease and nonce."""
        self.epoch = prefix + b"epoch"
        self.fixed = [self.fence, self.outbox, self.names, self.slots, self.epoch]
        """The first keys of every script, in this order."""
        self.spared = frozenset((self.fence, self.slots))
        """Outlast a wipe."""
        self._link = prefix + b"link:"
        self._group = prefix + b"group:"
        self._alias = prefix + b"alias:"
        self._index = prefix + b"index:"

    def link(self, digest: bytes) -> bytes:
        return self._link + digest

    def group(self, group_id: bytes) -> bytes:
        return self._group + group_id

    def alias(self, customer_id: str) -> bytes:
        return self._alias + customer_id.encode()

    def index(self, digest: bytes) -> bytes:
        return self._index + digest

    def named(self, name: bytes) -> bytes:
        """Key of a name of an outbox entry: `g<group ID>` or `c<customer ID>`."""
        return (self._group if name[:1] == b"g" else self._alias) + name[1:]
