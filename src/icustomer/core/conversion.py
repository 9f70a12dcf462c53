"""Groups that were worked out under former rules, worked out anew under those in force.

A group is converted together with all that its identifiers now lead to. What comes of it is an
ordinary change: its evidence is what it was, so by law 1 the clusters are those of a space that had
the rules from the beginning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from icustomer.core.assembly import write_anew
from icustomer.core.burying import base_key, without_mark
from icustomer.core.carrying import connecting
from icustomer.core.change import MARKS, SHARED, Change, Note
from icustomer.core.grouping import Places, places_of
from icustomer.core.history import Cause
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group, number_of, version_after
from icustomer.core.part import Part
from icustomer.core.renewal import one_of_each
from icustomer.core.rules import Rules
from icustomer.core.sets import DisjointSets
from icustomer.core.uniting import united

BY_RULES = "rules"
"""`Cause.rule` of what new rules brought about."""
UNCHANGED = "matched"
"""Kind of the note of a customer of whom nothing changed but the way he is shown."""
REPUBLISHED = "republished"


class Waiting(Struct, frozen=True):
    """Groups that hang together under the rules in force, and what was read of them."""

    old: Sequence[Group]
    """Of former rules, read anew (see `renewal`)."""
    current: Sequence[Group]
    """Worked out under the rules in force: what identifiers of the old ones lead to."""
    links: Mapping[bytes, bytes | None]
    """What was read of every digest that `leading` names."""
    version: int
    """That all that is written will carry."""
    at: int
    """Microseconds: when the rules changed, for IDs that a split mints."""


def leading(group: Group, rules: Rules, keyring: Keyring) -> Iterator[bytes]:
    """Digests by which a group that was read anew is found before it is converted, and finds
    others: of whatever its facets may be connected by, of each facet itself, and of graves."""
    for facet in group.facets:
        yield facet.key
        if facet.erased_at:
            yield base_key(facet, keyring)
        for _, digest, _ in connecting(facet, rules, keyring):
            yield digest
    for grave in group.graves:
        yield grave.key
        yield from (digest for digest in grave.marks if digest in group.unshared)


class Read(Struct, frozen=True):
    """What was read to convert some groups."""

    old: Mapping[bytes, Group]
    """By ID, read anew."""
    current: Mapping[bytes, Group]
    """All that the links lead to besides, by ID."""
    links: Mapping[bytes, bytes | None]
    """Of every digest that `leading` names of the old ones."""
    epoch: int
    at: int
    indexes: Mapping[bytes, Collection[bytes]] = field(default_factory=dict)
    """Of what was freed and turned out to be shared under another form: all that carry it."""


def waiting_parts(read: Read, rules: Rules, keyring: Keyring) -> Iterator[Waiting]:
    """What must be converted in one change together: what leads to one another."""
    leads = {each: list(leading(group, rules, keyring)) for each, group in read.old.items()}
    joined: DisjointSets[bytes] = DisjointSets(read.old)
    carrier: dict[bytes, bytes] = {}
    for group_id, digests in leads.items():
        for digest in digests:
            link = read.links[digest]
            if link not in MARKS or digest in read.indexes:
                joined.union(carrier.setdefault(digest, group_id), group_id)
            if link is not None and link not in MARKS:
                joined.union(link, group_id)
            for member in read.indexes.get(digest, ()):
                joined.union(member, group_id)
    for found in joined.sets():
        old = [read.old[each] for each in found if each in read.old]
        current = [read.current[each] for each in found if each in read.current]
        highest = max(number_of(group.version) for group in (*old, *current))
        links = {digest: read.links[digest] for each in old for digest in leads[each.id]}
        yield Waiting(old, current, links, version_after(read.epoch, highest), read.at)


def convert(waiting: Waiting, rules: Rules, keyring: Keyring) -> Change:
    """The change that works the groups out anew."""
    former = _with_one_of_each([*waiting.current, *waiting.old])
    shared = [digest for digest, link in waiting.links.items() if link == SHARED]
    part = Part(former, shared, waiting.version, rules, keyring)
    for freed in part.marks.unshared:
        part.graves |= without_mark(part.graves, freed)
    cause = Cause(waiting.at, "", BY_RULES)
    # What was contested under former rules was told under those: all of it is news.
    part.recluster(cause, {})
    part.touched.update(_shown_anew(part, waiting.old))
    part.annotate(cause, {})
    change = Change(
        items=[],
        verdicts=[],
        read_groups={group.id: group.version for group in former},
        read_links=dict(waiting.links),
        version=waiting.version,
    )
    write_anew(part, change, _led(waiting, rules, keyring))
    change.notes = {each: _renamed(note) for each, note in change.notes.items()}
    return change


def _with_one_of_each(groups: Sequence[Group]) -> list[Group]:
    """A facet that got the key of another is one with it, wherever that stands; so is a grave."""
    facets: dict[bytes, Facet] = {}
    for group in groups:
        for facet in group.facets:
            known = facets.get(facet.key)
            facets[facet.key] = facet if known is None else united(known, facet)
    graves = {each.key: each for each in one_of_each(dug for one in groups for dug in one.graves)}
    return [
        replace(
            group,
            facets=[facets[facet.key] for facet in group.facets],
            graves=[graves[grave.key] for grave in group.graves],
        )
        for group in groups
    ]


def _shown_anew(part: Part, old: Sequence[Group]) -> Iterator[str]:
    """Former rules may have shown a customer otherwise: which value survives, and whether an
    identifier is blocked, shared or unverified."""
    known = {facet.key for group in old for facet in group.facets}
    asleep = {customer.id for group in old for customer in group.customers}
    for customer in part.named.customers:
        if customer.id in asleep or not known.isdisjoint(customer.facets):
            yield customer.id


def _led(waiting: Waiting, rules: Rules, keyring: Keyring) -> Places:
    """What leads to the groups before: links of the current ones as always; of the old ones
    those that were read. Nothing keeps an index of old ones."""
    places = places_of(waiting.current, rules, keyring)
    ours = {group.id for group in (*waiting.old, *waiting.current)}
    for digest, link in waiting.links.items():
        if link is not None and (link == SHARED or link in ours):
            places.links[digest] = link
    return places


def _renamed(note: Note) -> Note:
    return Note(REPUBLISHED) if note.kind == UNCHANGED else note
