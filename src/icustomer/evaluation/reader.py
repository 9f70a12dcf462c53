"""A file of labelled events, JSON Lines or CSV, as the messages that a worker would get."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError
from icustomer.evaluation.cells import csv_rows

CSV_SUFFIXES = (".csv", ".tsv")
"""Files of these names are CSV; every other file is JSON Lines."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Labelled(Struct, frozen=True):
    """One line: the event as a message, and who it really is."""

    line: int
    """Counted from 1; in CSV the header is line 1."""
    topic: Topic
    body: dict[str, Any]
    """The event without its label, so that no rule can peep at it."""
    truth: str
    """Empty where none was asked for."""

    @property
    def value(self) -> bytes:
        """The message's bytes."""
        return msgspec.json.encode(self.body)


def read_labelled(path: Path, truth: str | None) -> Iterator[Labelled]:
    """All events of the file, in order.

    `truth` names the field of the true person, dotted for a field within an object; None: no
    event has a label. An event
    without `event_id`, `occurred_at` or `source` gets its line number, the epoch and as many
    seconds, and the file's name. Raises `OperatorError`, naming the line, for a line that is
    no object or bears no truth, and for a file that cannot be read.
    """
    rows = csv_rows(path) if path.suffix.lower() in CSV_SUFFIXES else _json_rows(path)
    try:
        for line, body in rows:
            yield _labelled(path, line, body, truth)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> OperatorError:
    """What to tell of a file that cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return OperatorError(f"{path} cannot be read: it is no UTF-8; save it as UTF-8")
    return OperatorError(f"{path} cannot be read: {error}")


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    with path.open("rb") as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                yield line, decoder.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise OperatorError(f"{path}, line {line}: no JSON object: {error}") from error


def _labelled(path: Path, line: int, body: dict[str, Any], truth: str | None) -> Labelled:
    label = "" if truth is None else _take_label(body, truth)
    if label is None:
        raise OperatorError(f"{path}, line {line}: the field {truth} of the true person is missing")
    for name in _REQUIRED:
        if body.get(name) in _NOTHING:
            body[name] = _default(name, path, line)
    return Labelled(line, _topic(body), body, label)


_REQUIRED = ("event_id", "occurred_at", "source")
_NOTHING = (None, "")


def _default(name: str, path: Path, line: int) -> str:
    if name == "event_id":
        return str(line)
    return path.name if name == "source" else (EPOCH + timedelta(seconds=line)).isoformat()


def _take_label(body: dict[str, Any], truth: str) -> str | None:
    """The label, taken out of the event; of a dotted field the whole object goes."""
    if truth in body:
        label = body.pop(truth)
    else:
        label = body.pop(truth.partition(".")[0], None)
        for name in truth.split(".")[1:]:
            label = label.get(name) if isinstance(label, dict) else None
    if label is None or isinstance(label, dict | list):
        return None
    return str(label) or None


def _topic(body: dict[str, Any]) -> Topic:
    if "order_id" in body:
        return Topic.ORDERS
    return Topic.SUPPORT if "ticket_id" in body else Topic.SIGNUPS
