"""Every metric that a worker counts: its name, labels and meaning, said once.

The page docs/reference/metrics.md is compared with it by a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import product

from msgspec import Struct

from icustomer.contracts.claims import BUILT_IN_KINDS, OTHER_KIND
from icustomer.contracts.rejection import Reason
from icustomer.contracts.topics import INPUTS, OUTPUTS
from icustomer.core.canonical import Reason as Unreadable
from icustomer.core.change import Outcome
from icustomer.observer import Stage

Labels = tuple[str, ...]
"""Values of a family's labels, in their order."""

TOPIC = "topic"
"""A label whose values are kept as short names, and told as full ones."""


def _every(*values: Iterable[str]) -> tuple[Labels, ...]:
    return tuple(tuple(map(str, each)) for each in product(*values))


class Counter(Struct, frozen=True):
    """A count that only grows."""

    name: str
    meaning: str
    labels: Labels = ()
    known: tuple[Labels, ...] = ((),)
    """Label values that stand at 0 from the start: what appears out of nothing has no rate."""


class Histogram(Struct, frozen=True):
    """A distribution over buckets."""

    name: str
    meaning: str
    bounds: tuple[float, ...]
    """Upper ends of the buckets, inclusive, rising; what is above falls into one more."""
    labels: Labels = ()
    known: tuple[Labels, ...] = ((),)


class Union(StrEnum):
    """What the gauges of several workers are together."""

    NEWEST = "newest"
    """All look at the same thing: who looked last is right."""
    GREATEST = "greatest"
    """It is so if it is so for any."""


class Gauge(Struct, frozen=True):
    """A figure as it stands; 0 before it was first read."""

    name: str
    meaning: str
    union: Union


EVENTS = Counter(
    "icustomer_events_total",
    "Events by what became of them; every event counts once.",
    (TOPIC, "outcome"),
    _every(INPUTS, Outcome),
)
DEAD_LETTERS = Counter(
    "icustomer_dead_letters_total",
    "Events that were set aside, by reason.",
    (TOPIC, "reason"),
    _every(INPUTS, Reason),
)
INTERNAL_ERRORS = Counter(
    "icustomer_internal_errors_total",
    "Records at which icustomer itself failed, whether set aside or read again.",
    (TOPIC,),
    _every(INPUTS),
)
CIRCUIT_STOPS = Counter(
    "icustomer_circuit_stops_total",
    "Times that a worker stopped because icustomer itself failed on too many records.",
)
DUPLICATES = Counter(
    "icustomer_duplicates_total",
    "Events without effect: applied before, with nothing new, or on something too old.",
    ("reason",),
    _every(("applied", "nothing_new", "too_old")),
)
REJECTED = Counter(
    "icustomer_identifiers_rejected_total",
    "Identifiers that could not be read and were left out.",
    ("kind", "reason"),
    _every(sorted({*BUILT_IN_KINDS, OTHER_KIND}), Unreadable),
)
CLAMPED = Counter(
    "icustomer_clock_clamped_total",
    "Events whose time lay so far ahead of their record's that the record's was taken.",
)
GUESTS_EXPIRED = Counter(
    "icustomer_guests_expired_total",
    "IDs of guests that were erased because their time was over.",
)
PUBLISHED = Counter(
    "icustomer_published_total",
    "Records published, by topic.",
    (TOPIC,),
    _every(OUTPUTS),
)
CONFLICTS = Counter(
    "icustomer_commit_conflicts_total",
    "Changes that were resolved again because another worker had changed what they read.",
)
FENCED = Counter(
    "icustomer_fenced_total",
    "Times that a worker lost its transactional slot to another and started over.",
)
MADE_AGAIN = Counter(
    "icustomer_input_topics_made_again_total",
    "Times that a worker found an input topic deleted and made again, and read it anew.",
    (TOPIC,),
    _every(INPUTS),
)
CUTS = Counter(
    "icustomer_redis_cuts_total",
    "Times that a worker found the history of Redis cut.",
)
COUNTERS = (
    EVENTS, DEAD_LETTERS, INTERNAL_ERRORS, CIRCUIT_STOPS, DUPLICATES, REJECTED, CLAMPED,
    GUESTS_EXPIRED, PUBLISHED, CONFLICTS, FENCED, MADE_AGAIN, CUTS,
)  # fmt: skip

STAGES = Histogram(
    "icustomer_stage_seconds",
    "Time that a batch spends in a stage, each passage for itself.",
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    ("stage",),
    _every(Stage),
)
END_TO_END = Histogram(
    "icustomer_end_to_end_seconds",
    "From an event's record timestamp to the acknowledgement of what it led to.",
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600),
)
BATCHES = Histogram(
    "icustomer_batch_records",
    "Records in a batch.",
    (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000),
)
HISTOGRAMS = (STAGES, END_TO_END, BATCHES)

OUTBOX_ENTRIES = Gauge(
    "icustomer_outbox_entries",
    "Changes committed and not yet settled, of all workers of the space.",
    Union.NEWEST,
)
OUTBOX_OLDEST = Gauge(
    "icustomer_outbox_oldest_seconds",
    "Age of the oldest change that is not settled; 0 if there is none.",
    Union.NEWEST,
)
CATCH_UP = Gauge(
    "icustomer_catch_up_active",
    "1 while the working state is rebuilt from the changelog.",
    Union.GREATEST,
)
GAUGES = (OUTBOX_ENTRIES, OUTBOX_OLDEST, CATCH_UP)
