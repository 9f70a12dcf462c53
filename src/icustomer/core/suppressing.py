"""Suppressed identifiers: what an event is without them, and what taking one out asks for.

The link of such an identifier tells that it is suppressed, so whoever loads an event's links
knows. Without it the event is another claim, whose links are loaded then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from msgspec.structs import replace

from icustomer.core.change import MARKS, SUPPRESSED, Outcome, Verdict
from icustomer.core.composites import derived
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group, Identifier
from icustomer.core.observation import Item, Observation, SuppressCommand
from icustomer.core.rules import Rules

NOTHING_LEFT = Verdict(Outcome.SUPPRESSED, "identifier")
"""Of an event that was about suppressed identifiers alone."""
MOST_SUPPRESSED = 4
"""Suppressed identifiers in one event. Each may have been there or not when its claim was
erased, so that 16 graves are asked for; an event with more is dropped, for no person is
suppressed that often."""
CARRIERS_AT_ONCE = 200
"""Groups that one change takes an identifier out of: some 400 kB, and 20 ms of Redis' time."""
TOO_MANY = (
    "it is shared, and stands in more groups than its index names: "
    "it is nobody's own, and can be blocked by the rules"
)


def has_suppressed(links: Mapping[bytes, bytes | None]) -> bool:
    """Whether any of the links read is that of a suppressed identifier."""
    return SUPPRESSED in links.values()


def stripped(
    item: Item, links: Mapping[bytes, bytes | None], rules: Rules, keyring: Keyring
) -> Item | None:
    """The item as it is if it has no suppressed identifier; else without them, or None if
    nothing is left of it to tell who it is about."""
    if not isinstance(item, Observation):
        return item
    stated = item.digests[: len(item.identifiers)]
    gone = [digest for digest in stated if links.get(digest) == SUPPRESSED]
    if not gone:
        return item
    if len(gone) > MOST_SUPPRESSED:
        return None
    return _without(item, frozenset(gone), rules, keyring)


def _without(
    item: Observation, gone: frozenset[bytes], rules: Rules, keyring: Keyring
) -> Observation | None:
    told = list(zip(item.identifiers, item.digests, strict=False))
    left = tuple(identifier for identifier, digest in told if digest not in gone)
    lost = [identifier for identifier, digest in told if digest in gone]
    kept = replace(
        item,
        identifiers=left,
        digests=tuple(digest for _, digest in told if digest not in gone),
        facet_key=keyring.facet(left, item.name, item.birth_date),
        former_keys=item.former_keys + tuple(_former_keys(item, left, lost, keyring)),
    )
    if rules.composites:
        made = tuple([digest for _, digest in derived(kept, rules, keyring)])
        kept = replace(kept, digests=kept.digests + made)
    return kept if kept.digests else None


def _former_keys(
    item: Observation, left: Sequence[Identifier], lost: Sequence[Identifier], keyring: Keyring
) -> Iterator[bytes]:
    """Keys of the claim with any of the lost identifiers still in it."""
    for count in range(1, len(lost) + 1):
        for more in combinations(lost, count):
            claimed = sorted((*left, *more), key=lambda each: (each.kind, each.value))
            yield keyring.facet(tuple(claimed), item.name, item.birth_date)


# -- the command ---------------------------------------------------------------------------


def indexes_to_empty(items: Sequence[Item], links: Mapping[bytes, bytes | None]) -> list[bytes]:
    """Digests of identifiers to be suppressed whose carriers are told by an index, not by the
    link."""
    return [
        item.digest
        for item in items
        if isinstance(item, SuppressCommand) and links.get(item.digest) in MARKS
    ]


def briefed(
    command: SuppressCommand,
    members: Sequence[bytes] | None,
    groups: Iterable[Group],
    keyring: Keyring,
) -> SuppressCommand:
    """The command with all that must be loaded to carry it out.

    `members`: groups that the index names, as many as are looked at in one go; None: it names
    not all. `groups`: those that carry the identifier, by its link or by the index.
    """
    if members is None:
        return replace(command, refusal=TOO_MANY)
    claims = {
        keyring.facet(left, facet.name, facet.birth_date)
        for group in groups
        for facet in group.facets
        if (left := remaining(facet, command.digest, keyring)) != facet.identifiers
    }
    return replace(command, carriers=tuple(members), claims=tuple(sorted(claims)))


def remaining(facet: Facet, digest: bytes, keyring: Keyring) -> tuple[Identifier, ...]:
    """The identifiers of a facet without one of them."""
    return tuple(
        each for each in facet.identifiers if keyring.identifier(each.kind, each.value) != digest
    )


def portion(items: Sequence[Item]) -> int:
    """How many of the items are resolved together: such a command is alone, for what comes
    after it must be loaded once it took effect."""
    for number, item in enumerate(items):
        if isinstance(item, SuppressCommand):
            return max(number, 1)
    return len(items)


def is_unfinished(item: Item, verdict: Verdict) -> bool:
    """Whether an item that was committed must be resolved again: there may be more carriers."""
    done = (Outcome.DUPLICATE, Outcome.DEAD_LETTERED)
    return isinstance(item, SuppressCommand) and verdict.outcome not in done
