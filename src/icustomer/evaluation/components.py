"""The yardstick: plain connected components, as most home-made identity graphs do it.

Whoever shares a trimmed lower-case e-mail address or a possible telephone number is one
person, without any rule about names or shared numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import SUPPORTED_REGIONS

from icustomer.core.canonical import Canonical
from icustomer.core.phones import canonical_phone

Node = tuple[str, str]
"""Kind and value of an identifier; a record without one is a node of its own."""
_DIGITS = re.compile(r"(?!0\D*0|\(\D*0)(?!.*\(0\))\+?\(?[0-9][0-9 ./()-]*", re.ASCII)
"""Digits and separators, without `00` in front and a zero in brackets: there the two differ."""
NUMBERS_CACHED = 65_536
"""Numbers that are remembered: a parse takes about 100 us."""


class Components:
    """The components of the records so far."""

    def __init__(self) -> None:
        self._parents: dict[Node, Node] = {}
        self._nodes: list[Node] = []

    def add(self, body: Mapping[str, Any]) -> None:
        """Count the next record in."""
        mine = _identifiers(body) or [("record", str(len(self._nodes)))]
        first = self._parents.setdefault(mine[0], mine[0])
        for node in mine[1:]:
            self._join(first, node)
        self._nodes.append(first)

    def labels(self) -> list[Node]:
        """The component of each record, as the identifier that represents it."""
        return [self._root(node) for node in self._nodes]

    def _root(self, node: Node) -> Node:
        """The representative; each node passed on the way is hung one step higher."""
        parents = self._parents
        while (parent := parents.setdefault(node, node)) != node:
            parents[node] = parents[parent]
            node = parent
        return node

    def _join(self, one: Node, other: Node) -> None:
        self._parents[self._root(other)] = self._root(one)


def plain_components(bodies: Iterable[Mapping[str, Any]]) -> list[Node]:
    """The component of each event, as the identifier that represents it."""
    components = Components()
    for body in bodies:
        components.add(body)
    return components.labels()


def _identifiers(body: Mapping[str, Any]) -> list[Node]:
    email, phone = _email(body.get("email")), _phone(body.get("phone"), body.get("country"))
    return [
        (kind, value) for kind, value in (("email", email), ("phone", phone)) if value is not None
    ]


def _email(raw: Any) -> str | None:
    return raw.strip().lower() or None if isinstance(raw, str) else None


def _phone(raw: Any, country: Any) -> str | None:
    """E.164, if the number is possible in the country: its length fits, no more is asked."""
    if not isinstance(raw, str):
        return None
    return _e164(raw, country if isinstance(country, str) else None)


def _e164(raw: str, country: str | None) -> str | None:
    """A number of digits and separators alone reads the same way here as in the matching,
    which remembers it: so it need not be parsed twice."""
    if _DIGITS.fullmatch(raw) and (country is None or country in SUPPORTED_REGIONS):
        form = canonical_phone(raw, country)
        if isinstance(form, Canonical):
            return form.value
    return _parsed(raw, country)


@lru_cache(NUMBERS_CACHED)
def _parsed(raw: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
