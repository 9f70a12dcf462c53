"""`icustomer forget` and `suppress`: sent as commands, followed to their end, and what remains."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import NamedTuple

from icustomer.commands.clients import read_groups, redis_store
from icustomer.commands.copies import copies
from icustomer.commands.decisions import (
    Result,
    Word,
    encode_command,
    new_event_id,
    report,
    send_and_follow,
)
from icustomer.commands.finding import Carrying, find, find_by_ids, groups_of, parse_id
from icustomer.commands.output import people_console, tell
from icustomer.commands.usage import unreadable
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.change import SUPPRESSED as SUPPRESSED_LINK
from icustomer.core.identifiers import Rejected, canonical
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.settings import Settings
from icustomer.store.port import Store

ERASED, SUPPRESSED = "erased", "suppressed"
"""Outcomes of the two, once they took effect."""


async def forget(settings: Settings, customer_id: str, word: Word, *, as_json: bool) -> bool:
    """Erase a customer; False if that did not come about."""
    named = parse_id(customer_id)
    event_id = new_event_id()
    value = encode_command(event_id, {"command": "forget", "customer_id": named}, word)
    async with redis_store(settings, Keyring(settings.secret())) as store:
        watch = ErasedWatch(store, named, await _ids_of(store, named), event_id)
        result = await send_and_follow(settings, value, watch, word.patience)
    done = report(result, as_json=as_json)
    if done:
        say = tell if as_json else partial(people_console().print, markup=False)
        for line in await copies(settings):
            say(line)
    return done


async def suppress(settings: Settings, claim: dict[str, str], word: Word, *, as_json: bool) -> bool:
    """Suppress an identifier; False if that did not come about."""
    arguments = {"command": "suppress", "identifier": claim}
    value = encode_command(new_event_id(), arguments, word)
    rules = load_rules(settings.rules)
    target = _target(claim, rules)
    keyring = Keyring(settings.secret())
    async with redis_store(settings, keyring, rules) as store:
        carriers = await find(store, partial(read_groups, settings), keyring, target)
        digest = keyring.identifier(target.kind, target.value)
        watch = SuppressedWatch(store, digest, [each.customer.id for each in carriers])
        result = await send_and_follow(settings, value, watch, word.patience)
    return report(result, as_json=as_json)


def _target(claim: dict[str, str], rules: Rules) -> Carrying:
    form = canonical(claim["kind"], claim["value"], None, rules)
    if isinstance(form, Rejected):
        raise unreadable(claim["kind"], form)
    return Carrying(claim["kind"], form.value)


async def _ids_of(store: Store, customer_id: str) -> list[str]:
    """The ID named, that of its holder, and all that redirect to it."""
    ids = {customer_id: None}
    for group, customer in await find_by_ids(store, [customer_id]):
        ids[customer.id] = None
        ids |= {one.id: None for one in group.retired if one.anchor in customer.facets}
    return list(ids)


class ErasedWatch(NamedTuple):
    """Of a customer that is forgotten: what is left of its IDs names the command."""

    store: Store
    named: str
    known: Collection[str]
    """All IDs of the customer, as they were before."""
    event_id: str

    async def look(self) -> Result | None:
        groups = groups_of(await self.store.load([], list(self.known)))
        told = (one for group in groups for one in group.erased)
        erased = {one.id for one in told if one.event_id == self.event_id}
        if self.named not in erased:
            return None
        return Result(ERASED, (self.named, *sorted(erased - {self.named})))


class SuppressedWatch(NamedTuple):
    """Of an identifier that is suppressed: its link tells, and once nobody carries it, all is
    done."""

    store: Store
    digest: bytes
    carriers: Collection[str]
    """Customers that stated it before."""

    async def look(self) -> Result | None:
        link = (await self.store.load([self.digest], [])).links[self.digest]
        if link != SUPPRESSED_LINK or await self.store.index(self.digest):
            return None
        now = await find_by_ids(self.store, self.carriers)
        return Result(SUPPRESSED, tuple(each.customer.id for each in now))
