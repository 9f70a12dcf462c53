"""The demonstration from start to end, with a stand-in for the worker's program."""

import asyncio
import sys
from pathlib import Path

import pytest
from rich.console import Console

from icustomer.errors import OperatorError
from icustomer.local.demo import DemoOptions, run_demo
from icustomer.local.worker import WorkerLog, WorkerProcess

FAKE_WORKER = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))
EVENTS = 1_000


def quiet_console(tmp_path):
    return Console(width=80, record=True, file=(tmp_path / "screen").open("w"))


def test_every_event_sent_is_accounted_for_and_measured(tmp_path):
    console = quiet_console(tmp_path)
    figures = run_demo(DemoOptions(events=EVENTS, command=FAKE_WORKER), console)
    console.file.close()
    assert sum(figures.outcomes.values()) == figures.events == EVENTS
    assert figures.outcomes["dead_lettered"] == figures.dead_letters["not_json"] > 0
    assert figures.fast_events == EVENTS - 50
    assert 0 < figures.delay_p50 <= figures.delay_p99 < 60
    assert figures.events_per_second > 0
    # The stand-in keeps no state, so everyone was missed.
    assert (figures.customers, figures.pairs.true_pairs) == (0, 0)
    assert figures.plain.true_pairs > 0
    assert "How right that is" in console.export_text()


def test_a_worker_that_ends_stops_the_demonstration_with_its_last_words(tmp_path):
    console = quiet_console(tmp_path)
    command = (sys.executable, "-c", "print('no such luck'); raise SystemExit(3)")
    with pytest.raises(OperatorError, match="exit code 3: no such luck"):
        run_demo(DemoOptions(events=EVENTS, command=command), console)
    console.file.close()


def test_the_worker_gets_its_own_settings_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setenv("ICUSTOMER_SPACE", "somebody-else")
    code = "import os; print([n for n in os.environ if n.startswith('ICUSTOMER_')], flush=True)"
    worker = WorkerProcess({"ICUSTOMER_OWN": "1"}, tmp_path, (sys.executable, "-c", code))
    with worker, pytest.raises(OperatorError, match=r"\['ICUSTOMER_OWN'\]"):
        asyncio.run(watch_until_it_ends(worker))


async def watch_until_it_ends(worker):
    async with asyncio.timeout(20):
        while True:
            worker.check()
            await asyncio.sleep(0)


def test_the_log_is_read_on_line_by_line_whatever_stands_in_it(tmp_path):
    path = tmp_path / "worker.log"
    log = WorkerLog(path)
    path.write_bytes(
        b'starting\n{"event":"ready"}\n[1]\n\xff\n'
        b'{"event":"batch_done","outcomes":{"created":2,"merged":1},"dead_letters":{}}\n'
        b'{"event":"batch_done","outc'
    )
    log.update()
    assert (log.count(), log.outcomes["created"]) == (3, 2)
    with path.open("ab") as file:
        file.write(b'omes":{"dead_lettered":4},"dead_letters":{"invalid":4}}\nThe end\n')
    log.update()
    log.update()
    assert log.count() == 7
    assert log.dead_letters == {"invalid": 4}
    assert log.last_line == "The end"
