"""The account of the faults that came: of which kind, and what the worker was at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from simulation.faults import CALLS, Fault
from simulation.places import Chain, Place, all_places


class Phase(StrEnum):
    """What a worker is at."""

    BEGIN = "begin"
    """Offsets are sent ahead."""
    LOAD = "load"
    COMMIT = "commit"
    PREPARE = "prepare"
    """The closure of the outbox is read, strays are entered."""
    PUBLISH = "publish"
    SETTLE = "settle"
    LEASE = "lease"
    """A slot is leased and initialised, a lease prolonged or given back."""
    FENCE = "fence"
    """Claim and fence are read, entries moved to the new session."""
    CLAIM = "claim"
    """A rebuild is begun, claimed or given up."""
    SLOTS = "slots"
    """All slots are initialised."""
    READ = "read"
    """The changelog is read."""
    WRITE = "write"
    """The rebuilt state is written."""
    SWEEP = "sweep"
    TEND = "tend"
    PAUSE = "pause"
    """Between two tries, or while another step of the same worker ends."""


PHASES: dict[str, Phase] = {
    "begin": Phase.BEGIN,
    "load": Phase.LOAD,
    "index": Phase.LOAD,
    "commit": Phase.COMMIT,
    "prepare": Phase.PREPARE,
    "publish": Phase.PUBLISH,
    "settle": Phase.SETTLE,
    "lease_slot": Phase.LEASE,
    "initialise": Phase.LEASE,
    "release": Phase.LEASE,
    "renew": Phase.LEASE,
    "last_claim": Phase.FENCE,
    "highest_claim": Phase.FENCE,
    "read_fence": Phase.FENCE,
    "enter": Phase.FENCE,
    "changelog_end": Phase.TEND,
    "raise_checkpoint": Phase.TEND,
    "begin_rebuild": Phase.CLAIM,
    "abandon_rebuild": Phase.CLAIM,
    "write_claim": Phase.CLAIM,
    "claim_before": Phase.CLAIM,
    "standing": Phase.CLAIM,
    "initialise_all": Phase.SLOTS,
    "changelog": Phase.READ,
    "_portions": Phase.READ,
    "records": Phase.READ,
    "wipe": Phase.WRITE,
    "strip": Phase.WRITE,
    "stage": Phase.WRITE,
    "note": Phase.WRITE,
    "staged": Phase.WRITE,
    "read": Phase.WRITE,
    "detach": Phase.WRITE,
    "restore": Phase.WRITE,
    "finish_rebuild": Phase.WRITE,
    "abandoned": Phase.SWEEP,
    "lapsed": Phase.SWEEP,
    "fence_slot": Phase.SWEEP,
    "adopt": Phase.SWEEP,
    "backlog": Phase.TEND,
    "sleep": Phase.PAUSE,
    "_one_at_a_time": Phase.PAUSE,
    "isolate": Phase.PAUSE,
    "renewing": Phase.PAUSE,
}
"""By what the innermost await waits for."""


TRIED_ELSEWHERE: tuple[tuple[str, str, str], ...] = (
    # Nobody else runs in a worker before its start is over: it never waits.
    ("worker", "start", "_one_at_a_time"),
    # Records at which the code itself fails have tests of their own.
    ("worker", "_work_out", "isolate"),
    # What an operator asks for, and the answer to a changelog that was made again.
    ("rebuild", "run", ""),
    ("rebuild", "_whole", "_onto_all"),
    ("rebuild", "_onto_all", ""),
    ("rebuild", "_above", "_claim"),
    ("replay", "onto_all", ""),
    # A switch of rules is struck at each of its calls in turn (tests/unit/activation).
    ("rebuild", "switch", ""),
    ("replay", "_bring", "_convert"),
    ("replay", "_convert", ""),
    ("changeover", "", ""),
    ("pace", "", ""),
    # Contradictions that publishing groups together makes impossible, or next to that.
    ("replay", "_lead_to", "groups"),
    ("replay", "_write", "groups"),
    ("separate", "", ""),
)
"""Module, function and what is awaited ("": any) of awaits that no seed need reach."""


def may_stay_away(place: Place) -> bool:
    """Whether a crash there is tried by other tests, if at all."""
    told = (place.module, place.function, place.awaited)
    return any(
        all(one in {"", other} for one, other in zip(each, told, strict=True))
        for each in TRIED_ELSEWHERE
    )


def phase_of(chain: Chain) -> Phase | None:
    """None: outside of the worker's own steps."""
    phase = PHASES.get(chain[0].awaited) if chain else None
    if phase in {Phase.FENCE, Phase.TEND} and chain[0].of_rebuild:
        return Phase.CLAIM
    return phase


@dataclass
class Coverage:
    """Faults by kind and phase, and crashes by await."""

    faults: Counter[Fault] = field(default_factory=Counter)
    cells: Counter[tuple[Fault, Phase]] = field(default_factory=Counter)
    crashes: Counter[Place] = field(default_factory=Counter)
    """Every await that a killed worker was in, those around it too."""
    stale_batches: int = 0
    """Batches that were completed by one who owned their partitions no more."""

    def count(self, fault: Fault, chain: Chain) -> None:
        """A fault that befell a worker there."""
        self.faults[fault] += 1
        phase = phase_of(chain)
        if phase is not None:
            self.cells[fault, phase] += 1
        if fault is Fault.KILL:
            self.crashes.update(chain)

    def add(self, other: Coverage) -> None:
        """Another seed's."""
        self.faults += other.faults
        self.cells += other.cells
        self.crashes += other.crashes
        self.stale_batches += other.stale_batches

    def gaps(self) -> list[str]:
        """Which faults never came about at all, or never at some step."""
        crossed = [(fault, phase) for fault in Fault for phase in Phase if possible(fault, phase)]
        return [
            *(f"no {fault}" for fault in Fault if not self.faults[fault]),
            *(f"no {one} at {other}" for one, other in crossed if not self.cells[one, other]),
            *(["no batch of a stale owner"] if not self.stale_batches else []),
        ]

    def spared(self) -> list[Place]:
        """Where nobody died, though somebody might have: some are reached once in many hundred
        seeds."""
        return [
            place for place in all_places() if not self.crashes[place] and not may_stay_away(place)
        ]

    def table(self) -> str:
        """Faults by phase, crashes by await: for people."""
        width = max(len(fault) for fault in Fault)
        lines = [" " * width + "".join(f" {phase:>7}" for phase in Phase) + "     all"]
        for fault in Fault:
            row = "".join(f" {self.cells[fault, phase]:>7}" for phase in Phase)
            lines.append(f"{fault:<{width}}{row} {self.faults[fault]:>7}")
        lines.append("crashes by await:")
        lines += [f"{self.crashes[place]:>7}  {place}" for place in all_places()]
        return "\n".join(lines)


def possible(fault: Fault, phase: Phase) -> bool:
    """A pause between two tries sends no request that could fail."""
    return phase is not Phase.PAUSE or fault not in CALLS
