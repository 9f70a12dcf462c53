"""A person's word that an identifier is no shared one, whatever is seen with it.

Its carriers may stand in any number of groups, and become one group in one step: all of them
are read, unless they are too many. The mark is kept by the group that holds the carriers, or
by a group of its own while there are none; docs/decisions/0140-unshared-is-kept-by-groups.md
argues for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from icustomer.core.burying import without_mark
from icustomer.core.carrying import digests
from icustomer.core.change import SHARED, Outcome, Verdict
from icustomer.core.history import Cause
from icustomer.core.naming import Named
from icustomer.core.observation import Item, UnshareCommand
from icustomer.core.part import Part

MAX_GROUPS = 200
"""Groups that one command makes one, and that are read for it: as many as the facets that may
carry an identifier before it is taken for shared."""
MAX_FACETS = 1_000
"""Facets of the group that comes of it: above that, by the usual rules, a group gives up what
holds it together, which this identifier never would."""


def indexes_needed(items: Sequence[Item], links: Mapping[bytes, bytes | None]) -> list[bytes]:
    """Digests of shared identifiers whose carriers must all be read, given the links."""
    return [
        item.digest
        for item in items
        if isinstance(item, UnshareCommand) and links.get(item.digest) == SHARED
    ]


def unshare(part: Part, command: UnshareCommand) -> Verdict:
    """Free the identifier in a part that holds all groups with carriers of it."""
    digest = command.digest
    if digest in part.kept_out or digest in part.suppressed:
        return _refused("the identifier was suppressed, and nobody is matched by it any more")
    if digest in part.marks.unshared:
        part.replayed = True
        return Verdict(Outcome.DUPLICATE, "applied")
    if digest in part.scattered:
        return _refused(f"more than {MAX_GROUPS:,} groups of claims carry the identifier")
    facets = _facets_to_join(part, digest)
    if facets > MAX_FACETS:
        return _refused(f"it would make one group of {facets:,} claims, {MAX_FACETS:,} at most")
    _free(part, command)
    return _verdict(part.named, facets)


def _refused(detail: str) -> Verdict:
    return Verdict(Outcome.DEAD_LETTERED, "refused_command", detail)


def _facets_to_join(part: Part, digest: bytes) -> int:
    """How many facets hang together once the identifier joins again."""
    carrying = {
        key
        for key, facet in part.facets.items()
        if digest in digests(facet, part.rules, part.keyring)
    }
    return sum(len(keys) for keys in part.components() if not carrying.isdisjoint(keys))


def _free(part: Part, command: UnshareCommand) -> None:
    cause = Cause(
        command.origin.recorded_at,
        command.event_id,
        "unshare",
        kind=command.kind,
        digest=command.digest,
    )
    contested = part.history.standing()
    part.marks.free(command.digest)
    part.graves |= without_mark(part.graves, command.digest)
    part.recluster(cause, contested)
    part.touched |= part.history.record_unshared(cause)
    part.annotate(cause, {})


def _verdict(named: Named, facets: int) -> Verdict:
    if named.merges:
        return Verdict(Outcome.MERGED)
    if named.splits:
        return Verdict(Outcome.SPLIT)
    if named.minted:
        return Verdict(Outcome.CREATED)
    return Verdict(Outcome.MATCHED) if facets else Verdict(Outcome.MATCHED, "not_seen_yet")
