"""A stream of events about generated people, with the truth kept beside it.

The same seed and number give the same bytes on every machine and day.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

import msgspec
from msgspec import Struct

from icustomer.contracts.topics import Topic
from icustomer.local.junk import spoil
from icustomer.local.people import Census, Household
from icustomer.local.stories import HOUR_SECONDS, Draft, Storyteller

JUNK_SHARE = 0.008
REPEATED_SHARE = 0.02
"""Events that are sent twice, byte for byte."""
LATE_SHARE = 0.03
LATE_HOURS = 40.0
"""Longest delay of a late event; a system was down overnight, or for a weekend day."""
JITTER_SECONDS = 20.0
"""Delay of all others: enough to change the order of events that lie close together."""
TRUTH_FIELD = "truth_id"


class Sent(Struct, frozen=True):
    """One record to be sent, and what nobody tells the worker."""

    topic: Topic
    key: bytes
    value: bytes
    truth: str | None
    """Who it really is; None for junk."""
    household: Household
    event_id: str
    """Of a readable event; empty for junk."""


class Generated(Struct, frozen=True):
    """Records in the order in which they are to be sent."""

    seed: int
    records: list[Sent]

    @property
    def people(self) -> int:
        """People of whom at least one record tells."""
        return len({record.truth for record in self.records} - {None})


def generate(seed: int, events: int) -> Generated:
    """`events` records about people, households and mistakes that the seed decides."""
    random = Random(seed)  # noqa: S311 - the same seed must give the same world
    junk = round(events * JUNK_SHARE)
    repeated = round(events * REPEATED_SHARE)
    drafts = _drafts(random, events - junk - repeated)
    sent = [(_sending_time(random, draft), _sent(draft)) for draft in drafts]
    sent += [_repeat(random, *random.choice(sent)) for _ in range(repeated)]
    sent += [_spoilt(random, random.choice(drafts)) for _ in range(junk)]
    sent.sort(key=lambda pair: pair[0])
    return Generated(seed, [record for _, record in sent])


def _drafts(random: Random, count: int) -> list[Draft]:
    """The first `count` events, by time, in the lives of just enough people."""
    census, storyteller = Census(random), Storyteller(random)
    drafts: list[Draft] = []
    while len(drafts) < count:
        kind, members = census.household()
        for person in members:
            drafts += storyteller.life(kind, person)
    drafts.sort(key=lambda draft: draft.at)
    return drafts[:count]


def _sending_time(random: Random, draft: Draft) -> float:
    if random.random() < LATE_SHARE:
        return draft.at + random.uniform(0, LATE_HOURS * HOUR_SECONDS)
    return draft.at + random.uniform(0, JITTER_SECONDS)


def _sent(draft: Draft) -> Sent:
    return Sent(
        topic=draft.topic,
        key=draft.key.encode(),
        value=msgspec.json.encode(draft.body),
        truth=draft.truth_id,
        household=draft.household,
        event_id=draft.body["event_id"],
    )


def _repeat(random: Random, at: float, record: Sent) -> tuple[float, Sent]:
    return at + random.uniform(0, LATE_HOURS * HOUR_SECONDS), record


def _spoilt(random: Random, draft: Draft) -> tuple[float, Sent]:
    value = spoil(random, draft.body)
    record = Sent(draft.topic, draft.key.encode(), value, None, Household.JUNK, "")
    return draft.at + random.uniform(0, JITTER_SECONDS), record


def labelled_lines(records: Iterable[Sent]) -> Iterable[bytes]:
    """Each readable record as a line of JSON with its truth in the field `truth_id`."""
    for record in records:
        if record.truth is not None:
            truth = msgspec.json.encode({TRUTH_FIELD: record.truth})
            yield record.value[:-1] + b"," + truth[1:] + b"\n"


def write_labelled(records: Iterable[Sent], path: Path) -> None:
    """Write a file for `icustomer evaluate FILE --truth truth_id`."""
    with path.open("wb") as file:
        file.writelines(labelled_lines(records))
