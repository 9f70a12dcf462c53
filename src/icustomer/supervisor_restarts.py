"""When a worker process that ended is started again, and when that is of no use any more."""

from __future__ import annotations

from msgspec import Struct


class Patience(Struct, frozen=True):
    """How long a parent bears with its workers; seconds."""

    first_pause: float = 1.0
    longest_pause: float = 30.0
    """Before a start; each pause is twice the last."""
    healthy: float = 60.0
    """A worker that was ready this long ran well: what ended it is a new story."""
    deaths: int = 5
    """In a row, none of which ran well: about half a minute of trying."""
    silence: float = 15.0
    """Without a report, of which one is due each second, a worker is not live."""
    hang: float = 120.0
    """Without a report: then it is killed, and started again. Also the time to start in."""
    stop: float = 29.0
    """From the signal until workers that are still there are killed: a second more than they
    allow themselves, a second less than orchestrators allow us."""


DEFAULT = Patience()


class Restarts:
    """The deaths of one worker since it last ran well."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.deaths = 0

    def after(self, ready_seconds: float) -> float | None:
        """Seconds to wait before the next start, or None: it cannot be kept alive.

        `ready_seconds`: from when it was first ready to its end, 0 if it never was.
        """
        if ready_seconds >= self._patience.healthy:
            self.deaths = 0
        self.deaths += 1
        if self.deaths >= self._patience.deaths:
            return None
        pause: float = self._patience.first_pause * 2 ** (self.deaths - 1)
        return min(pause, self._patience.longest_pause)
