"""`icustomer unshare`: a person's word that an identifier does not belong to many."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from icustomer.commands.clients import read_groups, redis_store
from icustomer.commands.decisions import (
    Result,
    Word,
    encode_command,
    new_event_id,
    report,
    send_and_follow,
)
from icustomer.commands.finding import Carrying, ReadGroups, find, parse_target
from icustomer.commands.usage import UsageError
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.change import Outcome
from icustomer.core.keys import Keyring
from icustomer.settings import Settings
from icustomer.store.codec import decode
from icustomer.store.port import Store


async def unshare(
    settings: Settings, text: str, country: str | None, word: Word, *, as_json: bool
) -> bool:
    """It belongs to one person, whatever is seen with it; False if that did not come about."""
    rules = load_rules(settings.rules)
    identifier = parse_target(text, country, rules)
    if not isinstance(identifier, Carrying):
        raise UsageError("an identifier is written KIND:VALUE, for example email:a@example.org")
    told = {"kind": identifier.kind, "value": identifier.value}
    value = encode_command(new_event_id(), {"command": "unshare", "identifier": told}, word)
    keyring = Keyring(settings.secret())
    async with redis_store(settings, keyring, rules) as store:
        watched = Watched(store, partial(read_groups, settings), keyring, identifier)
        watch = UnshareWatch(watched, await watched.carriers(), await watched.is_free())
        return report(await send_and_follow(settings, value, watch, word.patience), as_json=as_json)


class Watched(NamedTuple):
    """An identifier, where it can be looked at."""

    store: Store
    groups: ReadGroups
    keyring: Keyring
    identifier: Carrying

    async def is_free(self) -> bool:
        """Whether the group that its link leads to says so."""
        digest = self.keyring.identifier(*self.identifier)
        loaded = await self.store.load([digest], [])
        return any(digest in decode(blob).unshared for blob in loaded.groups.values() if blob)

    async def carriers(self) -> tuple[str, ...]:
        """The customers that carry it, oldest first."""
        found = await find(self.store, self.groups, self.keyring, self.identifier)
        return tuple(each.customer.id for each in found)


class UnshareWatch(NamedTuple):
    """What became of the command."""

    watched: Watched
    before: tuple[str, ...]
    """Who carried it."""
    was_free: bool

    async def look(self) -> Result | None:
        if not await self.watched.is_free():
            return None
        now = await self.watched.carriers()
        if self.was_free:
            return Result(Outcome.DUPLICATE, now)
        return Result(Outcome.MERGED if len(now) < len(self.before) else Outcome.MATCHED, now)
