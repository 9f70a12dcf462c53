"""Trouble that brings bugs to light: each plan presses on certain steps. Where a rebuild mends
what a bug spoiled, few strikes come."""

from __future__ import annotations

from dataclasses import replace

from simulation.faults import DAY_SECONDS, Fault, Plan

PLAIN = Plan(seed=0, events=80, faults=0, latency=0.05)
"""Three workers, nothing goes wrong."""
LASTING = replace(PLAIN, events=240, workers=4, latency=0.15)
"""The same for longer: groups go, and are made again."""
CROWDED = replace(
    PLAIN,
    events=100,
    call_rates={Fault.LOST_REPLY: 0.02, Fault.SLOW_CALL: 0.05},
    strikes=(Fault.REBALANCE,),
    calls_between=60,
    latency=0.15,
)
"""Batches overlap nearly always."""
MORTAL = replace(
    CROWDED,
    call_rates={Fault.LOST_REPLY: 0.01, Fault.LATE_CALL: 0.01},
    strikes=(Fault.KILL, Fault.PAUSE, Fault.FLUSH),
    calls_between=30,
    latency=0.05,
)
"""Workers die and stop, and Redis is emptied before others have taken over."""
GIVING_UP = replace(
    MORTAL,
    call_rates={Fault.REFUSED_CALL: 0.03, Fault.LOST_REPLY: 0.02},
    strikes=(Fault.ANNOUNCED_REBALANCE, Fault.COLLISION),
    aims=("load", "prepare", "publish"),
    calls_between=8,
)
"""Batches fail while a rebalance is on its way, and are left to their next owner."""
DROWSY = replace(
    PLAIN,
    events=120,
    workers=4,
    course=16 * ((Fault.PAUSE, "publish > publish"),),
    calls_between=8,
    longest_pause=9.0,
)
"""A worker dozes off again and again, with something in hand that others overtake."""
SLEEPING = replace(
    DROWSY,
    course=8 * ((Fault.PAUSE, "publish > publish"),),
    calls_between=20,
    longest_pause=100.0,
)
"""Or sleeps until others have taken over what it has in hand."""
FLUSHED = replace(
    DROWSY,
    course=4 * ((Fault.PAUSE, "publish > publish"), (Fault.FLUSH, "settle > settle")),
    patience=1_000,
)
"""And Redis is emptied before what it sent late is mended."""
ASLEEP = replace(
    PLAIN,
    course=((Fault.PAUSE, "publish > publish"), (Fault.FLUSH, "")),
    calls_between=60,
)
"""A worker sleeps in the middle of a transaction while Redis is emptied."""
FORGETFUL = replace(
    PLAIN,
    course=3 * ((Fault.FAILBACK, ""),),
    calls_between=120,
    latency=0.15,
)
"""Two servers take turns, and what each holds is old."""
LATE_START = replace(
    FORGETFUL,
    events=120,
    course=(
        (Fault.COLLISION, ""),
        (Fault.PAUSE, "initialise"),
        (Fault.FAILBACK, ""),
        (Fault.FAILBACK, "initialise"),
    ),
    calls_between=50,
    patience=1_000,
)
"""The same while a worker sleeps that is about to open a session."""
LAGGING = replace(
    PLAIN,
    course=((Fault.RESTORE, ""),),
    calls_between=200,
    latency=0.15,
)
"""Redis comes back with an older state, once."""
AT_CHECKPOINTS = replace(LAGGING, course=((Fault.RESTORE, "_raise_checkpoint"),), latency=0.05)
"""The same while a checkpoint is on its way."""
HALF_READ = replace(LAGGING, call_rates={Fault.REFUSED_CALL: 0.06}, latency=0.05)
"""Rebuilders come to nothing halfway through what came after the checkpoint."""
OLD = replace(
    PLAIN,
    events=160,
    course=((Fault.COMPACTION, ""), (Fault.RESTORE, "")),
    calls_between=8,
    nights=1,
    calm_days=1,
    night_seconds=(15 * DAY_SECONDS, 16 * DAY_SECONDS),
    lagging=0.0,
)
"""Weeks pass, the log is compacted, and Redis comes back with a state of before."""
DISPLACED = replace(
    PLAIN,
    course=((Fault.FLUSH, ""), (Fault.PAUSE, "wipe")),
    calls_between=100,
    patience=1_000,
)
"""A rebuilder sleeps until others have rebuilt in its place."""
