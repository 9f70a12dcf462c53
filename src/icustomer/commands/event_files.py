"""Reads a file of events, JSON Lines or CSV, as the records that a publisher would send."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from icustomer.contracts.decode import decode
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.evaluation.cells import csv_rows
from icustomer.evaluation.reader import CSV_SUFFIXES, unreadable


class Line(NamedTuple):
    """One event of a file."""

    number: int
    """Counted from 1; the header of a CSV file is line 1."""
    value: bytes
    """A JSON Lines file's line as it stands, so that faulty events can be sent, too."""


class Fault(NamedTuple):
    """Why a line would become a dead letter."""

    number: int
    rejection: Rejection


def read_lines(path: Path) -> Iterator[Line]:
    """All events of the file in order; OperatorError if it cannot be read."""
    is_csv = path.suffix.lower() in CSV_SUFFIXES
    try:
        yield from _csv_lines(path) if is_csv else _json_lines(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from error


def faults(path: Path, topic: Topic) -> Iterator[Fault]:
    """The lines that the contract of the topic refuses."""
    for line in read_lines(path):
        message = decode(topic, line.value)
        if isinstance(message, Rejection):
            yield Fault(line.number, message)


def record_key(value: bytes) -> bytes | None:
    """Key of the record: the first that the event has of account, e-mail and phone, or the
    customer of a command. One customer's events so stay in one partition, in order."""
    try:
        event = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    key = next(filter(None, _candidates(event)), None)
    return key.encode("utf-8", "replace") if key else None


def _candidates(event: dict[str, Any]) -> Iterator[str]:
    account = event.get("account")
    if isinstance(account, dict) and account.get("number"):
        yield f"{account.get('service')}/{account['number']}"
    customers = event.get("customer_ids")
    first = customers[0] if isinstance(customers, list) and customers else None
    for value in (event.get("email"), event.get("phone"), event.get("customer_id"), first):
        if isinstance(value, str):
            yield value.strip().lower()


def _json_lines(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                yield Line(number, text.rstrip(b"\r\n"))


def _csv_lines(path: Path) -> Iterator[Line]:
    for number, row in csv_rows(path):
        yield Line(number, json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
