"""Batches as spans: what they tell, what they link to, and when there are any."""

from __future__ import annotations

import builtins
import threading
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.errors import OperatorError, SettingsError, UnavailableError
from icustomer.observer import Report, Span, Stage
from icustomer.ops import spans
from icustomer.ops.spans import MAX_LINKS, SpanObserver
from icustomer.ops.tracing import Exporter, tracing_observer, wanted_exporters
from icustomer.settings import Settings
from icustomer.stream.port import InputRecord

SETTINGS = Settings(_env_file=None, consumer_group="workers", topic_prefix="shop")
OTLP = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
TRACE = "0af7651916cd43dd8448eb211c80319c"


def parent(number: int = 1, flags: str = "01", trace: str = TRACE) -> bytes:
    return f"00-{trace}-{number:016x}-{flags}".encode()


def record(*headers: tuple[str, bytes | None], topic: Topic = Topic.ORDERS) -> InputRecord:
    return InputRecord(topic, 0, 0, 0, b"maria@example.org", b"{}", headers)


@pytest.fixture
def traced():
    # The SDK's own limit is out of the way: it is the observer's that counts.
    limits = SpanLimits(max_links=10 * MAX_LINKS)
    provider = TracerProvider(shutdown_on_exit=False, span_limits=limits)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observer = SpanObserver(provider, SETTINGS)
    return SimpleNamespace(observer=observer, told=exporter.get_finished_spans)


def batch_span(traced: Any, *records: InputRecord) -> Any:
    traced.observer.batch_done(Report(records, started=10, acknowledged=20))
    return traced.told()[-1]


def test_a_batch_is_a_trace_with_a_span_for_each_passage_through_a_stage(traced):
    stages = [
        Span(Stage.DECODE, 11, 12),
        Span(Stage.LOAD, 12, 13),
        Span(Stage.LOAD, 14, 15),
        Span(Stage.PUBLISH, 15, 19),
        Span(Stage.SETTLE, 20, 25),
    ]
    report = Report([record()], started=10, acknowledged=20, spans=stages)
    traced.observer.batch_done(report)
    *children, batch = traced.told()
    assert (batch.name, batch.kind, batch.parent) == ("icustomer batch", SpanKind.CONSUMER, None)
    assert (batch.start_time, batch.end_time) == (10, 25)
    assert [(each.name, each.start_time, each.end_time) for each in children] == [
        ("icustomer decode", 11, 12),
        ("icustomer load", 12, 13),
        ("icustomer load", 14, 15),
        ("icustomer publish", 15, 19),
        ("icustomer settle", 20, 25),
    ]
    assert {each.parent.span_id for each in children} == {batch.context.span_id}
    assert {each.context.trace_id for each in children} == {batch.context.trace_id}


def test_a_batch_ends_with_its_acknowledgement_if_nothing_comes_after(traced):
    assert batch_span(traced, record()).end_time == 20


def test_attributes_tell_counts_in_the_words_of_the_conventions(traced):
    outcomes = Counter(
        {
            (Topic.ORDERS, Outcome.CREATED): 2,
            (Topic.SIGNUPS, Outcome.CREATED): 1,
            (Topic.ORDERS, Outcome.DUPLICATE): 4,
        }
    )
    records = [record(), record(topic=Topic.SIGNUPS)]
    report = Report(records, outcomes, started=10, acknowledged=20, conflicts=3, tries=2)
    traced.observer.batch_done(report)
    (batch,) = traced.told()
    assert dict(batch.attributes) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.batch.message_count": 2,
        "messaging.consumer.group.name": "workers",
        "icustomer.outcomes.created": 3,
        "icustomer.outcomes.duplicate": 4,
        "icustomer.tries": 2,
        "icustomer.conflicts": 3,
        "icustomer.trace_contexts": 0,
    }


def test_the_topic_is_told_if_all_events_came_from_one(traced):
    batch = batch_span(traced, record(), record())
    assert batch.attributes["messaging.destination.name"] == "shop.orders"


def test_a_batch_links_to_each_trace_context_of_its_events_once(traced):
    batch = batch_span(
        traced,
        record(("traceparent", parent(1)), ("tracestate", b"vendor=value")),
        record(("traceparent", parent(1))),
        record(),
        record(("TraceParent", parent(2))),
    )
    assert [(f"{link.context.trace_id:032x}", link.context.span_id) for link in batch.links] == [
        (TRACE, 1),
        (TRACE, 2),
    ]
    assert batch.links[0].context.trace_state.to_header() == "vendor=value"
    assert all(link.context.is_remote for link in batch.links)
    assert f"{batch.context.trace_id:032x}" != TRACE


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff",
        parent(trace="0" * 32),
        parent(0),
        parent().upper(),
        parent() + b"-more",
        parent(flags="00"),
    ],
)
def test_what_is_no_sampled_context_is_not_linked(traced, value):
    assert batch_span(traced, record(("traceparent", value))).links == ()


def test_a_context_of_a_later_version_is_linked(traced):
    later = b"cc" + parent(7)[2:] + b"-more"
    (link,) = batch_span(traced, record(("traceparent", later))).links
    assert link.context.span_id == 7


