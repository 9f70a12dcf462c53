"""What `icustomer lag` shows, and how a watch goes on and ends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from icustomer.commands.lag import _page, _print_line, _until_interrupted, _watch, duration
from icustomer.errors import OperatorError, UnavailableError
from icustomer.ops.lag import PartitionLag

LATE = PartitionLag("customer.orders", 3, 120, 20, 95, 3_725.5)
NEVER = PartitionLag("customer.support", 0, 7, None, 5, 2.25)


class Reader:
    """Answers in turn; then it waits for ever."""

    def __init__(self, *answers: list[PartitionLag] | Exception) -> None:
        self.answers = list(answers)
        self.exhausted = asyncio.Event()

    async def read(self) -> list[PartitionLag]:
        if not self.answers:
            self.exhausted.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0 s"),
        (0.04, "0.0 s"),
        (2.25, "2.2 s"),
        (10.4, "10 s"),
        (60.0, "1 min"),
        (65.0, "1 min 5 s"),
        (3_600.0, "1 h"),
        (3_725.5, "1 h 2 min"),
        (90_061.0, "1 d 1 h"),
        (86_460.0, "1 d"),
    ],
)
def test_durations_are_told_in_two_units(seconds, told):
    assert duration(seconds) == told


def test_the_page_tells_every_partition_and_above_them_the_total():
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(_page([LATE, NEVER]))
    rows = [line.split("  ") for line in console.export_text().splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells[1:] == [
        ["total", "100", "1 h 2 min"],
        ["customer.orders", "3", "120", "20", "95", "1 h 2 min"],
        ["customer.support", "0", "7", "never", "5", "2.2 s"],
    ]


def test_the_json_line_has_exactly_the_promised_fields(capsys):
    _print_line([NEVER])
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == [
        {
            "topic": "customer.support",
            "partition": 0,
            "end": 7,
            "committed": None,
            "lag_records": 5,
            "lag_seconds": 2.25,
        }
    ]


async def test_a_watch_goes_on_when_kafka_is_away_for_a_while_and_says_so(capsys):
    reader = Reader([LATE], UnavailableError("Kafka is away"), [NEVER])
    shown: list[list[PartitionLag]] = []
    watching = asyncio.ensure_future(_watch(reader, 0.0, shown.append))
    await reader.exhausted.wait()
    watching.cancel()
    assert shown == [[LATE], [NEVER]]
    assert capsys.readouterr().err == "Kafka is away\n"


@pytest.mark.parametrize("error", [UnavailableError("away"), OperatorError("no topics")])
async def test_a_watch_that_cannot_begin_ends(error):
    with pytest.raises(type(error)):
        await _watch(Reader(error), 0.0, lambda _: None)


async def test_a_mistake_ends_a_watch():
    with pytest.raises(OperatorError):
        await _watch(Reader([LATE], OperatorError("no topics")), 0.0, lambda _: None)


async def test_ctrl_c_ends_a_watch_without_an_error():
    reader = Reader([LATE])
    watching = asyncio.ensure_future(_until_interrupted(_watch(reader, 0.0, lambda _: None)))
    await reader.exhausted.wait()
    os.kill(os.getpid(), signal.SIGINT)
    await watching


async def test_an_error_in_a_watch_is_not_taken_for_its_end():
    with pytest.raises(OperatorError):
        await _until_interrupted(_watch(Reader(OperatorError("no topics")), 0.0, lambda _: None))


def test_whoever_reads_may_leave_first():
    program = (
        "from icustomer.commands.lag import _pipe_may_close, _print_line\n"
        "with _pipe_may_close():\n"
        "    while True: _print_line([])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "[]\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 0
