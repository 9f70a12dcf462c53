"""Why two facets were joined or kept apart: what they have in common, and what forbids it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group, Identifier
from icustomer.core.names import compatible
from icustomer.core.rules import Match, Rules


class Evidence:
    """The facets that are asked about, with the marks that bear on them."""

    def __init__(
        self, groups: Iterable[Group], wanted: Collection[bytes], rules: Rules, keyring: Keyring
    ) -> None:
        self._rules = rules
        self._keyring = keyring
        self.facets: dict[bytes, Facet] = {}
        self._shared: set[bytes] = set()
        for group in groups:
            found = {facet.key: facet for facet in group.facets if facet.key in wanted}
            if found:
                self.facets |= found
                self._shared.update(group.shared)

    def why_apart(self, ones: Iterable[bytes], others: Iterable[bytes]) -> str:
        """Why the facets of one customer and those of another are not one customer."""
        mine, theirs = self._carriers(ones), self._carriers(others)
        common = sorted(mine.keys() & theirs.keys())
        if not common:
            return "no identifier in common"
        return "; ".join(self._why_not(name, mine, theirs) for name in common)

    def _carriers(self, keys: Iterable[bytes]) -> dict[tuple[str, str], list[Facet]]:
        carriers: dict[tuple[str, str], list[Facet]] = {}
        for key in keys:
            for identifier in self.facets[key].identifiers:
                name = identifier.kind, identifier.value
                carriers.setdefault(name, []).append(self.facets[key])
        return carriers

    def _why_not(
        self,
        name: tuple[str, str],
        mine: Mapping[tuple[str, str], list[Facet]],
        theirs: Mapping[tuple[str, str], list[Facet]],
    ) -> str:
        kind, value = name
        reason = self._unusable(kind, value) or self._unverified(name, (*mine[name], *theirs[name]))
        if not reason and self._rules.kinds[kind].veto:
            reason = _differing_names(mine[name], theirs[name])
        return f"{kind} {value}: {reason or 'a limit, or other names of the two customers'}"

    def _unusable(self, kind: str, value: str) -> str:
        rule = self._rules.kinds.get(kind)
        digest = self._keyring.identifier(kind, value)
        if rule is None or rule.match is Match.NEVER:
            return "not matched by the rules"
        if not self._rules.connects(kind, value):
            return "blocked by the rules"
        return "shared by too many people" if digest in self._shared else ""

    def _unverified(self, name: tuple[str, str], carriers: Iterable[Facet]) -> str:
        if self._rules.kinds[name[0]].match is not Match.VERIFIED:
            return ""
        claims = (_claim(facet, name) for facet in carriers)
        return "" if all(claim.verified for claim in claims) else "not verified"


def _claim(facet: Facet, name: tuple[str, str]) -> Identifier:
    return next(each for each in facet.identifiers if (each.kind, each.value) == name)


def _differing_names(mine: Iterable[Facet], theirs: Iterable[Facet]) -> str:
    theirs = list(theirs)
    for one in mine:
        for other in theirs:
            if not compatible(one.name, other.name):
                return f"the names differ, {written_name(one)} and {written_name(other)}"
    return ""


def written_name(facet: Facet) -> str:
    """The name as the facet's latest event wrote it."""
    return " ".join(_words(facet)) or "no name"


def _words(facet: Facet) -> Iterator[str]:
    name = facet.raw_name
    for part in (name.given, name.family) if name.given or name.family else (name.full,):
        yield from (part or "").split()
