"""What the core came to, set against the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import astuple, replace

from icustomer.core.assembly import DECISIONS_KEPT
from icustomer.core.change import SHARED
from icustomer.core.fold import profile
from icustomer.core.keys import Keyring
from icustomer.core.model import Group, Override
from icustomer.core.observation import Item
from icustomer.core.rules import Rules
from oracle.clustering import Cluster
from oracle.clusters import World, clusters
from oracle.figures import figures
from worlds.driver import State

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RECENT = 10
"""Orders and tickets that a profile lists."""
JUDGED = ("active", "guest")


def assert_as_oracle(
    state: State,
    items: Sequence[Item],
    rules: Rules,
    keyring: Keyring,
    marks: Iterable[bytes] = (),
) -> World:
    """Clusters, marks, groups and figures are those of the whole set seen at once. `marks`: as
    `clusters` has them."""
    groups = state.all_groups()
    world = clusters(items, rules, keyring, overrides_of(groups), marks)
    shared = {digest for digest, value in state.links.items() if value == SHARED}
    assert shared == world.shared, _differ("shared", shared, world.shared)
    parts = {frozenset(facet.key for facet in group.facets) for group in groups if group.facets}
    assert parts == world.groups, _differ("groups", parts, world.groups)
    found = customers_of(groups)
    assert found == world.customers, _differ("customers", found, world.customers)
    assert_refusals_told(groups, world)
    for group in groups:
        for customer in group.customers:
            if customer.status in JUDGED:
                document = profile(group, customer, rules, keyring)
                expected = figures(world, frozenset(customer.facets))
                assert_same_figures(document, expected)
    return world


def assert_refusals_told(groups: Sequence[Group], world: World) -> None:
    """Of each identifier that several customers claim it was told that it did not join the one
    of the oldest ID with any other; unless so much was decided since that it was forgotten."""
    told = {
        (decision.digest, decision.customer_id, *decision.others)
        for group in groups
        for decision in group.decisions
        if decision.type == "merge_refused"
    }
    ids = {
        frozenset(customer.facets): (customer.founded_at, customer.id)
        for group in groups
        if len(group.decisions) < DECISIONS_KEPT
        for customer in group.customers
    }
    claiming: dict[bytes, set[tuple[int, str]]] = {}
    for digest, *customers in world.refusals:
        claiming.setdefault(digest, set()).update(ids[one] for one in customers if one in ids)
    for digest, found in claiming.items():
        names = [name for _, name in sorted(found)]
        assert told.issuperset((digest, names[0], each) for each in names[1:]), (
            "a refusal was not told"
        )


def overrides_of(groups: Sequence[Group]) -> list[Override]:
    """All words of persons. Each group that holds a facet which a word names holds the word."""
    words: dict[tuple[int, str], Override] = {}
    for override in (each for group in groups for each in group.overrides):
        known = words.setdefault(override.stamp, override)
        words[override.stamp] = _as_one(known, override)
    for group in groups:
        keys = {facet.key for facet in group.facets}
        concerned = {stamp for stamp, word in words.items() if keys & facets_named(word)}
        held = {override.stamp: override for override in group.overrides}
        assert concerned <= held.keys(), "a group lacks a word on one of its facets"
        for stamp, word in held.items():
            assert facets_named(word) & keys == facets_named(words[stamp]) & keys, "another word"
    return list(words.values())


def _as_one(one: Override, other: Override) -> Override:
    """A word in two groups: where facets lost an identifier, each knows the new keys of its own."""
    assert (one.kind, len(one.sides)) == (other.kind, len(other.sides)), "two versions of a word"
    pairs = zip((*one.sides, one.rest), (*other.sides, other.rest), strict=True)
    *sides, rest = (tuple({*ours, *theirs}) for ours, theirs in pairs)
    return replace(one, sides=tuple(sides), rest=rest)


def facets_named(override: Override) -> set[bytes]:
    return {key for side in (*override.sides, override.rest) for key in side}


def customers_of(groups: Iterable[Group]) -> set[Cluster]:
    return {
        frozenset(customer.facets)
        for group in groups
        for customer in group.customers
        if customer.status in JUDGED
    }


def _differ(what: str, ours: Iterable[Any], expected: Iterable[Any]) -> str:
    mine, theirs = set(ours), set(expected)
    return f"{what}: core alone {mine - theirs}, oracle alone {theirs - mine}"


def assert_same_figures(document: dict[str, Any], expected: dict[str, Any]) -> None:
    """A profile says what the oracle knows."""
    for field in ("first_seen", "last_seen"):
        assert instant(document[field]) == expected[field], field
    assert document["status"] == expected["status"]
    assert document.get("birth_date") == expected["birth_date"]
    assert _name(document) == (astuple(expected["name"]) if expected["name"] else None)
    assert _identifiers(document) == _listed(expected["identifiers"])
    assert _cells(document) == {a: _as_shown(a, c) for a, c in expected["cells"].items()}
    _assert_orders(document.get("orders"), expected["orders"])
    _assert_support(document.get("support"), expected["support"])


def instant(text: str) -> int:
    """RFC 3339 to microseconds since the Unix epoch."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def _name(document: dict[str, Any]) -> Any:
    name = document.get("name")
    return None if not name else tuple(name.get(part) for part in ("given", "family", "full"))


