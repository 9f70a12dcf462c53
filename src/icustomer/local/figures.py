"""What the demonstration found, as plain values."""

from __future__ import annotations

from msgspec import Struct

from icustomer.evaluation.pairs import Pairs
from icustomer.local.story import Story


class DemoFigures(Struct, frozen=True):
    """Everything that the final report prints."""

    seed: int
    events: int
    people: int
    """People of whom the events tell."""
    seconds: float
    """From the first output to the last of the events that were sent at full speed."""
    fast_events: int
    """Events that were sent at full speed."""
    steady_rate: float
    """Events a second in the second part, when delays were measured."""
    delay_p50: float | None
    delay_p99: float | None
    """Seconds from sending an event to reading the profile that tells of it."""
    outcomes: dict[str, int]
    dead_letters: dict[str, int]
    """By reason."""
    customers: int
    """With status active."""
    guests: int
    changes: dict[str, int]
    """Identity changes by type."""
    pairs: Pairs
    plain: Pairs
    """The same of plain connected components."""
    story: Story | None
    redis_origin: str

    @property
    def events_per_second(self) -> float:
        return self.fast_events / self.seconds if self.seconds else 0.0
