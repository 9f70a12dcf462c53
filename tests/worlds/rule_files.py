"""Rule files drawn at random, with every setting that a file may have."""

from __future__ import annotations

from random import Random
from typing import Any

from icustomer.contracts.rules_checks import checked
from icustomer.contracts.rules_file import RulesFile
from icustomer.contracts.rules_reading import read_rules
from icustomer.contracts.rules_text import as_toml
from icustomer.core.composites import BIRTH_PARTS, NAME_PARTS, PARTS
from icustomer.core.rules import Rules

OWN_KINDS = ("booking", "device", "passport", "order")
COMPOSITES = ("person", "household", "mailbox")
SOURCES = ("shop", "app", "till")
BLOCKED = (
    {"kind": "email", "value": "s0@x.example"},
    {"kind": "email", "pattern": r"s[01]@x\.example|h\d@.*"},
    {"kind": "phone", "pattern": r"\+49[0-9]0000"},
    {"kind": "account", "value": "shop/1"},
    {"kind": "birth_date", "value": "1990-01-01"},
    {"kind": "name", "pattern": "anna|berg"},
)


def draw_rules(random: Random) -> Rules:
    """The rules of a drawn file, written out and read back."""
    file = RulesFile.model_validate(_document(random))
    assert list(checked(file)) == []
    again = read_rules(as_toml(file))
    assert again.rules() == file.rules()
    return again.rules()


def _document(random: Random) -> dict[str, Any]:
    own = random.sample(OWN_KINDS, random.randrange(len(OWN_KINDS) + 1))
    kinds = {kind: _kind(random) for kind in ("account", "email", "phone", *own)}
    return {
        "placeholders": random.sample(
            ["birth_date", "email", "name", "phone"], random.randrange(5)
        ),
        "limits": {
            "max_distinct_names": random.choice((3, 5, 24)),
            "max_facets": random.choice((3, 8, 200)),
            "max_contested": random.choice((1, 2, 3)),
        },
        "kinds": kinds,
        "composites": {
            name: _composite(random, list(kinds))
            for name in random.sample(COMPOSITES, random.randrange(len(COMPOSITES) + 1))
        },
        "blocked": [{**entry, "reason": "drawn"} for entry in BLOCKED if random.random() < 0.15],
        "sources": {
            name: {"trust": random.randrange(-1, 3)}
            for name in random.sample(SOURCES, random.randrange(len(SOURCES) + 1))
        },
        "survivorship": _survivorship(random),
    }


def _kind(random: Random) -> dict[str, Any]:
    return {
        "strength": random.randrange(6),
        "match": random.choice(("always", "always", "always", "always", "verified", "never")),
        "veto": random.random() < 0.4,
        "transactional": random.random() < 0.15,
        **_limits(random),
    }


def _limits(random: Random) -> dict[str, Any]:
    return {
        "max_names": random.choice((1, 2, 3, 3)),
        "max_linked": random.choice((2, 3, 20, 20)),
        "max_per_customer": random.choice((0, 0, 1, 2, 3)),
    }


def _composite(random: Random, kinds: list[str]) -> dict[str, Any]:
    parts = random.sample([*PARTS, *kinds], random.choice((1, 1, 2)))
    return {
        "parts": _completed(random, parts),
        "strength": random.randrange(6),
        "match": random.choice(("always", "always", "always", "never")),
        "veto": random.random() < 0.5,
        **_limits(random),
    }


def _completed(random: Random, parts: list[str]) -> list[str]:
    """With a part more that a name does not tell, or one that a birth date does not."""
    birth = [part for part in BIRTH_PARTS if part not in parts]
    name = [part for part in NAME_PARTS if part not in parts]
    only_names = set(parts) <= NAME_PARTS.keys()
    return [*parts, random.choice(birth or name) if only_names else random.choice(name)]


def _survivorship(random: Random) -> dict[str, str]:
    choices = ("latest", "source_order", "verified_first")
    fields = ("birth_date", "address", "locale", "preferences", "consents", "loyalty")
    chosen = {field: random.choice(choices) for field in fields}
    return {**chosen, "name": random.choice((*choices, "most_events"))}
