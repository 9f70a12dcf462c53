"""Reads all groups of a space, a portion at a time, and has rules take them over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from icustomer.app import keyring_of
from icustomer.commands.clients import redis_store
from icustomer.core.model import Group
from icustomer.core.rules import Rules
from icustomer.evaluation.trial import Stored, Trial
from icustomer.settings import Settings
from icustomer.store.codec import group_of
from icustomer.store.connection import ClusterServer, SingleServer
from icustomer.store.inspection import Inspection


async def taken_over(settings: Settings, old: Rules, new: Rules) -> Trial:
    """What both rules make of what is stored as of now. `UnavailableError` if Redis is away."""
    return await _tried(settings, Stored(old, new, keyring_of(settings)), None)


async def as_it_stands(settings: Settings, in_force: Rules, new: Rules) -> Trial:
    """What the new rules make of it, beside the customers that stand; `OtherRulesError` if others
    than `in_force` made them."""
    return await _tried(settings, Stored(None, new, keyring_of(settings)), in_force)


async def _tried(settings: Settings, space: Stored, in_force: Rules | None) -> Trial:
    keyring = keyring_of(settings)
    # For what it checks: whether the space was made with this key, and by these rules.
    async with redis_store(settings, keyring, in_force), _inspection(settings) as inspection:
        async for group in _groups(inspection):
            space.add(group)
    return space.trial()


@asynccontextmanager
async def _inspection(settings: Settings) -> AsyncIterator[Inspection]:
    url, space = settings.redis_url.get_secret_value(), settings.space
    server = ClusterServer(url, f"{{{space}}}:fence") if settings.redis_cluster else None
    inspection = Inspection(server or SingleServer(url), space)
    try:
        yield inspection
    finally:
        await inspection.close()


async def _groups(inspection: Inspection) -> AsyncIterator[Group]:
    """Each group once. What workers change meanwhile is seen before or after."""
    seen: set[bytes] = set()
    async for found in inspection.all_keys():
        wanted = [each for each in found.groups if each not in seen]
        seen.update(wanted)
        for group in _standing(await inspection.groups(wanted)):
            yield group


def _standing(blobs: dict[bytes, bytes | None]) -> Iterable[Group]:
    return (group_of(group_id, blob) for group_id, blob in blobs.items() if blob is not None)
