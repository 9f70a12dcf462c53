"""A worker's batches as OpenTelemetry spans: the only module that knows OpenTelemetry.

A batch is a trace of its own, for it has many causes: it links to the traces of its events.
Names and attributes follow the semantic conventions for messaging
(https://opentelemetry.io/docs/specs/semconv/messaging/) where those have a word. No span tells
of persons: there are counts, states, and the names of topics.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from threading import Thread
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import (
    Link,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from icustomer import __version__
from icustomer.errors import IcustomerError, OperatorError, SettingsError
from icustomer.observer import Observer, Report
from icustomer.ops.scrubbing import scrub
from icustomer.ops.tracing import Exporter
from icustomer.settings import Settings
from icustomer.stream.port import InputRecord
from icustomer.stream.topics import topic_name
from icustomer.stream.trace import TRACEPARENT, passed_on

MAX_LINKS = 128
"""Of a batch: as many as the SDK keeps of a span by default. A batch may hold 10,000 events."""

FLUSH_SECONDS = 3.0
"""For the last spans at the end: traces must not hold a worker up, and it has 30 s in all."""

FLAGS = slice(53, 55)
"""Where a `traceparent` of any version has its flags (W3C Trace Context, section 3.2.2)."""

_PROPAGATOR = TraceContextTextMapPropagator()
_ROOT = Context()
"""Spans of a batch belong to no span that may be current somewhere in the process."""


def open_observer(settings: Settings, exporters: Collection[Exporter]) -> SpanObserver:
    """An observer whose spans go to these exporters, which read the other OTEL_ variables.

    `SettingsError` if one of those has no possible value.
    """
    try:
        provider = TracerProvider(resource=_resource(settings), shutdown_on_exit=False)
        for exporter in sorted(exporters):
            provider.add_span_processor(BatchSpanProcessor(_opened(exporter)))
    except ValueError:
        raise SettingsError(
            "one of the OTEL_... variables is impossible: OTEL_BSP_... and OTEL_SPAN_..._LIMIT "
            "are whole numbers"
        ) from None
    return SpanObserver(provider, settings)


def _opened(exporter: Exporter) -> SpanExporter:
    return OTLPSpanExporter() if exporter is Exporter.OTLP else ConsoleSpanExporter()


def _resource(settings: Settings) -> Resource:
    """Who speaks; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word."""
    ours = {
        "service.name": "icustomer",
        "service.version": __version__,
        "service.instance.id": str(uuid4()),
        "icustomer.space": settings.space,
    }
    return Resource.create({**ours, **OTELResourceDetector().detect().attributes})


class SpanObserver(Observer):
    """Makes a span of each batch with one for each stage, of each disturbance, and of each
    rebuild of the working state."""

    def __init__(self, provider: TracerProvider, settings: Settings) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("icustomer", __version__)
        self._settings = settings
        self._catch_up: tuple[int, bool] | None = None

    def batch_done(self, report: Report) -> None:
        parents = sampled_parents(report.records)
        span = self._tracer.start_span(
            "icustomer batch",
            context=_ROOT,
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.consumer.group.name": self._settings.consumer_group,
                "icustomer.trace_contexts": len(parents),
                **batch_attributes(report, self._settings.topic_prefix),
            },
            links=[_link(parent) for parent in parents[:MAX_LINKS]],
            start_time=report.started,
        )
        inside = set_span_in_context(span, _ROOT)
        for stage in report.spans if span.is_recording() else ():
            self._tracer.start_span(
                f"icustomer {stage.stage}", context=inside, start_time=stage.started
            ).end(stage.ended)
        # Settling comes after the acknowledgement; a batch of nothing new has none.
        span.end(max([report.started, report.acknowledged, *(each.ended for each in report.spans)]))

    def disturbed(self, error: Exception, pause: float) -> None:
        self._failed("icustomer disturbance", error, {"icustomer.retry_seconds": pause})

    def fatal(self, error: OperatorError) -> None:
        self._failed("icustomer end", error, {})

    def catch_up_began(self, *, cut: bool) -> None:
        self._catch_up = time.time_ns(), cut

    def catch_up_ended(self) -> None:
        if self._catch_up is not None:
            began, cut = self._catch_up
            self._catch_up = None
            self._tracer.start_span(
                "icustomer catch-up",
                context=_ROOT,
                attributes={"icustomer.cut": cut},
                start_time=began,
            ).end()

    def close(self) -> None:
        """Send what is left, for a bounded time: a collector that is away must not keep us."""
        # A daemon, because the SDK's own limit is 30 s, and an exporter may take longer.
        sending = Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(FLUSH_SECONDS)

    def _failed(
        self, name: str, error: Exception, attributes: Mapping[str, AttributeValue]
    ) -> None:
        """A moment at which something failed. Only our own errors are quoted: nobody knows
        what a library puts into the text of its."""
        kind = type(error).__name__
        span = self._tracer.start_span(
            name, context=_ROOT, attributes={"error.type": kind, **attributes}
        )
        quoted = scrub(str(error)) if isinstance(error, IcustomerError) else kind
        span.set_status(Status(StatusCode.ERROR, quoted))
        span.end()


def batch_attributes(report: Report, prefix: str) -> dict[str, AttributeValue]:
    """What a batch held and came to, in figures. `prefix`: TOPIC_PREFIX."""
    topics = {record.topic for record in report.records}
    outcomes: Counter[str] = Counter()
    for (_, outcome), count in report.outcomes.items():
        outcomes[str(outcome)] += count
    attributes: dict[str, AttributeValue] = {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.batch.message_count": len(report.records),
        "icustomer.tries": report.tries,
        "icustomer.conflicts": report.conflicts,
        **{f"icustomer.outcomes.{outcome}": count for outcome, count in outcomes.items()},
    }
    if len(topics) == 1:
        attributes["messaging.destination.name"] = topic_name(prefix, topics.pop())
    return attributes


def sampled_parents(records: Sequence[InputRecord]) -> list[Mapping[str, str]]:
    """The distinct trace contexts of records, as headers, in their order; those that were not
    sampled left out, for a link to them leads nowhere."""
    parents: dict[bytes | None, Mapping[str, str]] = {}
    for record in records:
        headers = passed_on(record.headers)
        # The first is the parent: hexadecimal flags at its end, the lowest bit "sampled".
        if headers and headers[0][1] not in parents:
            told = {name: (value or b"").decode() for name, value in headers}
            if int(told[TRACEPARENT][FLAGS], 16) & TraceFlags.SAMPLED:
                parents[headers[0][1]] = told
    return list(parents.values())


def _link(parent: Mapping[str, str]) -> Link:
    return Link(get_current_span(_PROPAGATOR.extract(parent, _ROOT)).get_span_context())
