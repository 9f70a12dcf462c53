"""Guests whose time is over, found and let go a portion at a time, by whichever worker looks.

What the time is, the records tell: as long as anything is unread, it is no later than that;
once all is read, as late as the latest that was. So neither a worker's clock nor its pace
decides whose history joins whose. docs/explanation/guests.md argues it.
"""

from __future__ import annotations

from collections.abc import Sequence

from icustomer.core.guests import EVERYBODY_STAYS, Guests
from icustomer.observer import Observer
from icustomer.outbox import Outbox
from icustomer.prepare import Prepare
from icustomer.store.port import Session, Store
from icustomer.stream.port import InputRecord, Log

SWEPT_AT_ONCE = 200
"""Groups of one portion: each costs as much as an event that changes one."""
MICROSECONDS = 1_000
"""In a millisecond, the unit of Kafka timestamps."""


class NoKeeping:
    """Nobody's time is ever over."""

    @property
    def guests(self) -> Guests:
        """By what a batch in hand is judged."""
        return EVERYBODY_STAYS

    def saw(self, records: Sequence[InputRecord]) -> None:
        """A batch is in hand."""

    async def begin(self, session: Session) -> None:
        """Once a session: learn how late it is before anything is applied."""

    async def sweep(self, session: Session) -> bool:
        """Let a portion of those go whose time is over; whether there may be more."""
        del session
        return False


class GuestKeeping(NoKeeping):
    """Looks after the record clock and those whose time it ends."""

    def __init__(
        self,
        store: Store,
        log: Log,
        prepare: Prepare,
        outbox: Outbox,
        retention: int,
        observer: Observer | None = None,
    ) -> None:
        """`retention`: microseconds after the last act. `observer`: told who goes; nobody, if
        there is none."""
        self._store = store
        self._log = log
        self._prepare = prepare
        self._outbox = outbox
        self._retention = retention
        self._observer = observer or Observer()
        self._clock = 0
        self._read = 0
        """Greatest timestamp that this worker had in hand, microseconds."""
        self._session: Session | None = None
        """Under which the clock was asked for."""

    @property
    def guests(self) -> Guests:
        return Guests(self._retention, self._clock)

    def saw(self, records: Sequence[InputRecord]) -> None:
        latest = max((record.timestamp for record in records), default=0)
        self._read = max(self._read, latest * MICROSECONDS)

    async def begin(self, session: Session) -> None:
        if session is not self._session:
            self._clock = await self._store.raise_clock(session, 0)
            self._session = session

    async def sweep(self, session: Session) -> bool:
        """See above. The log is only asked how late it is if somebody's time may be over."""
        if not await self._due(max(self._read, self._clock), 1):
            return False
        unread = await self._log.unread_since()
        told = self._read if unread is None else unread * MICROSECONDS
        self._clock = await self._store.raise_clock(session, told)
        due = await self._due(self._clock, SWEPT_AT_ONCE)
        if due:
            await self._let_go(session, due)
        return len(due) == SWEPT_AT_ONCE

    async def _due(self, clock: int, limit: int) -> list[bytes]:
        return await self._store.waiting(clock - self._retention, limit)

    async def _let_go(self, session: Session, group_ids: Sequence[bytes]) -> None:
        """What others moved meanwhile stays for the next look."""
        blobs = await self._store.read(group_ids)
        epoch = session.fence.claim.number
        prepared = self._prepare.expired(epoch, blobs, self.guests)
        writing = {number: each.write for number, each in enumerate(prepared) if each.write}
        committed = await self._store.commit(session, list(writing.values()))
        done = [
            prepared[number] for number, stands in zip(writing, committed, strict=True) if stands
        ]
        gone = sum(each.guests_expired for each in done)
        if gone:
            self._observer.guests_expired(gone)
        await self._outbox.flush(session)
