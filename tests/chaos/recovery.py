"""How long it took until all was well again after a fault, told by the stopwatches."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chaos.lag import LagWatch
from chaos.probes import Prober
from chaos.scenario import Fault

STOOD_STILL_SECONDS = 3.0
"""A partition whose event waited longer than this for its profile did stand still; without a
fault it waits for a tenth of a second, behind a burst for a second or two."""

LEAST_WATCHED_SECONDS = 1.2
"""Two rounds of probes: where nothing was sent when the fault struck, lag 0 says nothing."""


@dataclass
class Incident:
    """A fault as it happened; seconds of `time.monotonic`."""

    fault: Fault
    began: float
    ended: float
    overlapped: bool
    """Another fault struck before or while this one was recovered from: no figures of it."""
    recovered: bool = True


@dataclass(frozen=True)
class Recovery:
    """Seconds of one fault. `None`: not seen by the end of the run."""

    fault: str
    at: float
    """From the beginning of the run."""
    lasted: float
    first_profile: float | None
    """From the end of the fault to the first profile committed after it, of any partition."""
    visible: float | None
    """From the end to the moment when a subscriber had all that was sent during fault and
    backlog."""
    caught_up: float | None
    """From the end to lag 0 for all that had been sent by the end."""
    caught_up_from_beginning: float | None
    longest_wait: float
    """The longest that an event which was sent during the fault or its recovery waited for its
    profile: what was unavailable, for so long."""
    stood_still: int
    """Partitions of the probed input of which an event waited for longer than 3 s."""
    partitions: int
    overlapped: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            name: round(value, 2) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def is_recovered(incident: Incident, prober: Prober, lag: LagWatch) -> bool:
    return _visible_at(incident, prober, lag) is not None


def recovery_of(incident: Incident, started: float, prober: Prober, lag: LagWatch) -> Recovery:
    """The figures of an incident, for which the stopwatches must have run on for a while."""
    began, ended = incident.began, incident.ended
    caught_up = lag.caught_up_at(ended)
    waits = _waits(incident, prober, caught_up or ended)
    return Recovery(
        fault=incident.fault,
        at=began - started,
        lasted=ended - began,
        first_profile=_after(ended, _first(at for at in prober.profiles if at >= ended)),
        visible=_after(ended, _visible_at(incident, prober, lag)),
        caught_up=_after(ended, caught_up),
        caught_up_from_beginning=_after(began, caught_up),
        longest_wait=max((wait for longest in waits for wait in longest), default=0.0),
        stood_still=sum(max(each, default=0.0) > STOOD_STILL_SECONDS for each in waits),
        partitions=prober.partitions,
        overlapped=incident.overlapped,
    )


def _waits(incident: Incident, prober: Prober, until: float) -> list[Sequence[float]]:
    """For each partition how long the events waited that were sent meanwhile."""
    waits: list[list[float]] = [[] for _ in range(prober.partitions)]
    for probe in prober.probes():
        if incident.began <= probe.sent_at <= until and probe.seen_at is not None:
            waits[probe.partition].append(probe.seen_at - probe.sent_at)
    return list(waits)


def _visible_at(incident: Incident, prober: Prober, lag: LagWatch) -> float | None:
    """When a subscriber had the profiles of all that was sent from the beginning of the fault
    until its backlog was gone. It may be long after lag 0: a transaction that a dead worker left
    open keeps back what others publish in the same partitions."""
    caught_up = lag.caught_up_at(incident.ended)
    if caught_up is None:
        return None
    until = max(caught_up, incident.ended + LEAST_WATCHED_SECONDS)
    if time.monotonic() < until:
        return None
    sent = [probe for probe in prober.probes() if incident.began <= probe.sent_at <= until]
    seen = [probe.seen_at for probe in sent if probe.seen_at is not None]
    return max([caught_up, *seen]) if len(seen) == len(sent) else None


def _first(moments: Iterable[float]) -> float | None:
    return next(iter(moments), None)


def _after(start: float, moment: float | None) -> float | None:
    return None if moment is None else moment - start
