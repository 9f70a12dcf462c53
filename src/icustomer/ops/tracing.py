"""Whether to trace, told by OpenTelemetry's own environment variables. Off unless asked for.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
https://opentelemetry.io/docs/specs/otel/protocol/exporter/ say what they mean.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from icustomer.errors import SettingsError
from icustomer.settings import Settings

if TYPE_CHECKING:
    from icustomer.ops.spans import SpanObserver

DISABLED = "OTEL_SDK_DISABLED"
EXPORTERS = "OTEL_TRACES_EXPORTER"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
"""The one for traces goes before the one for all."""
PROTOCOL = "http/protobuf"
"""The only one that `icustomer[tracing]` brings."""
NO_EXPORTER = "none"
PACKAGE = "opentelemetry"


class Exporter(StrEnum):
    """Where spans can go, in the words of OTEL_TRACES_EXPORTER."""

    OTLP = "otlp"
    CONSOLE = "console"


def tracing_observer(
    settings: Settings, environment: Mapping[str, str] = os.environ
) -> SpanObserver | None:
    """The observer that makes spans; None if nobody asked for any. Close it at the end.

    `SettingsError` if a variable asks for what cannot be: an unknown exporter or protocol, or
    tracing where OpenTelemetry is not installed.
    """
    exporters, cause = wanted_exporters(environment)
    if not exporters:
        return None
    try:
        # Optional: without the extra, everything but tracing works.
        from icustomer.ops.spans import open_observer  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != PACKAGE:
            raise
        raise SettingsError(
            f"{cause} asks for traces, but OpenTelemetry is not installed: "
            "pip install 'icustomer[tracing]', or remove the variable"
        ) from None
    return open_observer(settings, exporters)


def wanted_exporters(environment: Mapping[str, str]) -> tuple[Collection[Exporter], str]:
    """The exporters that the variables ask for, and the variable that does; none: off."""
    if environment.get(DISABLED, "").strip().lower() == "true":
        return (), DISABLED
    told = _first(environment, (EXPORTERS,))
    if told is None:
        endpoint = _first(environment, ENDPOINTS)
        exporters = {Exporter.OTLP} if endpoint else set[Exporter]()
        cause = endpoint or ""
    else:
        exporters, cause = _parsed(environment[told]), told
    if Exporter.OTLP in exporters:
        _check_protocol(environment)
    return exporters, cause


def _parsed(value: str) -> set[Exporter]:
    names = {name.strip().lower() for name in value.split(",")} - {NO_EXPORTER, ""}
    try:
        return {Exporter(name) for name in names}
    except ValueError:
        raise SettingsError(f"{EXPORTERS} must be otlp, console or none") from None


def _check_protocol(environment: Mapping[str, str]) -> None:
    name = _first(environment, PROTOCOLS)
    if name is not None and environment[name].strip() != PROTOCOL:
        raise SettingsError(
            f"{name} must be {PROTOCOL}: icustomer speaks no other; collectors listen for it "
            "on port 4318"
        )


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first variable that is set; an empty one is not."""
    return next((name for name in names if environment.get(name, "").strip()), None)
