"""Reports of batches, as a worker makes them."""

from __future__ import annotations

from collections import Counter

from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.observer import Report, Span, Stage
from icustomer.stream.port import InputRecord

ACKNOWLEDGED = 1_800_000_000_000_000_000
"""Nanoseconds since the epoch."""
NOW = ACKNOWLEDGED // 1_000_000


def record(age_seconds, topic=Topic.ORDERS, offset=0):
    return InputRecord(topic, 0, offset, NOW - round(age_seconds * 1_000), None, b"{}", ())


def report(ages=(0.02, 0.2), **changed):
    made = Report([record(age) for age in ages], acknowledged=ACKNOWLEDGED, **changed)
    made.spans.append(Span(Stage.COMMIT, ACKNOWLEDGED - 7_000_000, ACKNOWLEDGED))
    return made


def full_report():
    """One of each thing that a report can count."""
    return report(
        outcomes=Counter({(Topic.ORDERS, Outcome.CREATED): 1, (Topic.SIGNUPS, "dead_lettered"): 1}),
        dead_letters=Counter({(Topic.SIGNUPS, "not_json"): 1}),
        duplicates=Counter({"too_old": 2}),
        rejected=Counter({("email", "email_syntax"): 3}),
        clock_clamped=4,
        conflicts=5,
    )
