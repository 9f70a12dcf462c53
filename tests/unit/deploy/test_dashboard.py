"""The dashboard is one that Grafana can show: queries that parse, panels side by side."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

from servers.prometheus import promtool
from unit.deploy.deployed import ROOT, dashboard, panels, queries, read_yaml

PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
COLUMNS = 24
"""Of Grafana's grid."""


def test_every_query_parses(tmp_path: Path):
    rules = [
        {"record": f"query:{number}", "expr": expression}
        for number, (_, expression, _) in enumerate(queries("icustomer", 60))
    ]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_every_query_keeps_to_the_chosen_jobs():
    for title, expression, _ in queries("chosen", 60):
        metrics = re.findall(r"\bicustomer_\w+", expression)
        chosen = re.findall(r'\bicustomer_\w+\{job=~"chosen"', expression)
        assert metrics, title
        assert len(metrics) == len(chosen), (title, expression)


def test_every_query_asks_the_chosen_data_source():
    (variable,) = [
        each for each in dashboard()["templating"]["list"] if each["type"] == "datasource"
    ]
    for panel in panels():
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == f"${{{variable['name']}}}", panel["title"]


def test_panels_have_ids_of_their_own_and_do_not_overlap():
    every = dashboard()["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    for panel in every:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= COLUMNS, panel["title"]
    for one, other in combinations(every, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or above)


def test_grafana_finds_the_dashboard_where_compose_puts_it():
    (provider,) = read_yaml(PROVISIONING / "dashboards" / "icustomer.yml")["providers"]
    volumes = read_yaml(ROOT / "docker-compose.yml")["services"]["grafana"]["volumes"]
    targets = {target: source for source, target, *_ in (each.split(":") for each in volumes)}
    assert targets[provider["options"]["path"]] == "./deploy/grafana/dashboards"
    assert targets["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
