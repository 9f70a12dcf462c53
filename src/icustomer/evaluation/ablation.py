"""What each rule contributes and costs: the same events matched with that rule switched off.

A rule is here a name and the rules without it, so that whoever adds one to the policy adds one
line to `switches`. Every switch matches the whole file again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import maxsize
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from icustomer.core.rules import KindRule, Match, Rules
from icustomer.evaluation.pairs import Pairs

UNLIMITED = maxsize
"""A limit that nothing reaches."""


class Switch(Struct, frozen=True):
    """One rule, and the policy without it."""

    name: str
    meaning: str
    """What is done with the rule, for people."""
    without: Rules


class Effect(Struct, frozen=True):
    """What a rule does: the pairs as they are without it, and what it changes."""

    name: str
    meaning: str
    without: Pairs
    true_pairs: int
    """Right pairs that there are more with the rule; below 0: it costs so many."""
    false_pairs: int
    """Wrong pairs that there are more with the rule; below 0: it spares so many."""


def effects(
    switches: Iterable[Switch], baseline: Pairs, matched: Callable[[Rules], Pairs]
) -> list[Effect]:
    """The effect of each rule. `baseline`: with all of them; `matched`: under other rules."""
    return [_effect(switch, baseline, matched(switch.without)) for switch in switches]


def _effect(switch: Switch, baseline: Pairs, without: Pairs) -> Effect:
    return Effect(
        name=switch.name,
        meaning=switch.meaning,
        without=without,
        true_pairs=baseline.true_pairs - without.true_pairs,
        false_pairs=baseline.false_pairs - without.false_pairs,
    )


def switches(rules: Rules) -> list[Switch]:
    """Every rule of the policy that can be switched off and is on.

    `max_group` stays: it is a safety catch, and without it and the limits a hub would never end.
    """
    return [
        *(each for kind in rules.kinds for each in _of_kind(rules, kind)),
        _limits(rules, "limits by names", "no identifier is shared by many names", **_NAMES),
        _limits(rules, "max_linked", "any number of identifiers beside", max_linked=UNLIMITED),
        _limits(
            rules, "max_facets", "any number of claims of one identifier", max_facets=UNLIMITED
        ),
        _limits(rules, "max_contested", "contested beside any number", max_contested=UNLIMITED),
        _limits(rules, "all limits", "nothing is ever shared", **_ALL),
        *_blocked(rules),
    ]


_NAMES = {"max_names": UNLIMITED, "max_distinct_names": UNLIMITED}
_ALL = _NAMES | {
    "max_linked": UNLIMITED,
    "max_facets": UNLIMITED,
    "max_contested": UNLIMITED,
}


def _of_kind(rules: Rules, kind: str) -> Iterable[Switch]:
    rule = rules.kinds[kind]
    if rule.match is not Match.NEVER:
        off = _with_kind(rules, kind, replace(rule, match=Match.NEVER))
        yield Switch(f"kind {kind}", f"{kind} joins nobody", off)
    if rule.match is Match.VERIFIED:
        off = _with_kind(rules, kind, replace(rule, match=Match.ALWAYS))
        yield Switch(f"verified {kind}", f"{kind} joins unverified too", off)
    if rule.veto:
        off = _with_kind(rules, kind, replace(rule, veto=False))
        yield Switch(f"veto of {kind}", f"{kind} joins whatever the names", off)


def _with_kind(rules: Rules, kind: str, rule: KindRule) -> Rules:
    return replace(rules, kinds=rules.kinds | {kind: rule})


def _limits(rules: Rules, name: str, meaning: str, **limits: int) -> Switch:
    """The limits, wherever they stand: with the kinds or with the whole."""
    whole: dict[str, Any] = {
        each: limit for each, limit in limits.items() if each in Rules.__struct_fields__
    }
    by_kind: dict[str, Any] = {
        each: limit for each, limit in limits.items() if each in KindRule.__struct_fields__
    }
    kinds = {kind: replace(rule, **by_kind) for kind, rule in rules.kinds.items()}
    return Switch(name, meaning, replace(rules, kinds=kinds, **whole))


def _blocked(rules: Rules) -> Iterable[Switch]:
    if rules.blocked:
        off = replace(rules, blocked=frozenset())
        yield Switch("block list", "nothing of one's own is blocked", off)
    if rules.placeholders:
        off = replace(rules, placeholders=())
        yield Switch("placeholders", "the shipped list of nobody's values is off", off)
