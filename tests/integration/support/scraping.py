"""What a worker, or the parent of several, answers over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from integration.support.program import Worker, wait_until

OPENMETRICS = {"accept": "application/openmetrics-text; version=1.0.0"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""(sample name, labels) to value."""


class Site:
    """The address of a worker, as its log tells it."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        wait_until(lambda: worker.said("serving") or worker.ended(), "an address in the log")
        (line,) = worker.told("serving")
        self.url = f"http://{line['server']}:{line['port']}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, timeout=10)

    def live(self) -> bool:
        return self.get("/health/live").status_code == 200

    def reasons(self) -> list[str]:
        """Why it is not ready."""
        answer = self.get("/health/ready")
        found: dict[str, Any] = answer.json()
        assert (answer.status_code == 200) == (found["reasons"] == [])
        return list(found["reasons"])

    def wait_ready(self) -> None:
        wait_until(lambda: not self.reasons(), f"ready at {self.url}")

    def wait_for(self, *reasons: str) -> None:
        wait_until(lambda: set(reasons) & set(self.reasons()), f"one of {reasons} at {self.url}")

    def samples(self) -> Samples:
        families = text_string_to_metric_families(self.get("/metrics", **OPENMETRICS).text)
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        return self.samples()[name, frozenset(labels.items())]

    def total(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for (found, _), value in self.samples().items() if found == name)
