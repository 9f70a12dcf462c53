"""The working state back from the changelog, after Redis' history was cut.

The changelog is the truth. One worker at a time claims the rebuild; the claim stands in the
log itself, so that nobody believes a fence that an older rebuild set.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct, field

from icustomer.core.keys import Keyring
from icustomer.core.model import Group, epoch_of
from icustomer.core.rules import Rules
from icustomer.errors import RetryError, UnavailableError
from icustomer.store.codec import decode, encode
from icustomer.store.port import Claim, Restored, Store
from icustomer.store.restore import restored
from icustomer.stream.port import ChangelogRecord, Log

GROUPS_A_SCRIPT = 200
"""Groups that one script call writes: some 200 kB, a few milliseconds of Redis' time."""
RENEW_EVERY = 10_000
"""Changelog records between two renewals of the pending fence: well below a second."""


class Key(Struct):
    """What was read of one group: its newest version, and whom all of them named."""

    version: int
    blob: bytes | None
    versions: int = 1
    customer_ids: dict[str, None] = field(default_factory=dict)


class Rebuild:
    """Claims, reads the changelog to its end, and writes what it says."""

    def __init__(self, store: Store, log: Log, rules: Rules, keyring: Keyring) -> None:
        self._store = store
        self._log = log
        self._rules = rules
        self._keyring = keyring

    async def run(self, nonce: str) -> None:
        """Rebuild the working state under a nonce of its own.

        Raises `UnavailableError` if another is rebuilding or has claimed to since, and
        `HistoryCutError` if the pending fence was lost on the way.
        """
        if not await self._store.begin_rebuild(nonce):
            raise UnavailableError("another worker is rebuilding the working state")
        try:
            await self._rebuild(nonce)
        except RetryError:
            await self._abandon(nonce)
            raise

    async def _abandon(self, nonce: str) -> None:
        """Whoever tries next, this worker too, need not wait for the lease of this try."""
        with suppress(RetryError):
            await self._store.abandon_rebuild(nonce)

    async def _rebuild(self, nonce: str) -> None:
        last = await self._log.last_claim()
        claim = await self._claim((last.number if last else 0) + 1, nonce)
        await self._log.initialise_all()
        keys = await self._read(nonce)
        highest = max((epoch_of(key.version) for key in keys.values()), default=0)
        if highest >= claim.number:
            # The last claim was a late one, of a rebuild that others had overtaken.
            claim = await self._claim(highest + 1, nonce)
        if await self._log.last_claim() != claim:
            raise UnavailableError("another worker claimed the rebuild")
        await self._store.wipe(nonce)
        entries = await self._write(nonce, keys)
        await self._store.finish_rebuild(nonce, claim, entries)

    async def _claim(self, number: int, nonce: str) -> Claim:
        claim = Claim(number, nonce)
        await self._log.write_claim(claim)
        return claim

    async def _read(self, nonce: str) -> dict[bytes, Key]:
        """The newest version of every group in the changelog, tombstones included."""
        keys: dict[bytes, Key] = {}
        number = 0
        async for record in self._log.changelog():
            known = keys.get(record.group_id)
            keys[record.group_id] = _later(known, record) if known else _first(record)
            number += 1
            if number % RENEW_EVERY == 0:
                await self._renew(nonce)
        return keys

    async def _renew(self, nonce: str) -> None:
        if not await self._store.begin_rebuild(nonce):
            raise UnavailableError("another worker took the rebuild over")

    async def _write(
        self, nonce: str, keys: dict[bytes, Key]
    ) -> list[tuple[dict[bytes, int], list[str]]]:
        """Write the groups, the newest first; the outbox entries of what must be published."""
        entries: list[tuple[dict[bytes, int], list[str]]] = []
        taken: set[bytes] = set()
        waiting: list[Restored] = []
        for group_id, key in sorted(keys.items(), key=lambda item: -item[1].version):
            group = decode(key.blob) if key.blob else None
            kept = _without(group, taken) if group else None
            if kept is not group or key.versions > 1:
                entries.append(({group_id: key.version}, list(key.customer_ids)))
            if kept is None:
                continue
            taken.update(facet.key for facet in kept.facets)
            blob = encode(kept)
            waiting.append(restored(kept, blob, self._rules, self._keyring))
            if len(waiting) == GROUPS_A_SCRIPT:
                await self._store.restore(nonce, waiting)
                waiting = []
        await self._store.restore(nonce, waiting)
        return entries


def _first(record: ChangelogRecord) -> Key:
    return Key(record.version, record.blob, 1, dict.fromkeys(_ids(record.blob)))


def _later(known: Key, record: ChangelogRecord) -> Key:
    newer = record if record.version >= known.version else known
    ids = known.customer_ids | dict.fromkeys(_ids(record.blob))
    return Key(newer.version, newer.blob, known.versions + 1, ids)


def _ids(blob: bytes | None) -> Iterator[str]:
    if blob is None:
        return
    group = decode(blob)
    yield from (customer.id for customer in group.customers)
    yield from (retired.id for retired in group.retired)


def _without(group: Group, taken: set[bytes]) -> Group | None:
    """The group without facets that a group of a higher version holds; None if none is left.

    Publishing groups together makes this impossible; it is kept so that no facet could ever
    stand in two groups.
    """
    facets = [facet for facet in group.facets if facet.key not in taken]
    if len(facets) == len(group.facets):
        return group
    keys = {facet.key for facet in facets}
    if not keys:
        return None
    customers = [each for each in group.customers if keys.issuperset(each.facets)]
    return Group(
        id=group.id if group.id in keys else facets[0].key,
        version=group.version,
        facets=facets,
        customers=customers,
        retired=[each for each in group.retired if each.anchor in keys],
        overrides=group.overrides,
        shared=group.shared,
        unshared=group.unshared,
        decisions=group.decisions,
    )
