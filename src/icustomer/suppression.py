"""Suppressed identifiers at work: what of a batch must be resolved otherwise than it was read.

Asked after each loading. Whatever it answers with must be loaded anew.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from icustomer.core.change import Verdict
from icustomer.core.observation import Item, SuppressCommand
from icustomer.core.suppressing import (
    CARRIERS_AT_ONCE,
    NOTHING_LEFT,
    asks_for_index,
    has_suppressed,
    is_unfinished,
)
from icustomer.prepare import Prepare
from icustomer.store.limits import GROUP_ID_BYTES, INDEX_INCOMPLETE
from icustomer.store.port import Loaded, Store


class Suppression:
    """Looks at items beside what was loaded for them."""

    def __init__(self, store: Store, prepare: Prepare) -> None:
        self._store = store
        self._prepare = prepare

    async def look(self, items: Sequence[Item], loaded: Loaded) -> dict[int, Item | None]:
        """Items, by their place, to be resolved instead: events without what is suppressed
        (None: nothing is left), commands with what else they must load. Empty: all may be
        resolved as they are; the groups that a command must look at are in `loaded` then."""
        found: dict[int, Item | None] = {}
        if has_suppressed(loaded.links):
            for place, item in enumerate(items):
                other = self._prepare.stripped(item, loaded.links)
                if other is not item:
                    found[place] = other
        for place, item in enumerate(items):
            if isinstance(item, SuppressCommand):
                briefed = await self._brief(item, loaded)
                if briefed != item:
                    found[place] = briefed
        return found

    async def _brief(self, command: SuppressCommand, loaded: Loaded) -> SuppressCommand:
        """The command as it must be resolved beside what was loaded."""
        if not asks_for_index(command, loaded.links):
            link = loaded.links[command.digest]
            carriers = {link: loaded.groups[link]} if link else {}
            return self._prepare.briefed(command, (), carriers)
        members = await self._members(command.digest)
        if members is None:
            return self._prepare.briefed(command, None, {})
        blobs = await self._store.read(members)
        loaded.groups.update(blobs)
        return self._prepare.briefed(command, [each for each in members if each in blobs], blobs)

    async def _members(self, digest: bytes) -> list[bytes] | None:
        """Groups that carry it, and the one that tells that it is suppressed; None if there
        are more than the index names."""
        index = await self._store.index(digest)
        if INDEX_INCOMPLETE in index:
            return None
        carriers = sorted(each for each in index if len(each) == GROUP_ID_BYTES)
        return [digest, *carriers[:CARRIERS_AT_ONCE]]


def exchange(
    items: list[Item],
    verdicts: MutableMapping[int, Verdict],
    pending: Sequence[int],
    others: Mapping[int, Item | None],
) -> list[int]:
    """Put what `look` answered in place of items; give those their verdict of which nothing is
    left. The numbers of those still to be resolved."""
    again: list[int] = []
    for place, number in enumerate(pending):
        item = others.get(place, items[number])
        if item is None:
            verdicts.setdefault(number, NOTHING_LEFT)
        else:
            items[number] = item
            again.append(number)
    return again


def unfinished(
    items: Sequence[Item], numbers: Sequence[int], verdicts: Sequence[Verdict]
) -> list[int]:
    """The numbers of committed items that must be resolved once more."""
    judged = zip(numbers, verdicts, strict=True)
    return [number for number, verdict in judged if is_unfinished(items[number], verdict)]
