"""The alerts, checked by promtool; each is told of in docs/operations.md."""

from __future__ import annotations

import re

from servers.prometheus import promtool
from unit.deploy.deployed import OPERATIONS, PROMETHEUS, RULE_TESTS, RULES, alerts, read_yaml


def test_prometheus_takes_rules_and_configuration():
    for done in (
        promtool("check", "rules", "--lint=all", "--lint-fatal", RULES),
        promtool("check", "config", PROMETHEUS / "prometheus.yml"),
    ):
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should_and_only_then():
    done = promtool("test", "rules", *RULE_TESTS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_firing_and_not_firing():
    seen = {
        (check["alertname"], bool(check["exp_alerts"]))
        for path in RULE_TESTS
        for test in read_yaml(path)["tests"]
        for check in test["alert_rule_test"]
    }
    assert seen == {(rule["alert"], fires) for rule in alerts() for fires in (True, False)}


def test_every_alert_says_how_long_how_bad_and_what():
    for rule in alerts():
        assert rule["for"], rule
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule


def test_every_alert_leads_to_its_section_and_every_section_to_an_alert():
    headings = re.findall(r"^### (Icustomer\w+)$", OPERATIONS.read_text(), re.MULTILINE)
    named = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in alerts()}
    assert headings == list(named)
    for alert, url in named.items():
        assert url == f"docs/operations.md#{alert.lower()}"
