"""Nobody is named in any log line of any worker of this run, at the level of debugging."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from icustomer.contracts.topics import Topic
from icustomer.core.observation import Observation
from integration.support.program import Program, wait_until
from integration.support.reading import Plain, Reader, Record
from integration.support.redis_process import RedisProcess
from integration.support.town import BROKEN, Town, header, wait_for_lag_0

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

PERSONAL = ("email", "phone", "name", "address", "shipping_address", "birth_date")
"""Fields of events that tell of a person."""
SHORTEST = 4
"""Characters; shorter words (country codes, `Ana`) stand in words that name nobody."""
OF_NOBODY = re.compile(r"[a-z]{2}(-[a-z]{2})?|unknown")
"""Countries and languages, and what stands where people give no address."""
PORT = re.compile(r'"port": \d+')
"""Drawn by the system, and now and then somebody's postal code."""
NUMBER = re.compile(r"\+?\d[\d ()./-]{5,}\d")
WORD = re.compile(r"[^\W_]+")

_STAMPED = b'{"event_id": "w-2", "occurred_at": "2026-03-01T09:00:00Z", "source": "shop", %s}'
WRONG = (
    b'{"event_id": "w-1", "email": "leopoldine@wrong.example", "phone": "+41446681822", "na',
    b'["leopoldine@wrong.example", "Leopoldine Zwyssigner"]',
    _STAMPED % b'"email": {"Leopoldine": "Zwyssigner"}',
    b'{"event_id": "w-3", "occurred_at": "leopoldine@wrong.example", "source": "shop"}',
    _STAMPED % b'"email": "Leopoldine Zwyssigner", "phone": "call Leopoldine"',
)
"""Refused, each for another reason, and all with somebody in them."""
NAMED_IN_WRONG = ("leopoldine@wrong.example", "+41446681822", "Leopoldine", "Zwyssigner")
NAMED_IN_BROKEN = ("balthasar@broken.example", "+41446681811", "Balthasar", "Oehninger")


def test_the_runs_with_and_without_faults_name_nobody(
    town: Town, programs: list[Program], program: Program, server: RedisProcess
) -> None:
    fail_with_people_in_hand(program, server)
    known = Known(texts(programs, town))
    assert len(known.texts) > 1_000
    logs = [PORT.sub("", worker.log.read_text()) for each in programs for worker in each.workers]
    assert any('"disturbed"' in log for log in logs)
    assert any('"refused_command"' in log for log in logs)
    for log in logs:
        assert not known.named_in(log)


def fail_with_people_in_hand(program: Program, server: RedisProcess) -> None:
    """Records that are refused, and a Redis that goes while people are in hand."""
    worker = program.start_worker()
    worker.wait_ready()
    reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    program.send([Plain(Topic.SIGNUPS, b"leopoldine@wrong.example", value) for value in WRONG])
    wait_for_lag_0(program, reader)
    assert len(reader.read(Topic.DEAD_LETTERS)) == len(WRONG)
    server.kill()
    program.send([person(number) for number in range(20)])
    wait_until(lambda: worker.misses("Redis"), "a word on Redis")
    server.start()
    wait_for_lag_0(program, reader)
    assert worker.terminate() == 0


def person(number: int) -> Plain:
    letter = chr(ord("a") + number)
    value = {
        "event_id": f"p-{number}",
        "occurred_at": "2026-03-01T09:00:00Z",
        "source": "shop",
        "email": f"kunigunde{letter}@faulty.example",
        "name": {"given": f"Kunigunde{letter}", "family": f"Habertür{letter}"},
    }
    return Plain(Topic.SIGNUPS, None, json.dumps(value).encode())


def test_a_dead_letter_names_the_fault_and_not_the_value(town: Town) -> None:
    known = Known(texts([town.program], town))
    for letter in town.records[Topic.DEAD_LETTERS]:
        detail = header(letter, "icustomer-detail")
        assert detail is not None
        assert not known.named_in(detail.decode())


def test_the_search_finds_what_it_looks_for() -> None:
    known = Known(
        ["Ana.Lima@example.org", "+41 44 668 18 00", "Zürcher-Müller", "via Roma 1", "GB"]
    )
    for told in (
        "failed for ana.lima@example.org:",
        '{"error": "41446681800"}',
        "no; +41-44-668-18-00 is",
        "customer ZÜRCHER-MÜLLER,",
        "b'Via Roma 1'",
    ):
        assert known.named_in(told), told
    assert not known.named_in("batch_done 41446681801 lima@example Roma GB via")


class Known:
    """Texts about persons, to be looked for in whole words whatever their case; telephone
    numbers by their digits."""

    def __init__(self, told: Iterable[str]) -> None:
        self.texts = {
            text.strip().casefold()
            for text in told
            if len(text.strip()) >= SHORTEST and not OF_NOBODY.fullmatch(text.strip().casefold())
        }
        self._words = {text: set(WORD.findall(text)) for text in self.texts if not _number(text)}
        self._numbers = {_digits(text) for text in self.texts if _number(text)}

    def named_in(self, log: str) -> set[str]:
        """Which of the texts stand in the log."""
        text = log.casefold()
        words = set(WORD.findall(text))
        found = {
            each
            for each, needed in self._words.items()
            if needed <= words and re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)
        }
        return found | (self._numbers & {_digits(run) for run in NUMBER.findall(text)})


def _number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


def texts(programs: Iterable[Program], town: Town) -> Iterator[str]:
    """All that was sent about persons, as written and in canonical form."""
    yield from (*NAMED_IN_WRONG, *NAMED_IN_BROKEN)
    assert BROKEN in town.program.sent
    for program in programs:
        for record in program.sent:
            yield from _personal(record)
    for item in town.items:
        if isinstance(item, Observation):
            for identifier in item.identifiers:
                if identifier.kind != "account":
                    yield from (identifier.value, identifier.raw)


def _personal(record: Record) -> Iterator[str]:
    try:
        document = json.loads(record.value or b"")
    except ValueError:
        return
    if isinstance(document, dict):
        for field in PERSONAL:
            yield from _leaves(document.get(field))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
