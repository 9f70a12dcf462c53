"""Wires the servers in, and tells at the end which were used and which tests did not run.

A test that was skipped is a question without an answer. It is listed as NOT RUN, and where
`ICUSTOMER_REQUIRE_SERVERS=1` it counts as failed.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from hypothesis import settings

from servers import REQUIRED, USED, required

pytest_plugins = ["servers.redis", "servers.kafka"]

settings.register_profile("icustomer", deadline=None, derandomize=True, database=None)
settings.load_profile("icustomer")
# The same examples on every run: a check fails for what was changed, not for what was drawn.

NOT_RUN = pytest.StashKey[list[tuple[str, str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOT_RUN] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _judge(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _judge(report, collector.config)
    return report


def _judge(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    """Note a skipped test; where servers are required, fail it."""
    if not report.skipped:
        return
    reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    config.stash[NOT_RUN].append((report.nodeid, reason))
    if required():
        report.outcome = "failed"
        report.longrepr = f"NOT RUN, though {REQUIRED} is set: {reason}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.section("servers")
    for name, description in sorted(USED.items()):
        terminalreporter.line(f"{name}: {description}")
    if not USED:
        terminalreporter.line("none: every test ran within its own process")
    left_out = config.stash[NOT_RUN]
    for nodeid, reason in left_out:
        terminalreporter.line(f"NOT RUN {nodeid} ({reason})")
    if left_out:
        terminalreporter.line(f"{len(left_out)} NOT RUN")
