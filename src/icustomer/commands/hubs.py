"""Reads who states the shared identifiers of customers: their carriers lie in many groups."""

from __future__ import annotations

from icustomer.commands.finding import Found, ReadGroups
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.explanation.hubs import Hub, hub_of
from icustomer.explanation.identifiers import Identifiers
from icustomer.store.codec import decode
from icustomer.store.limits import GROUP_ID_BYTES, INDEX_INCOMPLETE
from icustomer.store.port import Store


class HubReader:
    """Reads each shared identifier once, however many customers state it."""

    def __init__(self, store: Store, groups: ReadGroups, keyring: Keyring, rules: Rules) -> None:
        self._store = store
        self._groups = groups
        self._keyring = keyring
        self._rules = rules
        self._known: dict[bytes, Hub] = {}

    async def of(self, found: Found) -> dict[bytes, Hub]:
        """By digest, for all shared identifiers of a customer."""
        identifiers = Identifiers(found.group, self._rules, self._keyring)
        digests = {digest for _, digest in identifiers.marked(found.customer)}
        for digest in digests - self._known.keys():
            self._known[digest] = await self._read(digest)
        return {digest: self._known[digest] for digest in digests}

    async def _read(self, digest: bytes) -> Hub:
        index = await self._store.index(digest)
        named = sorted(each for each in index if len(each) == GROUP_ID_BYTES)
        groups = [decode(blob) for blob in await self._groups(named) if blob is not None]
        is_all = INDEX_INCOMPLETE not in index
        return hub_of(groups, digest, self._rules, self._keyring, is_all=is_all)
