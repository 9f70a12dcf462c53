"""Identifiers that several parts of a claim make together, for data that has no better ones.

They are derived from a facet whenever they are needed and never stored with it: what is evidence
does not depend on the rules. Parts are normalised as the facet has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Protocol

from icustomer.core.keys import Keyring
from icustomer.core.model import Identifier, NormalName
from icustomer.core.rules import Rules

MOST_DERIVED = 16
"""Identifiers of one kind that a claim makes at most. What would make more (a dozen given names
beside a dozen numbers) says of nobody in particular who it is, and makes none."""
START = 3
"""Letters of `given_start` and `family_start`, as many as a prefix needs to count as a name."""


class Claim(Protocol):
    """Who somebody says to be: a facet, an observation, or as much of one."""

    @property
    def identifiers(self) -> Sequence[Identifier]: ...

    @property
    def name(self) -> NormalName: ...

    @property
    def birth_date(self) -> str | None: ...


def _given(claim: Claim) -> Iterable[str]:
    return claim.name.given


def _family(claim: Claim) -> Iterable[str]:
    return ["".join(claim.name.family)] if claim.name.family else []


def _whole_name(claim: Claim) -> Iterable[str]:
    """All parts, whatever their order: two at least, for one alone may be any of them."""
    parts = claim.name.parts
    return [" ".join(sorted(parts))] if len(parts) > 1 else []


def _words(claim: Claim) -> Iterable[str]:
    return claim.name.parts


def _starts(texts: Iterable[str], length: int) -> Iterable[str]:
    return dict.fromkeys(text[:length] for text in texts if len(text) >= length)


NAME_PARTS: Mapping[str, Callable[[Claim], Iterable[str]]] = {
    "given": _given,
    "family": _family,
    "name": _whole_name,
    "name_word": _words,
    "given_initial": lambda claim: _starts(_given(claim), 1),
    "family_initial": lambda claim: _starts(_family(claim), 1),
    "given_start": lambda claim: _starts(_given(claim), START),
    "family_start": lambda claim: _starts(_family(claim), START),
}
"""Parts that a name gives; none of them makes an identifier without another part."""

YEAR = 4
"""Characters of the year in a date."""


def _born(claim: Claim) -> Iterable[str]:
    return [claim.birth_date] if claim.birth_date else []


BIRTH_PARTS: Mapping[str, Callable[[Claim], Iterable[str]]] = {
    "birth_date": _born,
    "birth_year": lambda claim: [day[:YEAR] for day in _born(claim)],
}
EMAIL_LOCAL = "email_local"
"""The part of an e-mail address before the @."""
PARTS = (*NAME_PARTS, *BIRTH_PARTS, EMAIL_LOCAL)
"""All parts beside the kinds of identifier, whose canonical values are parts too."""


Blocks = Callable[[str, str], bool]
"""(kind, canonical value) -> whether it is nobody's."""
Composites = Iterable[tuple[str, Sequence[str]]]
"""(kind, its parts), as `Rules.composites` has them."""


def derived(claim: Claim, rules: Rules, keyring: Keyring) -> list[tuple[str, bytes]]:
    """(kind, digest) of each identifier that the claim makes, sorted."""
    made = combined(claim, rules.composites, rules.blocklist.blocks)
    return sorted({(kind, keyring.derived(kind, values)) for kind, values in made})


def combined(
    claim: Claim, composites: Composites, blocks: Blocks
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(kind, values of its parts in their order) of each identifier that the claim makes."""
    known: dict[str, list[str]] = {}
    for kind, parts in composites:
        for part in parts:
            if part not in known:
                known[part] = _values(part, claim, blocks)
        columns = [known[part] for part in parts]
        if 0 < prod(map(len, columns)) <= MOST_DERIVED:
            for values in product(*columns):
                yield kind, values


def _values(part: str, claim: Claim, blocks: Blocks) -> list[str]:
    """What the claim says of a part, each once; nothing that is blocked."""
    stated = claimed_for(part, claim)
    if part in NAME_PARTS:
        blocked = any(blocks(*each) for each in stated)
        return [] if blocked else list(dict.fromkeys(NAME_PARTS[part](claim)))
    values = [value for kind, value in stated if not blocks(kind, value)]
    if part in BIRTH_PARTS:
        return list(BIRTH_PARTS[part](claim)) if values else []
    if part == EMAIL_LOCAL:
        return list(dict.fromkeys(value.rpartition("@")[0] for value in values))
    return values


def claimed_for(part: str, claim: Claim) -> list[tuple[str, str]]:
    """(kind, canonical value) of what a part is taken from: the words of a name, a birth date,
    identifiers."""
    if part in NAME_PARTS:
        return [("name", word) for word in claim.name.parts]
    if part in BIRTH_PARTS:
        return [("birth_date", day) for day in _born(claim)]
    kind = "email" if part == EMAIL_LOCAL else part
    return [(kind, each.value) for each in claim.identifiers if each.kind == kind]
