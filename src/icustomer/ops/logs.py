"""Sets up logging: one line an event, JSON or console, with nothing personal in it.

Our own lines come by structlog, those of libraries by the standard `logging`. Both end in one
handler, and both pass the same scrubbing on their way.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from icustomer.ops.scrubbing import foreign_message, safe_fields
from icustomer.setting_values import LogFormat, LogLevel

OWN = "icustomer"
LIBRARY_LEVEL = logging.WARNING
"""Libraries speak from here on, whatever the level: below it they log requests byte for byte,
records included, and a line or two for each batch."""

OUTSPOKEN = ("faststream",)
"""Libraries that bring a handler of their own, past ours and its scrubbing. They set it up when
they are imported: import them before `configure_logging` is called."""

REPETITIVE = ("aiokafka",)
"""Libraries that write a line for each of a hundred tries a second while a server is away."""
REPEATED_SECONDS = 5.0
"""Between two lines from the same place of such a library."""


class _Sparing(logging.Filter):
    """Lets one line pass from each place of a repetitive library within a few seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, int], float] = {}
        """File and line, to the time of the last line that passed."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in REPETITIVE:
            return True
        place = record.pathname, record.lineno
        if record.created - self._passed.get(place, 0.0) < REPEATED_SECONDS:
            return False
        self._passed[place] = record.created
        return True


def configure_logging(
    log_format: LogFormat = LogFormat.AUTO,
    level: LogLevel = LogLevel.INFO,
    stream: TextIO | None = None,
) -> None:
    """Send all log lines to `stream` (standard error if None). Calling it again replaces all."""
    target = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    handler.addFilter(_Sparing())
    handler.setFormatter(_formatter(_renderer(log_format, target)))
    own_level = logging.getLevelNamesMapping()[level.upper()]
    logging.root.handlers = [handler]
    logging.root.setLevel(max(own_level, LIBRARY_LEVEL))
    logging.getLogger(OWN).setLevel(own_level)
    logging.captureWarnings(capture=True)
    for name in OUTSPOKEN:
        _let_root_speak_for(logging.getLogger(name))
    _use_structlog()


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by module name; usable before logging is set up."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _let_root_speak_for(library: logging.Logger) -> None:
    library.handlers = []
    library.propagate = True
    library.setLevel(logging.NOTSET)


def _use_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _formatter(renderer: Processor) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_tell_foreign],
        processors=[
            _tell_exception,
            _keep_safe,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _put_first,
            renderer,
        ],
        use_get_message=False,
        pass_foreign_args=True,
    )


def _renderer(log_format: LogFormat, stream: TextIO) -> Processor:
    chosen = log_format
    if chosen is LogFormat.AUTO:
        chosen = LogFormat.CONSOLE if stream.isatty() else LogFormat.JSON
    if chosen is LogFormat.JSON:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=stream.isatty())


def _tell_foreign(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A library's line: its message made safe, and none of its own fields."""
    record: logging.LogRecord = event["_record"]
    arguments = event.get("positional_args") or ()
    known = arguments if isinstance(arguments, tuple) else (arguments,)
    return {
        "event": foreign_message(str(record.msg), known),
        "exc_info": event.get("exc_info"),
        "_record": record,
    }


def _tell_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into a description, and name the logger."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog", None)
    told = event.pop("exc_info", None)
    found = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(found, BaseException):
        event["failure"] = found
    event["logger"] = record.name
    return event


def _keep_safe(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return safe_fields(event)


def _put_first(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """What readers look for first, first."""
    return {name: event[name] for name in ("timestamp", "level", "event")} | dict(event)
