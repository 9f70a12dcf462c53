"""`icustomer lookup`: the profile of a customer, by ID or by anything that the person said."""

from __future__ import annotations

from functools import partial
from typing import Any

from icustomer.commands.card import print_card
from icustomer.commands.clients import read_groups, redis_store
from icustomer.commands.finding import Carrying, Named, ReadGroups, find, parse_target
from icustomer.commands.output import people_console, print_json, tell
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.fold import profile
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.settings import Settings
from icustomer.store.port import Store

Json = dict[str, Any]


async def lookup(settings: Settings, text: str, country: str | None, *, as_json: bool) -> bool:
    """Print what there is; False if there is nothing."""
    rules = load_rules(settings.rules)
    target = parse_target(text, country, rules)
    keyring = Keyring(settings.secret())
    async with redis_store(settings, keyring, rules) as store:
        profiles = await look_up(store, partial(read_groups, settings), keyring, rules, target)
    if as_json:
        print_json(_document(profiles))
    else:
        _print_cards(profiles)
    if profiles and isinstance(target, Named):
        _tell_redirect(target.customer_id, profiles[0]["customer_id"])
    return bool(profiles)


async def look_up(
    store: Store,
    groups: ReadGroups,
    keyring: Keyring,
    rules: Rules,
    target: Named | Carrying,
) -> list[Json]:
    """The profiles of the customers that the target leads to, oldest first."""
    found = await find(store, groups, keyring, target)
    return [profile(each.group, each.customer, rules, keyring) for each in found]


def _document(profiles: list[Json]) -> Any:
    """The profile; a list of them if several carry the identifier."""
    if not profiles:
        return {"error": "not_found"}
    return profiles[0] if len(profiles) == 1 else profiles


def _print_cards(profiles: list[Json]) -> None:
    if not profiles:
        tell("not found: no customer carries this")
        return
    if len(profiles) > 1:
        tell(f"{len(profiles)} customers carry this")
    console = people_console()
    for each in profiles:
        print_card(each, console)


def _tell_redirect(asked: str, found: str) -> None:
    if asked != found:
        tell(f"{asked} was merged into {found}")