def _identifiers(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    listed = [("email", entry["canonical"], entry) for entry in document.get("emails", ())]
    listed += [("phone", entry["value"], entry) for entry in document.get("phones", ())]
    listed += [
        ("account", f"{entry['service']}/{entry['number']}", entry)
        for entry in document.get("accounts", ())
    ]
    listed += [(e["kind"], e["value"], e) for e in document.get("identifiers", ())]
    return {
        (kind, value): (
            entry["value"] if kind == "email" else value,
            entry["verified"],
            instant(entry["first_seen"]),
            instant(entry["last_seen"]),
            sorted(entry["sources"]),
            entry["use"],
        )
        for kind, value, entry in listed
    }


def _listed(identifiers: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], Any]:
    return {
        (kind, value): (
            entry["raw"] if kind == "email" else value,
            entry["verified"],
            entry["first_seen"],
            entry["last_seen"],
            sorted(entry["sources"]),
            entry["use"],
        )
        for (kind, value), entry in identifiers.items()
    }


def _cells(document: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a profile, back as cells: value, time and source where it tells them."""
    cells: dict[str, Any] = {}
    if document.get("locale") is not None:
        cells["locale"] = document["locale"]
    for name, value in document.get("preferences", {}).items():
        cells[f"preference:{name}"] = value
    for purpose, consent in document.get("consents", {}).items():
        cells[f"consent:{purpose}"] = (
            consent["granted"],
            instant(consent["at"]),
            consent["source"],
        )
    for program in document.get("loyalty", ()):
        said = {key: program[key] for key in program if key not in {"program", "updated_at"}}
        cells[f"loyalty:{program['program']}"] = (said, instant(program["updated_at"]))
    for address in reversed(document.get("addresses", [])):
        said = {key: address[key] for key in address if key not in {"kind", "last_seen"}}
        cells[f"address:{address['kind']}"] = (said, instant(address["last_seen"]))
    return cells


def _as_shown(attribute: str, cell: tuple[Any, int, str]) -> Any:
    """As much of a cell as a profile tells of its kind."""
    shown = {"consent": 3, "loyalty": 2, "address": 2}.get(attribute.partition(":")[0], 1)
    return cell[0] if shown == 1 else cell[:shown]


def _assert_orders(document: dict[str, Any] | None, expected: dict[str, Any]) -> None:
    if not expected["count"]:
        assert not document or document["count"] == 0
        return
    assert document is not None
    assert document["count"] == expected["count"]
    assert document["by_status"] == expected["by_status"]
    totals = {currency: Decimal(amount) for currency, amount in document["totals"].items()}
    assert totals == expected["totals"]
    assert instant(document["first_at"]) == expected["first_at"]
    assert instant(document["last_at"]) == expected["last_at"]
    recent = {
        entry["order_id"]: (
            entry["status"],
            instant(entry["placed_at"]),
            instant(entry["updated_at"]),
        )
        for entry in document["recent"]
    }
    _assert_recent(recent, expected)


def _assert_support(document: dict[str, Any] | None, expected: dict[str, Any]) -> None:
    if not expected["count"]:
        assert not document or document["count"] == 0
        return
    assert document is not None
    assert document["count"] == expected["count"]
    assert document["open"] == expected["open"]
    assert instant(document["last_at"]) == expected["last_at"]
    _assert_recent(
        {entry["ticket_id"]: (entry["status"],) for entry in document["recent"]}, expected
    )


def _assert_recent(recent: dict[str, tuple[Any, ...]], expected: dict[str, Any]) -> None:
    assert len(recent) == min(RECENT, expected["count"])
    assert recent.keys() <= expected["recent"].keys(), "an order or ticket that nobody told of"
    for number, told in recent.items():
        assert told == expected["recent"][number][: len(told)]
