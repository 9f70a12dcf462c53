"""Under what a worker writes: a slot, a fresh nonce, and a fence that it may believe in.

The order is what makes it safe: first the producer is initialised, then the last claim is
read, then the fence; a worker goes on only under a fence that names exactly that claim.
See docs/explanation/protocol.md.
"""

from __future__ import annotations

from collections.abc import Callable

from icustomer.activation import check_rules
from icustomer.errors import FencedError, HistoryCutError, UnavailableError, WrongKeyError
from icustomer.observer import Observer
from icustomer.rebuild import Rebuild, Way
from icustomer.store.port import Claim, Fence, Session, Store
from icustomer.stream.port import Log

DISAGREEMENTS_ALLOWED = 5
"""Looks at a fence that names another claim than the last one before that is taken for a cut:
the two are read one after the other, and a rebuild may have ended in between."""
CHECKPOINT_EVERY = 10
"""Renewals of the lease between two raisings of the checkpoint: half a minute of a worker's
life. What was written meanwhile is what a catch-up has to read."""
MADE_AGAIN = (
    "the changelog topic is another one than before: what Redis holds is published into it anew"
)


class Sessions:
    """Opens a session, and another one whenever the last came to nothing."""

    def __init__(
        self,
        store: Store,
        log: Log,
        rebuild: Rebuild,
        nonces: Callable[[], str],
        fingerprint: str,
        observer: Observer,
        *,
        checkpoint_every: int = CHECKPOINT_EVERY,
    ) -> None:
        self._store = store
        self._log = log
        self._rebuild = rebuild
        self._nonces = nonces
        self._fingerprint = fingerprint
        self._observer = observer
        self._lease: tuple[int, str] | None = None
        """Slot and nonce of the last lease that this worker took."""
        self._kept: tuple[int, str] | None = None
        """The lease of the former session, until its entries are moved: without one, others
        would take them over."""
        self._disagreements = 0
        self._checkpoint_every = checkpoint_every
        self._renewals = 0
        self._former: list[str] = []
        """Nonces under which entries of this worker may still stand."""
        self._avoid: list[int] = []
        """Slots from which this worker was fenced: somebody else is there."""
        self.current: Session | None = None

    async def ready(self) -> Session:
        """The session, opened if there is none. Raises `UnavailableError` until it can be."""
        if self.current is None:
            # A rebuild ends what was opened before it, and leaves a state to open anew.
            self.current = await self._open() or await self._open()
        if self.current is None:
            raise UnavailableError("the working state was rebuilt, and is not what the log says")
        return self.current

    def drop(self, error: Exception) -> None:
        """The session came to nothing; its entries will be moved to the next."""
        if isinstance(error, FencedError) and self._lease:
            self._avoid = [self._lease[0]]
        if self.current:
            self._kept, self._lease = self._lease, None
        self.current = None

    async def renew(self) -> None:
        """Prolong the lease; a session whose slot is another's by now is dropped."""
        session = self.current
        if session and not await self._store.renew(session.slot, session.nonce):
            self.drop(FencedError("the lease of the slot ran out"))
        self._renewals += 1
        if self.current and self._renewals % self._checkpoint_every == 0:
            await self._raise_checkpoint(self.current)

    async def _raise_checkpoint(self, session: Session) -> None:
        """What stands in the log was in this Redis before it was sent, so all of it is here,
        unless the fence, which the store compares, says that this is another one."""
        end = await self._log.changelog_end()
        if not await self._store.raise_checkpoint(session, end):
            self.drop(UnavailableError(MADE_AGAIN))

    async def close(self) -> None:
        """Give the slot back, so that others need not wait for the lease to run out."""
        self.current = None
        await self._give_back()

    async def _open(self) -> Session | None:
        """None: the working state had to be rebuilt, and was."""
        nonce = self._nonces()
        slot = await self._lease_slot(nonce)
        self._former.append(nonce)
        await self._log.initialise(slot)
        fence = await self._believable_fence()
        if fence is None:
            return None
        session = Session(slot, nonce, fence)
        try:
            await self._store.enter(session, [each for each in self._former if each != nonce])
        except HistoryCutError as error:
            raise UnavailableError("the fence moved while the session was opened") from error
        self._former = [nonce]
        self._avoid = []
        await self._release_kept()
        return session

    async def _lease_slot(self, nonce: str) -> int:
        """Lease a slot for a session to come. The lease of an attempt that came to nothing is
        given back first; that of the former session only if no other slot is free."""
        if self._lease:
            await self._store.release(*self._lease)
            self._lease = None
        try:
            slot = await self._store.lease_slot(nonce, self._avoid)
        except UnavailableError:
            await self._give_back()
            raise
        self._lease = (slot, nonce)
        return slot

    async def _give_back(self) -> None:
        """The worker holds no slot any more."""
        await self._release_kept()
        if self._lease:
            await self._store.release(*self._lease)
            self._lease = None

    async def _release_kept(self) -> None:
        if self._kept:
            await self._store.release(*self._kept)
            self._kept = None

    async def _believable_fence(self) -> Fence | None:
        """The fence, if it names the last claim; None: the state was rebuilt instead. Raises
        `UnavailableError` while somebody else may be at that."""
        claim = await self._log.last_claim()
        check_key(claim, self._fingerprint)
        check_rules(await self._log.highest_claim(), self._rebuild.rules.fingerprint)
        fence = await self._store.read_fence()
        if fence and fence.claim == claim:
            self._disagreements = 0
            return fence
        if fence:
            self._disagreements += 1
            if self._disagreements < DISAGREEMENTS_ALLOWED:
                raise UnavailableError("fence and last claim disagree: somebody may be rebuilding")
        self._disagreements = 0
        await self._recover()
        return None

    async def _recover(self) -> None:
        """Rebuild the working state, unless somebody else is at it."""
        nonce = self._nonces()
        self._former.append(nonce)
        rebuilt = await self._rebuild.catch_up(nonce)
        if rebuilt.way is Way.LOG_MADE_AGAIN:
            self._observer.disturbed(UnavailableError(MADE_AGAIN), 0)


def check_key(claim: Claim | None, fingerprint: str) -> None:
    """Nonces begin with the fingerprint of the key that their space was made with."""
    if claim and not claim.nonce.startswith(f"{fingerprint}."):
        raise WrongKeyError(
            "ICUSTOMER_SECRET_KEY is not the key that this space was made with: "
            "set the former key, or another ICUSTOMER_SPACE and ICUSTOMER_TOPIC_PREFIX"
        )
