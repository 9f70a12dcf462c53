"""Claims: all observations that say the same of who somebody is, seen as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from icustomer.core.keys import Keyring
from icustomer.core.model import NormalName
from icustomer.core.observation import Observation
from icustomer.core.rules import KindRule, Match, Rules
from oracle.carried import Carried, carried, connects, rule_of


@dataclass(frozen=True)
class Claim:
    """One facet, reduced to what matching looks at."""

    key: bytes
    name: NormalName
    birth_date: str | None
    carried: Mapping[bytes, Carried]
    """Digest of each identifier to what it is."""
    verified: frozenset[bytes]
    """Digests that at least one of the observations verified."""
    first_seen: int
    observations: tuple[Observation, ...]

    @property
    def age(self) -> tuple[int, bytes]:
        return self.first_seen, self.key

    @property
    def kinds(self) -> Mapping[bytes, str]:
        """Digest of each identifier to its kind."""
        return {digest: each.kind for digest, each in self.carried.items()}

    @property
    def named(self) -> bool:
        return bool(self.name.parts)


Claims = Mapping[bytes, Claim]


def claims_of(
    observations: Iterable[Observation], rules: Rules, keyring: Keyring
) -> dict[bytes, Claim]:
    """Facet key to claim."""
    by_key: dict[bytes, list[Observation]] = {}
    for observation in observations:
        by_key.setdefault(observation.facet_key, []).append(observation)
    return {key: _claim(key, told, rules, keyring) for key, told in by_key.items()}


def _claim(key: bytes, told: Sequence[Observation], rules: Rules, keyring: Keyring) -> Claim:
    first = told[0]
    return Claim(
        key=key,
        name=first.name,
        birth_date=first.birth_date,
        carried=carried(first, rules, keyring),
        verified=frozenset(
            digest
            for observation in told
            for identifier, digest in zip(
                observation.identifiers, observation.digests, strict=False
            )
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

    def told(self, digest: bytes) -> Carried:
        return self.carriers(digest)[0].carried[digest]

    def rule(self, digest: bytes) -> KindRule | None:
        return rule_of(self.told(digest), self.rules)

    def linkable(self, digest: bytes, identifier: Carried) -> bool:
        return digest not in self.shared and connects(identifier, self.rules)

    def linkables(self, claim: Claim) -> frozenset[bytes]:
        return frozenset(d for d, each in claim.carried.items() if self.linkable(d, each))

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
