"""Claims: all observations that say the same of who somebody is, seen as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from icustomer.core.model import NormalName
from icustomer.core.observation import Observation
from icustomer.core.rules import Match, Rules


@dataclass(frozen=True)
class Claim:
    """One facet, reduced to what matching looks at."""

    key: bytes
    name: NormalName
    kinds: Mapping[bytes, str]
    """Digest of each identifier to its kind."""
    verified: frozenset[bytes]
    """Digests that at least one of the observations verified."""
    first_seen: int
    observations: tuple[Observation, ...]

    @property
    def age(self) -> tuple[int, bytes]:
        return self.first_seen, self.key

    @property
    def named(self) -> bool:
        return bool(self.name.parts)


Claims = Mapping[bytes, Claim]


def claims_of(observations: Iterable[Observation]) -> dict[bytes, Claim]:
    """Facet key to claim."""
    by_key: dict[bytes, list[Observation]] = {}
    for observation in observations:
        by_key.setdefault(observation.facet_key, []).append(observation)
    return {key: _claim(key, told) for key, told in by_key.items()}


def _claim(key: bytes, told: Sequence[Observation]) -> Claim:
    first = told[0]
    identified = list(zip(first.identifiers, first.digests, strict=True))
    return Claim(
        key=key,
        name=first.name,
        kinds={digest: identifier.kind for identifier, digest in identified},
        verified=frozenset(
            digest
            for observation in told
            for identifier, digest in zip(observation.identifiers, observation.digests, strict=True)
            if identifier.verified
        ),
        first_seen=min(observation.occurred_at for observation in told),
        observations=tuple(told),
    )


@dataclass(frozen=True)
class Evidence:
    """Claims and what the rules make of their identifiers."""

    claims: Claims
    rules: Rules
    shared: frozenset[bytes] = frozenset()

    def carriers(self, digest: bytes) -> list[Claim]:
        return [claim for claim in self.claims.values() if digest in claim.kinds]

    def kind(self, digest: bytes) -> str:
        return self.carriers(digest)[0].kinds[digest]

    def linkable(self, digest: bytes, kind: str) -> bool:
        rule = self.rules.kinds.get(kind)
        return (
            rule is not None
            and rule.match is not Match.NEVER
            and digest not in self.rules.blocked
            and digest not in self.shared
        )

    def linkables(self, claim: Claim) -> frozenset[bytes]:
        return frozenset(d for d, kind in claim.kinds.items() if self.linkable(d, kind))

    def usables(self, claim: Claim) -> frozenset[bytes]:
        """Linkable ones that may join people as this claim tells them."""
        return frozenset(
            digest
            for digest in self.linkables(claim)
            if digest in claim.verified
            or self.rules.kinds[claim.kinds[digest]].match is not Match.VERIFIED
        )

    def digests(self) -> frozenset[bytes]:
        return frozenset(digest for claim in self.claims.values() for digest in claim.kinds)
