"""A customer within its group, with all that is needed to explain it worked out once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from icustomer.contracts.explained_identifiers import (
    ClaimedIdentifier,
    DerivedIdentifier,
    KnownIdentifier,
    Underived,
)
from icustomer.contracts.explanation import Claim, Told, Word, WrittenName
from icustomer.core.explaining import Trace
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Facet, Group, Identifier, Override
from icustomer.core.naming import merged_from
from icustomer.core.rules import Rules
from icustomer.core.times import rfc3339
from icustomer.explanation.hubs import Hub, Hubs, exceeded, figures, hub_of, limit_of
from icustomer.explanation.identifiers import Identifiers, Name

COMMANDS: Mapping[str, Any] = {"must": "merge", "cannot": "split", "void": "undone"}
"""Kind of an override to the command that it is."""
NO_HUBS: Hubs = {}
"""Nobody looked at other groups."""


class Evidence:
    """One group as it stands, and the clustering that makes its customers.

    `hubs`: who states its shared identifiers, of all groups; what is not in there is taken from
    the group alone.
    """

    def __init__(self, group: Group, rules: Rules, keyring: Keyring, hubs: Hubs = NO_HUBS) -> None:
        self.group = group
        self.rules = rules
        self.identifiers = Identifiers(group, rules, keyring)
        self.facets = {facet.key: facet for facet in group.facets}
        self.customers = {key: each for each in group.customers for key in each.facets}
        """Facet key to its customer."""
        self._keyring = keyring
        self._hubs = hubs

    @cached_property
    def trace(self) -> Trace:
        return Trace(self.group, self.rules, self._keyring)

    @property
    def current(self) -> bool:
        """Whether the rules in force make the customers that stand."""
        made = {each.facets for each in self.trace.clusters if each.resolved}
        stand = {each.facets for each in self.group.customers if each.status != "unresolved"}
        return made == stand

    # -- identifiers -------------------------------------------------------------------

    def known(self, kind: str, digest: bytes) -> KnownIdentifier | None:
        """The identifier that a digest stands for; None without a digest."""
        return self.identifiers.known(kind, digest)

    def use(self, facet: Facet, identifier: Identifier) -> Any:
        """What an identifier does where a facet states it."""
        name = identifier.kind, self.identifiers.digest(identifier)
        customer = self.customers.get(facet.key)
        if customer is not None:
            return self.identifiers.uses(customer)[name]
        not_used = self.identifiers.not_used(identifier)
        if not_used is None or not_used.because == "unverified":
            return self._use(facet, name) or "unverified"
        return "blocked"

    def derived(self, facet: Facet) -> Iterator[DerivedIdentifier]:
        """What the rules make of several fields of a facet."""
        for digest, known in self.identifiers.derived(facet).items():
            use: Any = self._use(facet, (known.kind, digest))
            yield DerivedIdentifier(**dict(known), use=use)

    def _use(self, facet: Facet, name: Name) -> str | None:
        """What something does that nobody blocks; None if it joins nobody there."""
        if name[1] in self.group.shared:
            return "shared"
        if name not in self.trace.usable(facet.key):
            return None
        mine = self.customers.get(facet.key)
        claimants = self._claimants[name]
        return "contested" if claimants - {mine.id if mine else ""} else "match"

    @cached_property
    def _claimants(self) -> dict[Name, set[str]]:
        """Usable identifiers to the resolved customers that claim them."""
        found: dict[Name, set[str]] = defaultdict(set)
        for key, customer in self.customers.items():
            if customer.status != "unresolved":
                for name in self.trace.usable(key):
                    found[name].add(customer.id)
        return found

    # -- shared ones -------------------------------------------------------------------

    def mark(self, kind: str, digest: bytes) -> dict[str, Any]:
        """Why an identifier belongs to many: the fields of a `Mark`."""
        seen = figures(kind, self._hubs.get(digest) or self._own_hub(digest), self.rules)
        told = [
            each
            for each in self.group.decisions
            if each.type == "identifier_shared" and each.digest == digest
        ]
        mark = told[-1] if told else None
        rule = (mark and mark.rule) or exceeded(kind, seen, self.rules)
        return {
            "rule": rule,
            "limit": limit_of(rule, kind, self.rules) if rule else None,
            "figures": seen,
            "at": rfc3339(mark.at) if mark else None,
            "event_id": (mark.event_id or None) if mark else None,
        }

    def _own_hub(self, digest: bytes) -> Hub:
        """Those of this group alone: there may be others."""
        return hub_of([self.group], digest, self.rules, self._keyring, is_all=False)

    # -- what everybody tells ----------------------------------------------------------

    def words(self, keys: Collection[bytes]) -> list[Word]:
        """The commands that name one of the facets, oldest first."""
        wanted = frozenset(keys)
        named = [
            each
            for each in self.group.overrides
            if not wanted.isdisjoint(each.rest)
            or any(not wanted.isdisjoint(side) for side in each.sides)
        ]
        return [word_of(each) for each in sorted(named, key=lambda each: each.stamp)]

    def word(self, stamp: tuple[int, str] | None) -> Word | None:
        """The command with a stamp."""
        found = (each for each in self.group.overrides if each.stamp == stamp)
        return next((word_of(each) for each in found), None)


class Claims:
    """Numbers the claims that a document tells of, and tells each of them."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._told: list[Claim] = []

    def add(self, evidence: Evidence, keys: Iterable[bytes]) -> None:
        """Add facets, the oldest first; those that are there already stay where they are."""
        facets = (evidence.facets[key] for key in keys if key not in self._numbers)
        for facet in sorted(facets, key=lambda each: (each.founded_at, each.key)):
            self._numbers[facet.key] = len(self._numbers) + 1
            self._told.append(_claim(self._numbers[facet.key], facet, evidence))

    def number(self, key: bytes) -> int:
        return self._numbers[key]

    @property
    def told(self) -> tuple[Claim, ...]:
        return tuple(self._told)


