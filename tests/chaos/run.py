"""One run: faults under load, then quiet, then the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chaos.crew import pause
from chaos.faults import strike
from chaos.recovery import Incident, Recovery, is_recovered, recovery_of
from chaos.scenario import Fault, Scenario
from chaos.stage import Stage, staged
from chaos.verdict import Verdict, judge
from integration.support.program import wait_until

PATIENCE_SECONDS = 180.0
"""For recovery from one fault; then the run says that there was none, and goes on."""
BETWEEN = (0.5, 3.0)
"""Seconds of peace after a recovery."""
AFTER_BURST = (0.05, 0.6)
"""Seconds from the sending of a burst to the fault: in the middle of it."""
OVERLAPPING = (0.1, 2.0)
"""Seconds from the end of a fault to the next where they overlap."""
QUIET_SECONDS = 300.0
"""For everything to be done once the faults are over."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    scenario: Scenario
    seconds: float
    recoveries: list[Recovery]
    verdict: Verdict


def play(scenario: Scenario, faults: Iterable[Fault], say: Say, minutes: float = 0.0) -> Outcome:
    """Run all the faults, or, of endless ones, those for which there is time."""
    say(f"seed {scenario.seed}")
    began = time.monotonic()
    with staged(scenario) as stage:
        say(f"ready after {time.monotonic() - began:.0f} s: {scenario.workers} workers")
        started = time.monotonic()
        incidents = _trouble(stage, faults, say, started, minutes)
        problems = _quiet(stage, incidents, say)
        recoveries = [recovery_of(each, started, stage.prober, stage.lag) for each in incidents]
        verdict = judge(stage, problems)
        for line in verdict.lines():
            say(line)
        return Outcome(scenario, time.monotonic() - began, recoveries, verdict)


def _trouble(
    stage: Stage, faults: Iterable[Fault], say: Say, started: float, minutes: float
) -> list[Incident]:
    incidents: list[Incident] = []
    overlapping = False
    for fault in faults:
        now = time.monotonic()
        if minutes and now - started > minutes * 60:
            break
        incident = _incident(stage, fault, overlapping)
        incidents.append(incident)
        overlapping = stage.random.random() < stage.scenario.overlap_share
        if overlapping:
            incident.overlapped = True
            pause(stage.random.uniform(*OVERLAPPING))
        else:
            _recover(stage, incident)
        say(_told(stage, incident, started))
    return incidents


def _incident(stage: Stage, fault: Fault, overlapped: bool) -> Incident:  # noqa: FBT001 - a fact, no mode
    stage.traffic.burst(stage.scenario.burst)
    pause(stage.random.uniform(*AFTER_BURST))
    began = time.monotonic()
    strike(fault, stage)
    return Incident(fault, began, time.monotonic(), overlapped)


def _recover(stage: Stage, incident: Incident) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_recovered(incident, stage.prober, stage.lag):
        stage.crew.tend()
        if time.monotonic() > end:
            incident.recovered = False
            return
        pause(0.1)
    pause(stage.random.uniform(*BETWEEN))


def _told(stage: Stage, incident: Incident, started: float) -> str:
    what = f"{incident.began - started:7.1f} s  {incident.fault:<42}"
    if incident.overlapped:
        return f"{what} overlaps with the next or the last"
    figures = recovery_of(incident, started, stage.prober, stage.lag)
    if figures.visible is None:
        return f"{what} NO RECOVERY within {PATIENCE_SECONDS:.0f} s"
    return (
        f"{what} lasted {figures.lasted:5.1f} s, all visible {figures.visible:5.1f} s later, "
        f"longest wait {figures.longest_wait:5.1f} s "
        f"in {figures.stood_still} of {figures.partitions}"
    )


def _quiet(stage: Stage, incidents: Iterable[Incident], say: Say) -> list[str]:
    """Send the rest, wait until all is done and settled, and stop the workers; what was wrong."""
    problems = [f"no recovery from: {each.fault}" for each in incidents if not each.recovered]
    stage.traffic.finish()
    stage.prober.finish()
    sent = time.monotonic()
    say(f"all of {stage.traffic.sent} events and {stage.prober.sent} probes sent")
    try:
        wait_until(lambda: _is_quiet(stage, sent), "lag 0 and an empty outbox", QUIET_SECONDS)
    except AssertionError as error:
        problems.append(f"not quiet: {error}")
    stage.lag.stop()
    stage.prober.stop()
    stage.crew.stop()
    return problems


def _is_quiet(stage: Stage, since: float) -> bool:
    """Whether a look that began after the last event was sent finds nothing left to do."""
    stage.crew.tend()
    looks = stage.lag.looks
    return bool(looks) and looks[-1].at > since and looks[-1].lag == 0 and stage.unsettled() == 0
