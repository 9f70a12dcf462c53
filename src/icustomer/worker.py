"""One batch, start to end: decode, load, resolve, commit, publish, settle.

The order of the steps is what keeps the promises; docs/explanation/protocol.md argues each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct, field

from icustomer.circuit import Circuit
from icustomer.core.change import Outcome, Verdict
from icustomer.core.observation import Item
from icustomer.core.suppressing import portion
from icustomer.errors import HistoryCutError, OperatorError, RetryError, UnavailableError
from icustomer.guest_keeping import NoKeeping
from icustomer.intake import Batch, Intake
from icustomer.isolation import (
    Fault,
    OversizeError,
    blames_a_record,
    fault_of,
    isolate,
    rejection_of,
)
from icustomer.loading import load
from icustomer.observer import Observer, Report, Span, Stage
from icustomer.outbox import Known, Outbox
from icustomer.outcomes import completed
from icustomer.prepare import Prepare, Prepared
from icustomer.session import Sessions
from icustomer.store.port import Loaded, Published, Session, Store
from icustomer.stream.port import InputPartition, InputRecord, OutputRecord, Ownership
from icustomer.stream.records import DeadLetter, Stories
from icustomer.suppression import exchange, replacements, unfinished

CONFLICTS_ALLOWED = 20
"""Rounds of resolving again what others changed meanwhile before the batch backs off."""
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
"""Seconds between tries; each pause is twice the last."""


class GivenUpError(RetryError):
    """The batch was given up: it must be read again before anything later."""


class _Work(Struct):
    """A batch in hand over all its tries."""

    batch: Batch
    report: Report
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    """The first verdict of each item: a later try finds it applied already."""
    stories: Stories = field(default_factory=Stories)
    left_out: set[int] = field(default_factory=set)
    """Items that made a try fail: no later one has them again."""
    faults: list[Fault] = field(default_factory=list)
    """Records at which the code itself failed, undecoded ones too: the circuit counts them."""


class Worker:
    """Handles batches one at a time; between them keeps its outbox and its lease in order."""

    def __init__(  # noqa: PLR0913 - what a worker is made of, each by its name
        self,
        *,
        store: Store,
        sessions: Sessions,
        outbox: Outbox,
        intake: Intake,
        prepare: Prepare,
        letters: Callable[[DeadLetter], OutputRecord],
        observer: Observer,
        circuit: Circuit | None = None,
        guests: NoKeeping | None = None,
    ) -> None:
        """Without a circuit: one with the default share. Without `guests`: all are kept."""
        self._store = store
        self._sessions = sessions
        self._outbox = outbox
        self._intake = intake
        self._prepare = prepare
        self._letters = letters
        self._observer = observer
        self._guests = guests or NoKeeping()
        self._circuit = circuit or Circuit()
        self._one_at_a_time = asyncio.Lock()
        self.stopping = False
        """Set to end retries: the batch in hand is given up and read again by its next owner."""

    # -- a batch -------------------------------------------------------------------------

    async def handle(self, records: Sequence[InputRecord], ownership: Ownership) -> None:
        """Give every record its effect, published together with the offsets.

        Tries until it is done; raises `GivenUpError` if the partitions are wanted elsewhere or
        the worker is stopping.
        """
        async with self._one_at_a_time:
            report = Report(records, started=time.time_ns())
            self._guests.saw(records)
            with report.stage(Stage.DECODE):
                batch = self._intake.take(records)
            work = _Work(batch, report)
            self._tell_faults(work, batch.faults)
            await self._persist(lambda: self._attempt(work, ownership), ownership)
            self._circuit.passed(records, work.faults)
            self._observer.batch_done(completed(work.report, work.batch, work.verdicts))

    async def start(self) -> None:
        """Open a session, rebuilding the working state if need be, before anything is read."""
        async with self._one_at_a_time:
            await self._persist(self._tend, None)

    async def tend(self) -> bool:
        """What must be done also when no batch comes; to be called every few seconds, and at
        once if it answers that there is more to take over of those who are gone. A batch that
        waits comes first."""
        async with self._one_at_a_time:
            try:
                return await self._tend()
            except RetryError as error:
                self._disturbed(error, 0)
                return False
            except OperatorError as error:
                self._observer.fatal(error)
                raise

    async def recommit(self, offsets: Mapping[InputPartition, int], ownership: Ownership) -> None:
        """Commit offsets of what was handled before, as far as the partitions are still ours."""
        async with self._one_at_a_time:
            try:
                session = await self._sessions.ready()
                owned = ownership.owned(offsets)
                standing = {each: end for each, end in offsets.items() if each in owned}
                sent = await self._outbox.publish(session, Known(), Stories(), offsets=standing)
                if sent:
                    await self._outbox.settle(session, sent.published, Stories())
            except RetryError as error:
                self._disturbed(error, 0)

    async def close(self) -> None:
        """Give the slot back; what could not be settled is left to others."""
        try:
            await self._sessions.close()
        except RetryError as error:
            self._observer.disturbed(error, 0)

    async def _persist(
        self, step: Callable[[], Awaitable[object]], ownership: Ownership | None
    ) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await step()
            except OperatorError as error:
                self._observer.fatal(error)
                raise
            except Exception as error:  # noqa: BLE001 - a fault of ours is no reason to skip
                self._disturbed(error, pause)
            else:
                return
            if self.stopping or (ownership and ownership.revoking):
                raise GivenUpError("the batch in hand was given up")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _disturbed(self, error: Exception, pause: float) -> None:
        self._sessions.drop(error)
        self._observer.disturbed(error, pause)

    async def _attempt(self, work: _Work, ownership: Ownership) -> None:
        work.report.tries += 1
        self._circuit.check(work.report.records, work.faults)
        session = await self._sessions.ready()
        await self._guests.begin(session)
        known = Known()
        await self._outbox.begin(_offsets(work, ownership))
        await self._apply(session, work, known)
        offsets = _offsets(work, ownership)
        letters = [self._letters(letter) for letter in self._dead_letters(work)]
        published = await self._publish(session, work, known, letters, offsets)
        if published:
            with work.report.stage(Stage.SETTLE):
                await self._settle(session, published, work.stories)

    async def _publish(
        self,
        session: Session,
        work: _Work,
        known: Known,
        letters: Sequence[OutputRecord],
        offsets: Mapping[InputPartition, int],
    ) -> Published | None:
        report = work.report
        started = time.time_ns()
        sent = await self._outbox.publish(session, known, work.stories, letters, offsets)
        report.acknowledged = time.time_ns()
        if sent is None:
            return None
        begun = report.acknowledged - sent.offsets_nanoseconds
        report.spans += (
            Span(Stage.PUBLISH, started, begun),
            Span(Stage.OFFSETS, begun, report.acknowledged),
        )
        return sent.published

    async def _settle(self, session: Session, published: Published, stories: Stories) -> None:
        """The batch is done by now: what goes wrong here is mended by `tend`."""
        try:
            await self._outbox.settle(session, published, stories)
        except RetryError as error:
            self._disturbed(error, 0)

    async def _tend(self) -> bool:
        await self._sessions.renew()
        session = await self._sessions.ready()
        more = await self._outbox.sweep(session)
        await self._outbox.flush(session)
        await self._guests.begin(session)
        more = await self._guests.sweep(session) or more
        self._observer.tended(await self._store.backlog())
        return more

    # -- load, resolve, commit -----------------------------------------------------------

    async def _apply(self, session: Session, work: _Work, known: Known) -> None:
        """Commit every item; what conflicts with others' commits is resolved again."""
        pending = [each for each in range(len(work.batch.items)) if each not in work.left_out]
        in_vain = 0
        while pending:
            count = portion([work.batch.items[number] for number in pending])
            again = await self._round(session, work, pending[:count], known)
            in_vain = in_vain + 1 if len(again) == count else 0
            if in_vain == CONFLICTS_ALLOWED:
                raise UnavailableError("others keep changing what this batch reads")
            pending = again + pending[count:]

    async def _round(
        self, session: Session, work: _Work, pending: list[int], known: Known
    ) -> list[int]:
        """One round over the pending items; those that must be resolved again."""
        items = [work.batch.items[number] for number in pending]
        with work.report.stage(Stage.LOAD):
            loaded = await self._load(session, items)
        if loaded is None:
            return pending
        if others := replacements(self._prepare, items, loaded):
            return exchange(work.batch.items, work.verdicts, pending, others)
        with work.report.stage(Stage.RESOLVE):
            pending, prepared = await self._work_out(session, work, pending, loaded)
        with work.report.stage(Stage.COMMIT):
            committed = await self._commit(session, prepared)
        again: list[int] = []
        for each, done in zip(prepared, committed, strict=True):
            numbers = [pending[index] for index in each.items]
            if done:
                _remember(each, numbers, work, known)
                if each.guests_expired:
                    self._observer.guests_expired(each.guests_expired)
                again += unfinished(work.batch.items, numbers, each.verdicts)
            else:
                again += numbers
                work.report.conflicts += 1
        return sorted(again)

    async def _work_out(
        self, session: Session, work: _Work, pending: list[int], loaded: Loaded
    ) -> tuple[list[int], list[Prepared]]:
        """What the pending items come to, without those at which the code fails; those that
        are left, and their changes."""

        def attempt(numbers: Sequence[int]) -> list[Prepared]:
            items = [work.batch.items[number] for number in numbers]
            headers = [work.batch.records[number].headers for number in numbers]
            epoch, guests = session.fence.claim.number, self._guests.guests
            return self._prepare.changes(epoch, loaded, items, headers, guests)

        try:
            return pending, attempt(pending)
        except Exception as error:
            if not blames_a_record(error):
                raise
        faulty = await isolate(pending, attempt)
        self._leave_out(work, faulty)
        sound = [number for number in pending if number not in faulty]
        return sound, attempt(sound)

    def _leave_out(self, work: _Work, faulty: Mapping[int, Exception]) -> None:
        """Set the items aside; stop, before anything of it is committed, if they are too many."""
        faults = [fault_of(work.batch.records[number], faulty[number]) for number in faulty]
        for number, fault in zip(faulty, faults, strict=True):
            rejection = rejection_of(fault)
            verdict = Verdict(Outcome.DEAD_LETTERED, rejection.reason, rejection.detail)
            # What a former try committed had its effect, and is no dead letter.
            work.verdicts.setdefault(number, verdict)
            work.left_out.add(number)
        self._tell_faults(
            work, [each for each in faults if not isinstance(each.error, OversizeError)]
        )
        self._circuit.check(work.report.records, work.faults)

    def _tell_faults(self, work: _Work, faults: Sequence[Fault]) -> None:
        work.faults += faults
        for fault in faults:
            self._observer.internal_error(fault)

    async def _commit(self, session: Session, prepared: Sequence[Prepared]) -> list[bool]:
        """Whether each change stands; one that writes nothing always does."""
        writes = [each.write for each in prepared if each.write is not None]
        answers = iter(await self._store.commit(session, writes))
        return [each.write is None or next(answers) for each in prepared]

    async def _load(self, session: Session, items: Sequence[Item]) -> Loaded | None:
        """What the items touch; None if others moved it while it was read."""
        loaded = await load(self._store, items)
        if loaded.fence != session.fence.raw:
            raise HistoryCutError("the fence moved")
        return None if None in loaded.groups.values() else loaded

    def _dead_letters(self, work: _Work) -> list[DeadLetter]:
        refused = [
            self._intake.refuse(work.batch.records[number], verdict.reason, verdict.detail)
            for number, verdict in sorted(work.verdicts.items())
            if verdict.outcome is Outcome.DEAD_LETTERED
        ]
        return work.batch.dead + refused


def _offsets(work: _Work, ownership: Ownership) -> dict[InputPartition, int]:
    """Where to read on, for those partitions of the batch that are still ours. If they are
    fewer by the time of publishing than they were at the beginning, the log refuses."""
    owned = ownership.owned(work.batch.offsets)
    return {each: offset for each, offset in work.batch.offsets.items() if each in owned}


def _remember(prepared: Prepared, numbers: list[int], work: _Work, known: Known) -> None:
    """What a change that was committed did; `numbers`: its items' numbers in the batch."""
    for number, verdict in zip(numbers, prepared.verdicts, strict=True):
        work.verdicts.setdefault(number, verdict)
    known.wrote(prepared)
    work.stories.told.update(prepared.told)
