"""The working state back from the changelog, after Redis' history was cut.

The changelog is the truth. One worker at a time claims the rebuild; the claim stands in the
log itself, so that nobody believes a fence that an older rebuild set. What to read of the log,
and what becomes of what Redis still holds, is decided here; `replay` does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from enum import StrEnum
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from icustomer.activation import Activation, activation_of, check_rules, stamped
from icustomer.changeover import InForce
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.errors import IcustomerError, RetryError, UnavailableError
from icustomer.observer import Observer
from icustomer.pace import UNHURRIED, Pace
from icustomer.replay import Replay, Replayed
from icustomer.store.port import Checkpoint, Claim, Standing, Store
from icustomer.stream.port import Log

RENEW_SECONDS = 5.0
"""Between two renewals of the pending fence while no script does it: a third of its lease."""
CHECKPOINT_GOOD_SECONDS = 86_400.0
"""How old a checkpoint may be: a seventh of the time that tombstones are kept, whatever the
clocks. Beyond it some that a reader needs may be gone."""


class Way(StrEnum):
    """How the working state was brought back."""

    WHOLE = "whole changelog"
    """All was deleted and read again."""
    TAIL = "from the checkpoint"
    """What stood there was a prefix of the history; only what came later was read."""
    LOG_MADE_AGAIN = "changelog made again"
    """The topic is another one than before: what stood there is published into it anew."""


class Rebuilt(Struct, frozen=True):
    """What a rebuild did."""

    way: Way
    groups: int
    """Groups written, or given what leads to them."""
    converted: int = 0
    """Those among them that former rules had worked out."""


Ruling = Callable[[int, Claim | None], Activation]
"""Number of a claim, and the claim that tells which rules hold before it, to those that hold by it.
Raises `OtherRulesError`."""


class _Begun(Struct, frozen=True):
    """A rebuild that is claimed: nothing of an older epoch can be appended any more."""

    nonce: str
    claim: Claim
    active: Activation
    """The rules that hold by the claim."""
    standing: Standing
    """What Redis told of its history before."""
    end: Checkpoint
    """Where the changelog ended then."""

    @property
    def in_force(self) -> InForce:
        """Under what groups are brought."""
        return InForce(self.claim.number, self.active.since, self.active.at)


class Rebuild:
    """Claims, has the changelog replayed, and opens the store again."""

    def __init__(
        self,
        store: Store,
        log: Log,
        rules: Rules,
        keyring: Keyring,
        observer: Observer | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`observer`: told when a rebuild begins and ends; nobody, if there is none. `pace`: of
        groups that former rules worked out."""
        self._store = store
        self._log = log
        self.rules = rules
        self._observer = observer or Observer()
        self._former: list[str] = []
        """Nonces of tries that came to nothing: a pending fence of theirs is nobody's."""
        self._replay = Replay(store, log, rules, keyring, pace or Pace(UNHURRIED))

    async def catch_up(self, nonce: str) -> Rebuilt:
        """Bring the working state up to the changelog in the shortest way that is right, under
        a nonce of its own.

        Raises `UnavailableError` if another is rebuilding or has claimed to since, and
        `HistoryCutError` if the pending fence was lost on the way.
        """
        async with self._held(nonce):
            return await self._shortest(await self._begin(nonce, self._rules_that_hold))

    async def run(self, nonce: str) -> Rebuilt:
        """Likewise from the whole changelog, whatever Redis holds; but if that topic was made
        again, what Redis holds is kept and published into it."""
        async with self._held(nonce):
            return await self._whole(await self._begin(nonce, self._rules_that_hold))

    async def switch(self, nonce: str, at: int) -> Rebuilt:
        """Likewise, and from this claim on the rules of this process hold, whichever did before:
        all groups are worked out anew under them. `at`: when that is, microseconds.

        Once it has begun, whoever rebuilds next completes it; only a later switch can take its
        place.
        """
        async with self._held(nonce):
            return await self._whole(await self._begin(nonce, partial(self._rules_from_now_on, at)))

    @asynccontextmanager
    async def _held(self, nonce: str) -> AsyncIterator[None]:
        """Hold the pending fence; if nothing came of it, whoever tries next, this worker too,
        need not wait for its lease to run out."""
        renewing = asyncio.ensure_future(self._renewing(nonce))
        try:
            self._former.append(nonce)
            if not await self._store.begin_rebuild(nonce, self._former):
                raise UnavailableError("another worker is rebuilding the working state")
            with self._told(cut=await self._log.last_claim() is not None):
                yield
            self._former = []
        except IcustomerError:
            with suppress(RetryError):
                await self._store.abandon_rebuild(nonce)
            raise
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    @contextmanager
    def _told(self, *, cut: bool) -> Iterator[None]:
        self._observer.catch_up_began(cut=cut)
        try:
            yield
        finally:
            self._observer.catch_up_ended()

    async def _renewing(self, nonce: str) -> None:
        """Any step of a rebuild renews the fence. To begin again would take it back from whoever
        rebuilt since and opened the store."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(RetryError):
                await self._store.note(nonce, {})

    async def _begin(self, nonce: str, ruling: Ruling) -> _Begun:
        standing = await self._store.standing()
        # If the topic was made again, this forgets what was remembered of the former one.
        await self._log.changelog_end()
        highest = await self._log.highest_claim()
        known = [each.number for each in (highest, standing.epoch) if each]
        number = max(known, default=0) + 1
        active = ruling(number, highest or standing.epoch)
        claim = await self._claim(number, stamped(nonce, active))
        await self._log.initialise_all()
        await self._require_last(claim)
        return _Begun(nonce, claim, active, standing, await self._log.changelog_end())

    def _rules_that_hold(self, _number: int, before: Claim | None) -> Activation:
        check_rules(before, self.rules.fingerprint)
        return activation_of(before) or Activation(self.rules.fingerprint)

    def _rules_from_now_on(self, at: int, number: int, _before: Claim | None) -> Activation:
        return Activation(self.rules.fingerprint, number, at)

    async def _claim(self, number: int, nonce: str) -> Claim:
        claim = Claim(number, nonce)
        await self._log.write_claim(claim)
        return claim

    async def _require_last(self, claim: Claim) -> None:
        """One that is the last but not the highest landed late: what was decided since it was
        thought of, other rules too, must stand."""
        last, highest = await self._log.last_claim(), await self._log.highest_claim()
        if not last == highest == claim:
            raise UnavailableError("another worker claimed the rebuild")

    # -- the ways --------------------------------------------------------------------------

    async def _shortest(self, begun: _Begun) -> Rebuilt:
        checkpoint = begun.standing.checkpoint
        if checkpoint is None or not await self._is_prefix(begun, checkpoint):
            return await self._whole(begun)
        replayed = await self._replay.tail(begun.nonce, checkpoint.offsets, begun.in_force)
        if replayed is None:
            return await self._whole(begun)
        return await self._finish(begun, replayed, Way.TAIL)

    async def _is_prefix(self, begun: _Begun, checkpoint: Checkpoint) -> bool:
        """Whether Redis holds a prefix of the history that the log tells, and the log still
        holds all that came after the checkpoint."""
        standing, end = begun.standing, begun.end
        if standing.epoch is None or standing.age_seconds > CHECKPOINT_GOOD_SECONDS:
            return False
        if checkpoint.topic != end.topic or checkpoint.offsets.keys() != end.offsets.keys():
            return False
        if any(offset > end.offsets[number] for number, offset in checkpoint.offsets.items()):
            return False
        return await self._log.claim_before(begun.claim) == standing.epoch

    async def _whole(self, begun: _Begun) -> Rebuilt:
        if _made_again(begun):
            return await self._onto_all(begun)
        await self._store.wipe(begun.nonce)
        begun = await self._above(begun, await self._replay.stage(begun.nonce))
        replayed = await self._replay.whole(begun.nonce, begun.in_force)
        return await self._finish(begun, replayed, Way.WHOLE)

    async def _onto_all(self, begun: _Begun) -> Rebuilt:
        await self._store.strip(begun.nonce)
        begun = await self._above(begun, await self._replay.stage(begun.nonce))
        replayed = await self._replay.onto_all(begun.nonce, begun.in_force)
        return await self._finish(begun, replayed, Way.LOG_MADE_AGAIN)

    async def _above(self, begun: _Begun, highest_epoch: int) -> _Begun:
        """The rebuild under a claim above all epochs that were read. It is below one only where
        the claims between were compacted away, and the last had landed late."""
        number, active = highest_epoch + 1, begun.active
        if begun.claim.number >= number:
            return begun
        if active.since == begun.claim.number:
            active = replace(active, since=number)
        claim = await self._claim(number, stamped(begun.nonce, active))
        return replace(begun, claim=claim, active=active)

    async def _finish(self, begun: _Begun, replayed: Replayed, way: Way) -> Rebuilt:
        await self._require_last(begun.claim)
        await self._store.finish_rebuild(begun.nonce, begun.claim, begun.end)
        return Rebuilt(way, replayed.groups, replayed.converted)


def _made_again(begun: _Begun) -> bool:
    checkpoint = begun.standing.checkpoint
    if checkpoint is None or not (checkpoint.topic and begun.end.topic):
        return False
    return checkpoint.topic != begun.end.topic
