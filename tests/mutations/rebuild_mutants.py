"""Deliberate bugs in the steps that bring the working state back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from icustomer import replay
from icustomer.rebuild import Rebuild, Rebuilt
from icustomer.replay import Key
from icustomer.store.memory import MemoryStore
from icustomer.stream.memory import MemoryLog
from icustomer.stream.port import FROM_THE_BEGINNING, ChangelogRecord


def slots_not_initialised_in_a_rebuild(patch: pytest.MonkeyPatch) -> None:
    """Workers of the old epoch may still append while the changelog is read."""

    async def nothing(_self: MemoryLog) -> None:
        return

    patch.setattr(MemoryLog, "initialise_all", nothing)


def rebuild_that_does_not_wipe(patch: pytest.MonkeyPatch) -> None:
    async def nothing(self: MemoryStore, nonce: str) -> None:
        self._space_in_rebuild(nonce)

    patch.setattr(MemoryStore, "wipe", nothing)


def tombstones_ignored(patch: pytest.MonkeyPatch) -> None:
    read = MemoryLog.changelog

    async def groups_only(
        self: MemoryLog, since: Mapping[int, int] = FROM_THE_BEGINNING
    ) -> AsyncIterator[ChangelogRecord]:
        async for record in read(self, since):
            if record.blob is not None:
                yield record

    patch.setattr(MemoryLog, "changelog", groups_only)


def versions_not_compared(patch: pytest.MonkeyPatch) -> None:
    """The last record of a group is taken for the newest."""

    async def stage(
        self: MemoryStore, nonce: str, values: Mapping[bytes, bytes]
    ) -> dict[bytes, bytes]:
        space = self._space_in_rebuild(nonce)
        former = {each: space.groups[each] for each in values if each in space.groups}
        space.groups.update(values)
        return former

    def add(self: Key, value: bytes) -> None:
        self.earlier_ids.update(dict.fromkeys(replay._customer_ids(self.value)))
        self.records += 1
        self.value = value

    patch.setattr(MemoryStore, "stage", stage)
    patch.setattr(Key, "add", add)


def nothing_to_publish_after_a_rebuild(patch: pytest.MonkeyPatch) -> None:
    """What stands in the log more than once is believed to be published in order."""
    patch.setattr(replay, "_entries_of_noted", lambda _portion, _standing: [])
    patch.setattr(replay, "_entries_of_keys", lambda _portion, _standing: [])


def pending_fence_not_checked(patch: pytest.MonkeyPatch) -> None:
    """A rebuilder that was overtaken goes on writing."""
    patch.setattr(MemoryStore, "_space_in_rebuild", lambda self, _nonce: self._space)


# -- from a checkpoint -----------------------------------------------------------------


def checkpoint_raised_too_early(patch: pytest.MonkeyPatch) -> None:
    """Epoch and checkpoint are written before what they vouch for."""
    shortest = Rebuild._shortest

    async def vouched(self: Rebuild, begun: Any) -> Rebuilt:
        space = self._store._store._space_in_rebuild(begun.nonce)
        space.epoch, space.checkpoint = begun.claim, begun.end
        return await shortest(self, begun)

    patch.setattr(Rebuild, "_shortest", vouched)
