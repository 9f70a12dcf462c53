"""The identifiers of a group: their values or parts, what they do, and why some do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from icustomer.contracts.explained_identifiers import KnownIdentifier, NotUsed, Part
from icustomer.core.carrying import connecting
from icustomer.core.composites import claimed_for, combined
from icustomer.core.fold import profile
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Facet, Group, Identifier
from icustomer.core.rules import Match, Rules

Name = tuple[str, bytes]
"""(kind, digest)."""
Claimed = tuple[KnownIdentifier, NotUsed | None]
"""An identifier, and why it joins nobody."""
_LISTS = ("emails", "phones", "accounts", "identifiers")


class Identifiers:
    """What is stated in one group, and what the rules make of it."""

    def __init__(self, group: Group, rules: Rules, keyring: Keyring) -> None:
        self._group = group
        self._rules = rules
        self._keyring = keyring
        self._facets = {facet.key: facet for facet in group.facets}
        self._uses: dict[str, dict[Name, str]] = {}

    # -- what they are ---------------------------------------------------------------------

    def digest(self, identifier: Identifier) -> bytes:
        return self._keyring.identifier(identifier.kind, identifier.value)

    @cached_property
    def _known(self) -> dict[bytes, KnownIdentifier]:
        known = {
            digest: KnownIdentifier(kind=each.kind, value=each.value, digest=digest.hex())
            for facet in self._group.facets
            for each in facet.identifiers
            for digest in [self.digest(each)]
        }
        for facet in self._group.facets:
            known |= self.derived(facet)
        return known

    def known(self, kind: str, digest: bytes) -> KnownIdentifier | None:
        """The identifier that a digest stands for; None without a digest."""
        if not digest:
            return None
        return self._known.get(digest) or KnownIdentifier(kind=kind, digest=digest.hex())

    def derived(self, facet: Facet) -> dict[bytes, KnownIdentifier]:
        """What the rules make of several fields of a facet, by digest; strongest kind first."""
        blocks = self._rules.blocklist.blocks
        made = combined(facet, self._rules.composites, blocks)
        return dict(self._made(kind, values) for kind, values in made)

    def _made(self, kind: str, values: tuple[str, ...]) -> tuple[bytes, KnownIdentifier]:
        digest = self._keyring.derived(kind, values)
        parts = tuple(
            Part(part=part, value=value)
            for part, value in zip(self._rules.kinds[kind].parts, values, strict=True)
        )
        return digest, KnownIdentifier(kind=kind, parts=parts, digest=digest.hex())

    def profile(self, customer: Customer) -> dict[str, Any]:
        """As subscribers see the customer."""
        return profile(self._group, customer, self._rules, self._keyring)

    # -- what they do ----------------------------------------------------------------------

    def uses(self, customer: Customer) -> dict[Name, str]:
        """What each stated identifier does for the customer, as its profile says."""
        if customer.id not in self._uses:
            shown = self.profile(customer)
            stated = [entry for name in _LISTS for entry in shown[name]]
            self._uses[customer.id] = {
                (kind, self._keyring.identifier(kind, _value(entry))): entry["use"]
                for entry in stated
                for kind in [_kind(entry)]
            }
        return self._uses[customer.id]

    def marked(self, customer: Customer) -> list[Name]:
        """The customer's shared identifiers, those included that the rules make."""
        marks = frozenset(self._group.shared)
        return sorted(
            {
                (kind, digest)
                for key in customer.facets
                for kind, digest, _ in connecting(self._facets[key], self._rules, self._keyring)
                if digest in marks
            }
        )

    # -- why some do nothing ---------------------------------------------------------------

    def not_used(self, identifier: Identifier) -> NotUsed | None:
        """Why an identifier joins nobody by which claim states it; that it is shared aside."""
        rule = self._rules.kinds.get(identifier.kind)
        if rule is None:
            return NotUsed(because="unknown_kind")
        if rule.parts:
            return NotUsed(because="only_derived")
        if rule.match is Match.NEVER:
            return NotUsed(because="never")
        listed = self._listed(identifier.kind, identifier.value)
        if listed is None and rule.match is Match.VERIFIED and not identifier.verified:
            return NotUsed(because="unverified")
        return listed

    def _listed(self, kind: str, value: str) -> NotUsed | None:
        """Why a canonical value is nobody's, if it is on a list."""
        entry = self._rules.blocklist.entry(kind, value)
        if entry is None:
            return None
        return NotUsed(
            because="blocked" if entry in self._rules.blocked else "placeholder",
            listed=entry.pattern or entry.value,
            reason=entry.reason or None,
        )

    def underived(self, facet: Facet) -> dict[str, NotUsed]:
        """Composite kinds of which a facet makes none, although it states all parts."""
        made = {known.kind for known in self.derived(facet).values()}
        reasons = {
            kind: self._why_not(facet, parts)
            for kind, parts in self._rules.composites
            if kind not in made
        }
        return {kind: reason for kind, reason in reasons.items() if reason is not None}

    def _why_not(self, facet: Facet, parts: tuple[str, ...]) -> NotUsed | None:
        """None if a part is missing: then there is nothing that would be made."""
        values = [self._values(facet, part) for part in parts]
        if not all(values):
            return None
        reasons = [
            [self._blocked(facet, part, each) for each in some]
            for part, some in zip(parts, values, strict=True)
        ]
        blocked = next((each for each in reasons if all(each)), None)
        return blocked[0] if blocked else NotUsed(because="too_many")

    def _values(self, facet: Facet, part: str) -> list[str]:
        """What a facet says of a part, whatever is on a list."""
        return sorted({value for _, (value,) in combined(facet, [("", (part,))], _free)})

    def _blocked(self, facet: Facet, part: str, value: str) -> NotUsed | None:
        """Why a value of a part makes nothing, if it is on a list or taken from what is."""
        for kind, claimed in claimed_for(part, facet):
            if part not in self._rules.kinds or claimed == value:
                listed = self._listed(kind, claimed)
                if listed is not None:
                    return listed.model_copy(update={"value": claimed})
        return None

    def claimed(self, customer: Customer) -> dict[Name, Claimed]:
        """All that the claims of a customer state, and all that they would make, were nothing on
        a list and every composite kind matched; each with the reason why it joins nobody, if no
        claim of the customer gives it a chance."""
        found: dict[Name, Claimed] = {}
        for key in customer.facets:
            for name, (known, reason) in self._claimed_by(self._facets[key]):
                before = found.get(name)
                if before is None or before[1] is not None:
                    found[name] = known, reason
        return found

    def _claimed_by(self, facet: Facet) -> Iterator[tuple[Name, Claimed]]:
        for each in facet.identifiers:
            name = each.kind, self.digest(each)
            yield name, (self._known[name[1]], self.not_used(each))
        kinds = [(kind, rule.parts) for kind, rule in self._rules.kinds.items() if rule.parts]
        for kind, values in combined(facet, kinds, _free):
            digest, known = self._made(kind, values)
            yield (kind, digest), (known, self._unmade(facet, kind, values))

    def _unmade(self, facet: Facet, kind: str, values: tuple[str, ...]) -> NotUsed | None:
        rule = self._rules.kinds[kind]
        if rule.match is Match.NEVER:
            return NotUsed(because="never")
        reasons = (
            self._blocked(facet, part, value)
            for part, value in zip(rule.parts, values, strict=True)
        )
        return next((reason for reason in reasons if reason is not None), None)


def _free(_kind: str, _value: str) -> bool:
    """No list at all."""
    return False


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
