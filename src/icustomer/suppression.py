"""Suppressed identifiers at work: what of a batch must be resolved otherwise than it was read.

Asked after each loading. Whatever it answers with must be loaded anew.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from icustomer.core.change import Verdict
from icustomer.core.observation import Item, SuppressCommand
from icustomer.core.suppressing import NOTHING_LEFT, has_suppressed, is_unfinished
from icustomer.prepare import Prepare
from icustomer.store.port import Loaded


def replacements(prepare: Prepare, items: Sequence[Item], loaded: Loaded) -> dict[int, Item | None]:
    """Items, by their place, to be resolved instead: events without what is suppressed (None:
    nothing is left), commands with what else they must load. Empty: all may be resolved as they
    are."""
    found: dict[int, Item | None] = {}
    if has_suppressed(loaded.links):
        for place, item in enumerate(items):
            other = prepare.stripped(item, loaded.links)
            if other is not item:
                found[place] = other
    for place, item in enumerate(items):
        if isinstance(item, SuppressCommand):
            briefed = _briefed(prepare, item, loaded)
            if briefed != item:
                found[place] = briefed
    return found


def _briefed(prepare: Prepare, command: SuppressCommand, loaded: Loaded) -> SuppressCommand:
    """The command as it must be resolved beside what was loaded."""
    digest, groups = command.digest, loaded.groups
    if digest not in loaded.carriers:
        link = loaded.links[digest]
        return prepare.briefed(command, (), {link: groups[link]} if link else {})
    members = loaded.carriers[digest]
    carrying = {each: groups[each] for each in members or ()}
    return prepare.briefed(command, members, carrying)


def exchange(
    items: list[Item],
    verdicts: MutableMapping[int, Verdict],
    pending: Sequence[int],
    others: Mapping[int, Item | None],
) -> list[int]:
    """Put replacements in place of items; give those their verdict of which nothing is left.
    The numbers of those still to be resolved."""
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