def word_of(override: Override) -> Word:
    """A command as explanations tell it."""
    return Word(
        command=COMMANDS[override.kind],
        event_id=override.event_id,
        at=rfc3339(override.at),
        customer_ids=override.customer_ids,
    )


def written_name(facet: Facet) -> WrittenName | None:
    """The name as the facet's latest event wrote it."""
    name = facet.raw_name
    if not (name.given or name.family or name.full):
        return None
    return WrittenName(given=name.given, family=name.family, full=name.full)


def name_text(name: WrittenName | None) -> str:
    """A name on one line."""
    if name is None:
        return "no name"
    return " ".join(filter(None, (name.given, name.family))) or name.full or "no name"


def ids_at(group: Group, key: bytes) -> tuple[str, ...]:
    """The customer IDs that hang on a facet, the oldest first."""
    ages = [(each.founded_at, each.id) for each in group.customers if each.anchor == key]
    ages += [(each.founded_at, each.id) for each in group.retired if each.anchor == key]
    return tuple(customer_id for _, customer_id in sorted(ages))


def retired_of(group: Group, customer: Customer) -> list[tuple[str, str]]:
    """(retired ID, what it redirects to) of those that lead to the customer, newest first."""
    found = merged_from(group.customers, group.retired).get(customer.id, ())
    return [(each.id, each.merged_into) for each in found]


def _claim(number: int, facet: Facet, evidence: Evidence) -> Claim:
    customer = evidence.customers.get(facet.key)
    source, event_id = facet.founded_by
    return Claim(
        number=number,
        customer_id=customer.id if customer else None,
        ids=ids_at(evidence.group, facet.key),
        name=written_name(facet),
        birth_date=facet.birth_date,
        identifiers=tuple(
            ClaimedIdentifier(
                kind=each.kind,
                value=each.value,
                written=each.raw,
                extension=each.extension or None,
                verified=each.verified,
                use=evidence.use(facet, each),
                not_used=evidence.identifiers.not_used(each),
            )
            for each in facet.identifiers
        ),
        derived=tuple(evidence.derived(facet)),
        underived=tuple(
            Underived(kind=kind, not_used=reason)
            for kind, reason in evidence.identifiers.underived(facet).items()
        ),
        first_seen=rfc3339(facet.first_seen),
        last_seen=rfc3339(facet.last_seen),
        sources=facet.sources,
        founded_at=rfc3339(facet.founded_at),
        founded_by=Told(source=source, event_id=event_id),
        records=dict(sorted(facet.applied.items())),
    )
