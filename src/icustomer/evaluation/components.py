"""The yardstick: plain connected components, as most home-made identity graphs do it.

Whoever shares a trimmed lower-case e-mail address or a possible telephone number is one
person, without any rule about names or shared numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import phonenumbers

Node = tuple[str, str]
"""Kind and value of an identifier; a record without one is a node of its own."""


def plain_components(bodies: Iterable[Mapping[str, Any]]) -> list[Node]:
    """The component of each event, as the identifier that represents it."""
    parents: dict[Node, Node] = {}
    nodes = []
    for position, body in enumerate(bodies):
        mine = _identifiers(body) or [("record", str(position))]
        for node in mine:
            _join(parents, mine[0], node)
        nodes.append(mine[0])
    return [_root(parents, node) for node in nodes]


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
    try:
        number = phonenumbers.parse(raw, country if isinstance(country, str) else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _root(parents: dict[Node, Node], node: Node) -> Node:
    """The representative; each node passed on the way is hung one step higher."""
    while (parent := parents.setdefault(node, node)) != node:
        parents[node] = parents[parent]
        node = parent
    return node


def _join(parents: dict[Node, Node], one: Node, other: Node) -> None:
    parents[_root(parents, other)] = _root(parents, one)
