"""`icustomer send`: publish a file of events to an input topic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from icustomer.commands.clients import kafka_producer
from icustomer.commands.event_files import Line, faults, read_lines, record_key
from icustomer.commands.output import people_console, print_json, tell
from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError
from icustomer.settings import Settings
from icustomer.stream.failures import translated
from icustomer.stream.topics import topic_name

AT_ONCE = 500
"""Records under way before their acknowledgements are awaited."""
SEND_SECONDS = 60.0
"""For these many records and their acknowledgements: a broker's restart takes less."""
FAULTS_TOLD = 10
"""Faulty lines that are told one by one; of the others only how many there are."""


async def send(settings: Settings, path: Path, topic: Topic, *, as_json: bool) -> None:
    """Send every line as it stands, and tell how many were acknowledged."""
    total = sum(1 for _ in read_lines(path))
    async with kafka_producer(settings) as producer:
        with _progress(total) as progress:
            task = progress.add_task("sending", total=total)
            name = topic_name(settings.topic_prefix, topic)
            for lines in _in_chunks(read_lines(path)):
                await _send_all(producer, name, lines)
                progress.advance(task, len(lines))
    if as_json:
        print_json({"sent": total})
    else:
        people_console().print(f"{total:,} events sent to {name}", markup=False)


def require_valid(path: Path, topic: Topic) -> None:
    """Tell the lines that would become dead letters; OperatorError if there are any."""
    count = 0
    for fault in faults(path, topic):
        count += 1
        if count <= FAULTS_TOLD:
            tell(f"{path}, line {fault.number}: {fault.rejection.reason}: {fault.rejection.detail}")
    if count:
        raise OperatorError(
            f"{count:,} faulty events, so nothing was sent: mend them, or send them all the same "
            "with --no-validate (they will become dead letters)"
        )


async def _send_all(producer: AIOKafkaProducer, topic: str, lines: list[Line]) -> None:
    with translated("take the events"):
        async with asyncio.timeout(SEND_SECONDS):
            sent: list[asyncio.Future[Any]] = [
                await producer.send(topic, line.value, key=record_key(line.value)) for line in lines
            ]
            await asyncio.gather(*sent)


def _in_chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk


def _progress(total: int) -> Progress:
    """A bar on standard error, where somebody looks on."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=total <= AT_ONCE or not console.is_terminal,
    )
