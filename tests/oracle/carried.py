"""What a claim carries: the identifiers that it states, and those that its parts make together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from icustomer.core.blocking import placeholders
from icustomer.core.keys import Keyring
from icustomer.core.model import Identifier, NormalName
from icustomer.core.rules import KindRule, Match, Rules

MOST_MADE = 16
"""Identifiers of a composite kind that one claim makes at most."""


@dataclass(frozen=True)
class Carried:
    """One identifier of a claim."""

    kind: str
    value: str | None
    """None: made of parts."""


class Stated(Protocol):
    """An observation or a facet."""

    @property
    def identifiers(self) -> tuple[Identifier, ...]: ...
    @property
    def name(self) -> NormalName: ...
    @property
    def birth_date(self) -> str | None: ...


def carried(claim: Stated, rules: Rules, keyring: Keyring) -> dict[bytes, Carried]:
    """Digest to identifier."""
    stated = {
        keyring.identifier(each.kind, each.value): Carried(each.kind, each.value)
        for each in claim.identifiers
    }
    return stated | {digest: Carried(kind, None) for digest, kind in _made(claim, rules, keyring)}


def _made(claim: Stated, rules: Rules, keyring: Keyring) -> Iterator[tuple[bytes, str]]:
    for kind, rule in rules.kinds.items():
        if rule.parts and rule.match is not Match.NEVER:
            combinations = list(product(*(_part(part, claim, rules) for part in rule.parts)))
            if len(combinations) <= MOST_MADE:
                for values in combinations:
                    yield keyring.derived(kind, values), kind


def _part(part: str, claim: Stated, rules: Rules) -> list[str]:  # noqa: C901, PLR0912 - a case a part
    name, born = claim.name, claim.birth_date
    if any(is_blocked("name", word, rules) for word in name.given + name.family + name.other):
        name = NormalName()
    if born and is_blocked("birth_date", born, rules):
        born = None
    addresses = [i.value for i in claim.identifiers if i.kind == "email"]
    free = [address for address in addresses if not is_blocked("email", address, rules)]
    given, family = list(name.given), "".join(name.family)
    every = sorted(name.given + name.family + name.other)
    match part:
        case "given":
            found: Iterable[str] = given
        case "family":
            found = [family]
        case "name":
            found = [" ".join(every)] if len(every) > 1 else []
        case "name_word":
            found = name.given + name.family + name.other
        case "given_initial":
            found = [word[0] for word in given]
        case "family_initial":
            found = [family[:1]]
        case "given_start":
            found = [word[:3] for word in given if len(word) > 2]
        case "family_start":
            found = [family[:3]] if len(family) > 2 else []
        case "birth_date":
            found = [born or ""]
        case "birth_year":
            found = [(born or "").split("-")[0]]
        case "email_local":
            found = [address[: address.rindex("@")] for address in free]
        case _:
            found = [
                i.value
                for i in claim.identifiers
                if i.kind == part and not is_blocked(part, i.value, rules)
            ]
    return sorted({text for text in found if text})


def is_blocked(kind: str, value: str, rules: Rules) -> bool:
    shipped = [entry for entry in placeholders() if entry.kind in rules.placeholders]
    return any(
        entry.kind == kind
        and (entry.value == value if entry.value else re.fullmatch(entry.pattern, value))
        for entry in (*rules.blocked, *shipped)
    )


def rule_of(identifier: Carried, rules: Rules) -> KindRule | None:
    """The policy for it; None for a kind that is not known, or that nobody can state."""
    rule = rules.kinds.get(identifier.kind)
    return None if rule is None or (rule.parts and identifier.value is not None) else rule


def connects(identifier: Carried, rules: Rules) -> bool:
    rule = rule_of(identifier, rules)
    if rule is None or rule.match is Match.NEVER:
        return False
    return identifier.value is None or not is_blocked(identifier.kind, identifier.value, rules)
