"""`run --workers 2` on real servers: one dies, the parent dies, all are told to stop."""

from __future__ import annotations

import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from icustomer.local.generator import generate
from integration.support.program import wait_until
from integration.support.reading import Reader, delete_topics
from integration.support.scraping import Site

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

SEED = 4
EVENTS = 600


@pytest.fixture
def program(kafka_server, redis_server, make_program):
    made = make_program(kafka_server.servers, redis_server.url, BATCH_RECORDS="50")
    yield made
    made.stop()
    delete_topics(kafka_server.servers, made.prefix)


def pids(site):
    """Process of each worker, as last started."""
    return {line["worker"]: line["pid"] for line in site.worker.told("worker_started")}


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def counters(site):
    return {
        key: value
        for key, value in site.samples().items()
        if key[0].endswith(("_total", "_bucket", "_count", "_sum"))
    }


def test_a_worker_that_is_killed_is_replaced_and_no_counter_goes_back(program, kafka_server):
    reader = Reader(kafka_server.servers, program.prefix)
    site = Site(program.start_worker("--workers", "2"))
    site.wait_ready()
    records = generate(SEED, EVENTS).records
    half = len(records) // 2
    program.send(records[:half])
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
    wait_until(lambda: site.total("icustomer_events_total") == half, "all outcomes of the half")

    before, victim = counters(site), pids(site)[2]
    os.kill(victim, signal.SIGKILL)
    site.wait_for("worker_down")
    assert site.live()
    program.send(records[half:])
    seen = [before]
    wait_until(lambda: seen.append(counters(site)) or not site.reasons(), "ready again")
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0 in the end")
    wait_until(lambda: site.total("icustomer_events_total") >= len(records), "all outcomes")
    seen.append(counters(site))
    for earlier, later in pairwise(seen):
        assert [key for key in earlier if later[key] < earlier[key]] == []
    assert pids(site)[2] != victim
    assert site.value("icustomer_worker_restarts_total") == 1
    assert site.value("icustomer_workers") == 2

    assert site.worker.terminate() == 0
    assert all(gone(pid) for pid in pids(site).values())
    assert {line["worker"] for line in site.worker.told("batch_done")} == {1, 2}
    assert {line["worker"] for line in site.worker.told("stopping") if "worker" in line} == {1, 2}


def test_an_interrupt_ends_all_in_order(program):
    site = Site(program.start_worker("--workers", "2"))
    site.wait_ready()
    site.worker.process.send_signal(signal.SIGINT)
    assert site.worker.process.wait(30) == 0
    assert all(gone(pid) for pid in pids(site).values())


def test_workers_end_when_their_parent_is_killed(program):
    site = Site(program.start_worker("--workers", "2"))
    site.wait_ready()
    site.worker.kill()
    wait_until(lambda: all(gone(pid) for pid in pids(site).values()), "the end of all workers")
    assert len(site.worker.told("stopped")) == 2


def test_what_the_operator_must_mend_ends_all_with_one_line(program):
    done = program.variant(TOPIC_PREFIX="nowhere").call("run", "--workers", "2")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("icustomer:")]
    assert "icustomer topics create" in line
    assert "Traceback" not in done.stderr


def test_a_setting_that_cannot_be_is_wrong_usage(program):
    done = program.variant(SECRET_KEY="").call("run", "--workers", "2")
    assert done.returncode == 2
    assert done.stderr.startswith("icustomer: ICUSTOMER_SECRET_KEY is missing")
