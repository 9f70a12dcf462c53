"""Paths, status codes and documents of the HTTP server, and its address."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest

from icustomer.errors import OperatorError
from icustomer.ops.exposition import Crew, Figures
from icustomer.ops.http import Condition, listening, make_app, serving
from icustomer.ops.metrics_lag import Lag
from icustomer.ops.metrics_snapshot import beginning
from icustomer.settings import Settings


class Told:
    """A service that says what the test wants."""

    def __init__(self, dead=(), unready=(), workers=None):
        self._dead = Condition(dead, workers or {})
        self._unready = Condition(unready, workers or {})

    def live(self):
        return self._dead

    def ready(self):
        return self._unready

    def figures(self):
        return Figures(beginning(), not self._unready.reasons, Lag((), 0.0), Crew())


async def get(service, path, method="GET", **headers):
    transport = httpx.ASGITransport(make_app(service, "crm"), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_without_reasons_the_answer_is_yes(path):
    answer = await get(Told(), path)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "reasons": []}


async def test_reasons_are_told_with_503():
    service = Told(dead=["no_progress"], unready=["starting", "redis_unavailable"])
    live, ready = await get(service, "/health/live"), await get(service, "/health/ready")
    assert (live.status_code, ready.status_code) == (503, 503)
    assert live.json() == {"status": "unavailable", "reasons": ["no_progress"]}
    assert ready.json()["reasons"] == ["starting", "redis_unavailable"]


async def test_a_parent_tells_of_each_worker():
    answer = await get(
        Told(unready=["starting"], workers={"1": [], "2": ["starting"]}), "/health/ready"
    )
    assert answer.json()["workers"] == {"1": [], "2": ["starting"]}


async def test_metrics_are_told_in_the_format_that_is_asked_for():
    text = await get(Told(), "/metrics")
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "icustomer_ready 1.0" in text.text
    asked = await get(Told(), "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert asked.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked.text.endswith("# EOF\n")


@pytest.mark.parametrize("path", ["/", "/metrics/", "/health", "/health/live/", "/v1/customers"])
async def test_every_other_path_is_not_found_and_not_redirected(path):
    answer = await get(Told(), path)
    assert answer.status_code == 404
    assert answer.json() == {"error": "not_found"}


async def test_other_methods_are_refused_and_head_is_not():
    refused = await get(Told(), "/metrics", "POST")
    assert (refused.status_code, refused.json()) == (405, {"error": "method_not_allowed"})
    assert (await get(Told(), "/health/live", "HEAD")).status_code == 200


async def test_a_fault_of_ours_is_told_without_its_text():
    class Broken(Told):
        def figures(self):
            raise ValueError("secret")

    answer = await get(Broken(), "/metrics")
    assert (answer.status_code, answer.json()) == (500, {"error": "internal_error"})


def settings(port):
    return Settings(_env_file=None, http_port=port)


async def test_it_serves_at_a_free_port_and_leaves_signals_to_the_process():
    before = signal.getsignal(signal.SIGTERM)
    async with serving(Told(), settings(0)) as (host, port), httpx.AsyncClient() as client:
        answer = await client.get(f"http://{host}:{port}/health/live")
        assert answer.status_code == 200
        assert signal.getsignal(signal.SIGTERM) is before
        assert "server" not in answer.headers
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection(host, port)


async def test_a_port_in_use_is_one_line_that_names_the_setting():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OperatorError, match="ICUSTOMER_HTTP_PORT") as told:
            async with serving(Told(), settings(port)):
                pass
    assert "\n" not in str(told.value)


def test_a_host_that_is_not_ours_is_one_line_that_names_the_setting():
    with (
        pytest.raises(OperatorError, match="ICUSTOMER_HTTP_HOST"),
        listening("192.0.2.1", 0),
    ):
        pass


def test_ipv6_is_served_too():
    try:
        with listening("::1", 0) as listener:
            assert listener.family is socket.AF_INET6
    except OperatorError:
        pytest.skip("no IPv6 on this machine")
