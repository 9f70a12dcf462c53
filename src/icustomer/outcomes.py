"""What a batch is reported to have come to: exactly one outcome for each of its records."""

from __future__ import annotations

from collections.abc import Mapping

from icustomer.core.change import Outcome, Verdict
from icustomer.intake import Batch
from icustomer.observer import Report


def completed(report: Report, batch: Batch, verdicts: Mapping[int, Verdict]) -> Report:
    """The report with all that is counted. `verdicts`: by the number of the item in the batch."""
    for number, verdict in verdicts.items():
        topic = batch.records[number].topic
        report.outcomes[topic, verdict.outcome] += 1
        if verdict.outcome is Outcome.DEAD_LETTERED:
            report.dead_letters[topic, verdict.reason] += 1
        elif verdict.outcome is Outcome.DUPLICATE:
            report.duplicates[verdict.reason] += 1
    for letter in batch.dead:
        report.outcomes[letter.record.topic, Outcome.DEAD_LETTERED] += 1
        report.dead_letters[letter.record.topic, letter.reason] += 1
    report.rejected = batch.rejected
    report.clock_clamped = batch.clock_clamped
    return report
