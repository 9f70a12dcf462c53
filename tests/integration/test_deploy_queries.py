"""A real Prometheus scrapes a real worker: each query of dashboard and alerts finds its figures."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import yaml

from icustomer.local.generator import generate
from icustomer.local.servers import HOST, free_port
from integration.support.program import Program, wait_until
from integration.support.reading import Reader, delete_topics, send
from servers.prometheus import Prometheus, running_prometheus
from unit.deploy.deployed import PROMETHEUS, RULES, alerts, queries, read_yaml

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

JOB = "icustomer"
SCRAPE = "1s"
RATE_SECONDS = 60
"""Over which rates are taken: longer than the test lasts, so that none misses what happened."""
EVENTS = 300
SEED = 20_263


def configured(directory: Path, port: int) -> Path:
    """deploy/prometheus/prometheus.yml, with this worker as its target and more haste."""
    configuration = read_yaml(PROMETHEUS / "prometheus.yml")
    configuration["global"] = {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE}
    configuration["rule_files"] = [str(RULES)]
    (job,) = configuration["scrape_configs"]
    assert job["job_name"] == JOB
    del job["dns_sd_configs"]
    job["static_configs"] = [{"targets": [f"{HOST}:{port}"]}]
    path = directory / "prometheus.yml"
    path.write_text(yaml.safe_dump(configuration))
    return path


def scrapes(prometheus: Prometheus) -> float:
    found = prometheus.query(f'count_over_time(up{{job="{JOB}"}}[10m])')
    return float(found[0]["value"][1]) if found else 0.0


def wait_for_scrapes(prometheus: Prometheus) -> None:
    """Two more: the second began after this call."""
    before = scrapes(prometheus)
    wait_until(lambda: scrapes(prometheus) >= before + 2, "two scrapes")


def metrics_of(expressions: list[str]) -> set[str]:
    return {name for each in expressions for name in re.findall(r"\bicustomer_\w+", each)}


def labels_of(expression: str) -> set[str]:
    """Labels that an expression groups or selects by."""
    grouped = re.findall(r"\b(?:by|on) \(([^)]*)\)", expression)
    return {label.strip() for each in grouped for label in each.split(",")}


def send_all(program: Program, servers: str, reader: Reader, seed: int) -> None:
    send(servers, program.prefix, generate(seed, EVENTS).records)
    wait_until(lambda: reader.lag(program.prefix) == 0, "all is applied")


def test_every_query_answers_with_figures(make_program, kafka_server, redis_server, tmp_path: Path):
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    port = free_port()
    program = make_program(kafka_server.servers, redis_server.url, HTTP_PORT=str(port))
    reader = Reader(kafka_server.servers, program.prefix)
    with running_prometheus(configured(tmp_path, port), tmp_path) as prometheus:
        worker = program.start_worker()
        worker.wait_ready()
        send_all(program, kafka_server.servers, reader, SEED)
        wait_for_scrapes(prometheus)
        send_all(program, kafka_server.servers, reader, SEED + 1)
        wait_for_scrapes(prometheus)

        check_dashboard(prometheus)
        check_alerts(prometheus)
        worker.kill()
        delete_topics(kafka_server.servers, program.prefix)
        wait_until(lambda: prometheus.query('ALERTS{alertname="IcustomerTargetDown"}'), "an alert")


def check_dashboard(prometheus: Prometheus) -> None:
    for title, expression, legend in queries(JOB, RATE_SECONDS):
        found = prometheus.query(expression)
        assert found, (title, expression)
        named = set(re.findall(r"\{\{(\w+)\}\}", legend))
        for series in found:
            assert named <= series["metric"].keys(), (title, legend, series)
        values = [float(series["value"][1]) for series in found]
        assert not all(map(math.isnan, values)), (title, expression)
    moving = {
        title: max(float(series["value"][1]) for series in prometheus.query(expression))
        for title, expression, _ in queries(JOB, RATE_SECONDS)
        if "rate(" in expression
    }
    for title in ("Events by outcome", "Dead letters by reason", "Records published"):
        assert moving[title] > 0, title


def check_alerts(prometheus: Prometheus) -> None:
    """Rules are evaluated without error, on metrics and labels that exist; nothing is wrong."""
    rules = prometheus.rules()
    assert {rule["name"] for rule in rules} == {rule["alert"] for rule in alerts()}
    for rule in rules:
        assert rule["health"] == "ok", rule
        assert rule["state"] == "inactive" or rule["name"] == "IcustomerDeadLetters", rule
    for rule in alerts():
        for metric in metrics_of([rule["expr"]]):
            found = prometheus.query(metric)
            assert found, (rule["alert"], metric)
            missing = labels_of(rule["expr"]) - found[0]["metric"].keys()
            assert not missing, (rule["alert"], metric, missing)
