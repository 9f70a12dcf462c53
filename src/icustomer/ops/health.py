"""Whether the process works and whether it can do its work, as short codes that say why not.

Two questions: *live* asks whether restarting would help, *ready* whether events are being
applied. The first answers yes while servers are away, the second does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from enum import StrEnum

from icustomer.errors import IcustomerError, OperatorError, UnavailableError
from icustomer.observer import Observer, Report
from icustomer.store.port import Backlog
from icustomer.stream.failures import RecordTooLargeError

STALL_SECONDS = 120.0
"""Without any sign of work: three times the longest wait for a single answer, and forty looks
at the lease. A rebuild is exempt: it takes as long as it takes."""


class Reason(StrEnum):
    """Why the answer is no."""

    STARTING = "starting"
    STOPPING = "stopping"
    FAILED = "failed"
    """The operator must act; the process is about to end."""
    CATCHING_UP = "catching_up"
    """The working state is rebuilt from the changelog."""
    REDIS_UNAVAILABLE = "redis_unavailable"
    KAFKA_UNAVAILABLE = "kafka_unavailable"
    RETRYING = "retrying"
    """The last try came to nothing for another reason: fenced, for example."""
    RECORD_TOO_LARGE = "record_too_large"
    """A topic refuses a record for its size; the log names topic and setting."""
    TOPICS_WRONG = "topics_wrong"
    """What is wrong is told by `icustomer topics check`."""
    CONSUMER_DEAD = "consumer_dead"
    """A task of the Kafka client, on which reading hangs, has ended."""
    NO_PROGRESS = "no_progress"
    """No batch, no look at the lease and no failed try for two minutes."""
    INPUT_STALLED = "input_stalled"
    """Records come to an assigned partition and do not arrive here."""
    NO_PARTITIONS = "no_partitions"
    """The worker has no partition although its group has fewer members than partitions."""
    WORKER_SILENT = "worker_silent"
    """A worker process has not reported for some time: its event loop hangs."""
    WORKER_DOWN = "worker_down"
    """A worker process ended and is started again."""


class _Phase(StrEnum):
    STARTING = "starting"
    WORKING = "working"
    STOPPING = "stopping"


class Health(Observer):
    """Follows the worker. `clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phase = _Phase.STARTING
        self._failed = False
        self._catching_up = False
        self._trouble: Reason | None = None
        """From the last failed try until something succeeds."""
        self._topics: Reason | None = None
        """From the last look at the topics."""
        self._sign_at = clock()
        self._consuming: Callable[[], bool] = lambda: True
        self._stand: Callable[[], str | None] = lambda: None

    # -- what the process tells -----------------------------------------------------------

    def consuming(
        self, alive: Callable[[], bool], stand: Callable[[], str | None] = lambda: None
    ) -> None:
        """Events are read from now on, while `alive` says so; `stand` tells how reading came to
        a stand all the same, in the words of a `Reason`."""
        self._phase = _Phase.WORKING
        self._consuming = alive
        self._stand = stand
        self._sign()

    def stopping(self) -> None:
        """The process was told to stop, or has to."""
        self._phase = _Phase.STOPPING

    def looked_at_topics(self, differences: Sequence[object]) -> None:
        """Kafka told of the topics; `differences` from how they should be."""
        self._topics = Reason.TOPICS_WRONG if differences else None

    def topics_unknown(self) -> None:
        """Kafka did not tell of the topics."""
        self._topics = Reason.KAFKA_UNAVAILABLE

    # -- what the worker tells ------------------------------------------------------------

    def batch_done(self, report: Report) -> None:  # noqa: ARG002 - that it is done is enough
        self._succeeded()

    def tended(self, backlog: Backlog) -> None:  # noqa: ARG002 - likewise
        self._succeeded()

    def disturbed(self, error: Exception, pause: float) -> None:  # noqa: ARG002 - whatever length
        self._trouble = away(error)
        self._sign()

    def catch_up_began(self, *, cut: bool) -> None:  # noqa: ARG002 - rebuilding takes as long
        self._catching_up = True

    def catch_up_ended(self) -> None:
        self._catching_up = False
        self._sign()

    def fatal(self, error: OperatorError) -> None:  # noqa: ARG002 - the process will say it
        self._failed = True

    def _succeeded(self) -> None:
        self._trouble = None
        self._sign()

    def _sign(self) -> None:
        self._sign_at = self._clock()

    # -- the answers ----------------------------------------------------------------------

    def unready(self) -> list[Reason]:
        """Why events are not applied at present; empty if they are."""
        phase = {_Phase.STARTING: Reason.STARTING, _Phase.STOPPING: Reason.STOPPING}
        reasons = (
            phase.get(self._phase),
            Reason.FAILED if self._failed else None,
            Reason.CATCHING_UP if self._catching_up else None,
            self._trouble,
            self._topics,
            *self.dead(),
        )
        return list(dict.fromkeys(reason for reason in reasons if reason))

    def dead(self) -> list[Reason]:
        """Why the process should be started anew; empty if it works. While it stops it counts
        as working: its stop has a limit of its own."""
        if self._phase is _Phase.STOPPING:
            return []
        found = []
        if not self._consuming():
            found.append(Reason.CONSUMER_DEAD)
        if stand := self._stand():
            found.append(Reason(stand))
        if not self._catching_up and self._clock() - self._sign_at > STALL_SECONDS:
            found.append(Reason.NO_PROGRESS)
        return found


def away(error: Exception) -> Reason:
    """What a failed try is to be laid to. The clients' adapters begin their messages with the
    name of the server that is away, and nobody else does."""
    if isinstance(error, RecordTooLargeError):
        return Reason.RECORD_TOO_LARGE
    if isinstance(error, UnavailableError):
        for name, reason in _SERVERS.items():
            if str(error).startswith(name):
                return reason
    return Reason.RETRYING


_SERVERS = {"Redis ": Reason.REDIS_UNAVAILABLE, "Kafka ": Reason.KAFKA_UNAVAILABLE}


class StuckError(IcustomerError):
    """The worker cannot go on by itself; a new process can."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__(
            f"the worker is stuck ({', '.join(reasons)}) and leaves, to be started anew"
        )
