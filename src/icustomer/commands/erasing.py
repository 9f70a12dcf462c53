"""`icustomer forget` and `suppress`: sent as commands, followed to their end, and what remains."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer

from icustomer.commands.clients import new_dead_letters, read_groups, redis_store
from icustomer.commands.copies import copies
from icustomer.commands.decisions import (
    LOOK_SECONDS,
    QUEUED,
    Place,
    Result,
    Word,
    encode_message,
    refusal,
    report,
    send_message,
)
from icustomer.commands.finding import Carrying, find, find_by_ids, groups_of, parse_id
from icustomer.commands.output import people_console, tell
from icustomer.commands.usage import UsageError
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.change import SUPPRESSED as SUPPRESSED_LINK
from icustomer.core.change import Outcome
from icustomer.core.identifiers import Rejected, canonical
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.settings import Settings
from icustomer.store.port import Store

ERASED, SUPPRESSED = "erased", "suppressed"
"""Outcomes of the two, once they took effect."""
Seen = Callable[[], Awaitable[Result | None]]
"""What became of a command, as far as the store tells; None: nothing yet."""


class Open(NamedTuple):
    """What a command needs while it is followed."""

    settings: Settings
    keyring: Keyring
    store: Store
    dead_letters: AIOKafkaConsumer


async def forget(settings: Settings, customer_id: str, word: Word, *, as_json: bool) -> bool:
    """Erase a customer; False if that did not come about."""
    named = parse_id(customer_id)
    arguments = {"command": "forget", "customer_id": named}
    event_id, message = encode_message(arguments, word)
    async with _opened(settings) as tools:
        known = await _ids_of(tools.store, named)
        place = await send_message(settings, message)
        seen = partial(_erased, tools.store, named, known, event_id)
        result = await _follow(tools.dead_letters, place, seen, word.patience)
    done = report(result, as_json=as_json)
    if done:
        say = tell if as_json else partial(people_console().print, markup=False)
        for line in await copies(settings):
            say(line)
    return done


async def suppress(settings: Settings, claim: dict[str, str], word: Word, *, as_json: bool) -> bool:
    """Suppress an identifier; False if that did not come about."""
    _, message = encode_message({"command": "suppress", "identifier": claim}, word)
    async with _opened(settings) as tools:
        target = _target(claim, load_rules(settings.rules))
        reading = partial(read_groups, settings)
        carriers = await find(tools.store, reading, tools.keyring, target)
        ids = [each.customer.id for each in carriers]
        place = await send_message(settings, message)
        digest = tools.keyring.identifier(target.kind, target.value)
        seen = partial(_suppressed, tools.store, digest, ids)
        result = await _follow(tools.dead_letters, place, seen, word.patience)
    return report(result, as_json=as_json)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Open]:
    keyring = Keyring(settings.secret())
    async with redis_store(settings, keyring) as store, new_dead_letters(settings) as letters:
        yield Open(settings, keyring, store, letters)


def _target(claim: dict[str, str], rules: Rules) -> Carrying:
    form = canonical(claim["kind"], claim["value"], None, rules)
    if isinstance(form, Rejected):
        raise UsageError(f"what follows {claim['kind']}: cannot be read ({form.reason})")
    return Carrying(claim["kind"], form.value)


async def _follow(
    dead_letters: AIOKafkaConsumer, place: Place, seen: Seen, patience: float
) -> Result:
    """Look until it took effect, was refused, or `patience` seconds have passed."""
    end = time.monotonic() + patience
    while True:
        result = await seen()
        if result is not None:
            return result
        refused = await refusal(dead_letters, place)
        if refused is not None:
            return Result(Outcome.DEAD_LETTERED, (), refused)
        if time.monotonic() >= end:
            return Result(QUEUED, ())
        await asyncio.sleep(LOOK_SECONDS)


async def _ids_of(store: Store, customer_id: str) -> list[str]:
    """The ID named, that of its holder, and all that redirect to it."""
    ids = {customer_id: None}
    for group, customer in await find_by_ids(store, [customer_id]):
        ids[customer.id] = None
        ids |= {one.id: None for one in group.retired if one.anchor in customer.facets}
    return list(ids)


async def _erased(store: Store, named: str, known: Collection[str], event_id: str) -> Result | None:
    groups = groups_of(await store.load([], list(known)))
    erased = {one.id for group in groups for one in group.erased if one.event_id == event_id}
    if named not in erased:
        return None
    return Result(ERASED, (named, *sorted(erased - {named})))


async def _suppressed(store: Store, digest: bytes, ids: Collection[str]) -> Result | None:
    link = (await store.load([digest], [])).links[digest]
    if link != SUPPRESSED_LINK or await store.index(digest):
        return None
    now = await find_by_ids(store, ids)
    return Result(SUPPRESSED, tuple(each.customer.id for each in now))
