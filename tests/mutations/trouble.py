"""Trouble that brings bugs to light: each plan presses on certain steps."""

from __future__ import annotations

from dataclasses import replace

from simulation.faults import Fault, Plan

PLAIN = Plan(seed=0, events=80, faults=0, latency=0.05)
"""Three workers, nothing goes wrong."""
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
FORGETFUL = replace(
    MORTAL,
    call_rates={Fault.SLOW_CALL: 0.02},
    strikes=(Fault.FAILBACK,),
    calls_between=30,
    events=160,
)
"""Two servers take turns, and what each holds is old."""
LAGGING = replace(
    MORTAL,
    events=120,
    call_rates={Fault.LATE_CALL: 0.005},
    strikes=(Fault.RESTORE, Fault.PAUSE, Fault.KILL),
    calls_between=25,
)
"""Redis comes back with an older state while workers sleep with something in hand."""
OLD = replace(
    LAGGING,
    events=160,
    call_rates={},
    strikes=(Fault.RESTORE, Fault.COMPACTION, Fault.REBALANCE),
    calls_between=40,
    nights=2,
)
"""Days pass, the log is compacted, and Redis comes back with a state of last week."""
GIVING_UP = replace(
    MORTAL,
    events=120,
    call_rates={Fault.REFUSED_CALL: 0.03, Fault.LOST_REPLY: 0.02},
    strikes=(Fault.ANNOUNCED_REBALANCE, Fault.COLLISION),
    aims=("load", "prepare", "publish"),
    calls_between=8,
)
"""Batches fail while a rebalance is on its way, and are left to their next owner."""
OVERTAKEN = replace(
    MORTAL,
    events=120,
    workers=4,
    call_rates={Fault.SLOW_CALL: 0.02},
    strikes=(Fault.SLOW_CALL, Fault.PAUSE),
    aims=("publish",),
    calls_between=5,
)
"""What is sent is old by the time that it arrives."""
FLUSHED = replace(OVERTAKEN, strikes=(Fault.SLOW_CALL, Fault.PAUSE, Fault.FLUSH))
"""And Redis is emptied before what was sent late is mended."""
MOVING = replace(
    OVERTAKEN,
    strikes=(Fault.COLLISION, Fault.REBALANCE, Fault.PAUSE),
    aims=("publish", "flush"),
    call_rates={Fault.LOST_REPLY: 0.01},
    latency=0.15,
)
"""Workers change their slots with something in hand, and sleep beyond their leases."""
AT_CHECKPOINTS = replace(
    LAGGING,
    call_rates={},
    strikes=(Fault.RESTORE,),
    aims=("changelog_end", "raise_checkpoint"),
    calls_between=20,
)
"""Redis comes back with an older state while a checkpoint is on its way."""
AT_COMMITS = replace(AT_CHECKPOINTS, aims=("commit", "load"))
"""The same while a batch is committed."""
INTERRUPTED = replace(
    MORTAL,
    events=120,
    call_rates={Fault.LATE_CALL: 0.004},
    strikes=(Fault.KILL, Fault.PAUSE, Fault.FLUSH, Fault.RESTORE, Fault.LATE_CALL),
    aims=(
        "write_claim",
        "initialise_all",
        "stage",
        "restore",
        "detach",
        "finish_rebuild",
        "last_claim",
        "read_fence",
    ),
    calls_between=15,
)
"""Rebuilders die and sleep, and others take over."""
HALF_READ = replace(
    LAGGING,
    call_rates={Fault.REFUSED_CALL: 0.008},
    strikes=(Fault.RESTORE, Fault.KILL, Fault.KILL),
    aims=("read", "detach", "restore"),
    calls_between=10,
)
"""Rebuilders come to nothing halfway through what came after the checkpoint."""
