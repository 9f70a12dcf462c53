"""A customer within its group, with all that is needed to explain it worked out once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from icustomer.contracts.explanation import (
    Claim,
    ClaimedIdentifier,
    KnownIdentifier,
    Told,
    Word,
    WrittenName,
)
from icustomer.core.explaining import Trace
from icustomer.core.fold import profile
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Facet, Group, Identifier, Override
from icustomer.core.naming import merged_from
from icustomer.core.rules import Match, Rules
from icustomer.core.times import rfc3339

COMMANDS: Mapping[str, Any] = {"must": "merge", "cannot": "split", "void": "undone"}
"""Kind of an override to the command that it is."""
_LISTS = ("emails", "phones", "accounts", "identifiers")


class Evidence:
    """One group as it stands, and the clustering that makes its customers."""

    def __init__(self, group: Group, rules: Rules, keyring: Keyring) -> None:
        self.group = group
        self.rules = rules
        self.keyring = keyring
        self.facets = {facet.key: facet for facet in group.facets}
        self.customers = {key: each for each in group.customers for key in each.facets}
        """Facet key to its customer."""
        self._uses: dict[str, dict[tuple[str, bytes], str]] = {}

    @cached_property
    def trace(self) -> Trace:
        return Trace(self.group, self.rules, self.keyring)

    @property
    def current(self) -> bool:
        """Whether the rules in force make the customers that stand."""
        made = {each.facets for each in self.trace.clusters if each.resolved}
        stand = {each.facets for each in self.group.customers if each.status != "unresolved"}
        return made == stand

    # -- identifiers -------------------------------------------------------------------

    def digest(self, identifier: Identifier) -> bytes:
        return self.keyring.identifier(identifier.kind, identifier.value)

    @cached_property
    def _values(self) -> dict[bytes, str]:
        return {
            self.digest(identifier): identifier.value
            for facet in self.group.facets
            for identifier in facet.identifiers
        }

    def known(self, kind: str, digest: bytes) -> KnownIdentifier | None:
        """The identifier that a digest stands for; None without a digest."""
        if not digest:
            return None
        return KnownIdentifier(kind=kind, value=self._values.get(digest), digest=digest.hex())

    def uses(self, customer: Customer) -> dict[tuple[str, bytes], str]:
        """(kind, digest) to what the identifier does for the customer, as its profile says."""
        if customer.id not in self._uses:
            shown = profile(self.group, customer, self.rules, self.keyring)
            stated = [entry for name in _LISTS for entry in shown[name]]
            self._uses[customer.id] = {
                (kind, self.keyring.identifier(kind, _value(entry))): entry["use"]
                for entry in stated
                for kind in [_kind(entry)]
            }
        return self._uses[customer.id]

    def use(self, facet: Facet, identifier: Identifier) -> Any:
        """What an identifier does where a facet states it."""
        name = identifier.kind, self.digest(identifier)
        customer = self.customers.get(facet.key)
        if customer is not None:
            return self.uses(customer)[name]
        if name in self.trace.usable(facet.key):
            return "contested"
        if name[1] in self.group.shared:
            return "shared"
        rule = self.rules.kinds.get(identifier.kind)
        is_unproved = rule is not None and rule.match is Match.VERIFIED and not identifier.verified
        return "unverified" if is_unproved else "blocked"

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
            )
            for each in facet.identifiers
        ),
        first_seen=rfc3339(facet.first_seen),
        last_seen=rfc3339(facet.last_seen),
        sources=facet.sources,
        founded_at=rfc3339(facet.founded_at),
        founded_by=Told(source=source, event_id=event_id),
        records=dict(sorted(facet.applied.items())),
    )


def _kind(entry: Mapping[str, Any]) -> str:
    if "canonical" in entry:
        return "email"
    if "service" in entry:
        return "account"
    return str(entry.get("kind", "phone"))


def _value(entry: Mapping[str, Any]) -> str:
    if "service" in entry:
        service = entry["service"].replace("%", "%25").replace("/", "%2F")
        return f"{service}/{entry['number']}"
    return str(entry["canonical"] if "canonical" in entry else entry["value"])