def test_links_are_bounded_and_the_contexts_counted(traced):
    records = [record(("traceparent", parent(n))) for n in range(1, MAX_LINKS + 73)]
    batch = batch_span(traced, *records)
    assert len(batch.links) == MAX_LINKS
    assert batch.attributes["icustomer.trace_contexts"] == MAX_LINKS + 72


def test_nothing_of_a_record_but_its_trace_context_is_told(traced):
    headers = (("customer", b"maria@example.org"), ("traceparent", parent()))
    assert "maria" not in batch_span(traced, record(*headers)).to_json()


def test_a_disturbance_is_an_error_in_our_own_words(traced):
    traced.observer.disturbed(UnavailableError("Redis is away, maria@example.org"), 0.5)
    (span,) = traced.told()
    assert (span.name, span.status.status_code) == ("icustomer disturbance", StatusCode.ERROR)
    assert span.status.description.startswith("Redis is away")
    assert dict(span.attributes) == {
        "error.type": "UnavailableError",
        "icustomer.retry_seconds": 0.5,
    }
    assert "maria" not in span.to_json()


def test_a_foreign_error_is_not_quoted(traced):
    traced.observer.disturbed(ValueError("maria@example.org is no number"), 0.5)
    assert "no number" not in traced.told()[0].to_json()


def test_what_ends_a_worker_is_an_error(traced):
    traced.observer.fatal(OperatorError("the topic is gone"))
    (span,) = traced.told()
    assert span.status.description == "the topic is gone"


def test_a_catch_up_is_a_span_from_its_beginning_to_its_end(traced):
    before = time.time_ns()
    traced.observer.catch_up_began(cut=True)
    between = time.time_ns()
    traced.observer.catch_up_ended()
    traced.observer.catch_up_ended()
    (span,) = traced.told()
    assert before <= span.start_time <= between <= span.end_time
    assert dict(span.attributes) == {"icustomer.cut": True}


class Hanging(SpanExporter):
    """A collector that answers nobody, until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def export(self, spans: Any) -> SpanExportResult:  # noqa: ARG002 - nothing comes of them
        self.let_go.wait()
        return SpanExportResult.FAILURE


def test_closing_sends_what_is_left(monkeypatch):
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(spans, "_opened", lambda _: exporter)
    observer = spans.open_observer(SETTINGS, {Exporter.CONSOLE})
    observer.batch_done(Report([record()], started=10, acknowledged=20))
    observer.close()
    (batch,) = exporter.get_finished_spans()
    assert batch.resource.attributes["service.name"] == "icustomer"
    assert batch.resource.attributes["icustomer.space"] == "default"


def test_closing_does_not_wait_for_a_collector_that_hangs(monkeypatch):
    exporter = Hanging()
    monkeypatch.setattr(spans, "_opened", lambda _: exporter)
    monkeypatch.setattr(spans, "FLUSH_SECONDS", 0.05)
    observer = spans.open_observer(SETTINGS, {Exporter.CONSOLE})
    observer.batch_done(Report([record()], started=10, acknowledged=20))
    began = time.monotonic()
    observer.close()
    assert time.monotonic() - began < 5
    exporter.let_go.set()


def test_the_service_can_be_named_by_the_environment(monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "identity")
    observer = spans.open_observer(SETTINGS, set())
    assert observer._provider.resource.attributes["service.name"] == "identity"


@pytest.mark.parametrize(
    ("environment", "exporters"),
    [
        ({}, set()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, set()),
        (OTLP, {"otlp"}),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, {"otlp"}),
        ({"OTEL_TRACES_EXPORTER": "console"}, {"console"}),
        ({"OTEL_TRACES_EXPORTER": "otlp, console"}, {"console", "otlp"}),
        (OTLP | {"OTEL_TRACES_EXPORTER": "none"}, set()),
        (OTLP | {"OTEL_TRACES_EXPORTER": "console"}, {"console"}),
        (OTLP | {"OTEL_SDK_DISABLED": "true"}, set()),
        (OTLP | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, {"otlp"}),
    ],
)
def test_the_standard_variables_decide(environment, exporters):
    assert set(wanted_exporters(environment)[0]) == exporters


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        (OTLP | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        (
            OTLP
            | {
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            },
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        ),
    ],
)
def test_what_cannot_be_is_told_by_its_variable(environment, named):
    with pytest.raises(SettingsError, match=f"^{named} must be"):
        tracing_observer(SETTINGS, environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [("OTEL_BSP_SCHEDULE_DELAY", "0"), ("OTEL_SPAN_LINK_COUNT_LIMIT", "many")],
)
def test_a_value_that_the_sdk_refuses_is_told_in_one_line(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"^one of the OTEL_") as told:
        tracing_observer(SETTINGS, OTLP)
    assert value not in str(told.value).split()


def test_nobody_traces_unless_asked():
    assert tracing_observer(SETTINGS, {}) is None


def test_opentelemetry_that_is_not_installed_is_told_with_the_remedy(monkeypatch):
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "icustomer.ops.spans":
            raise ModuleNotFoundError("no", name="opentelemetry.sdk")
        return imported(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingsError) as told:
        tracing_observer(SETTINGS, OTLP)
    assert str(told.value).startswith("OTEL_EXPORTER_OTLP_ENDPOINT ")
    assert "icustomer[tracing]" in str(told.value)
